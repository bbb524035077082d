// Where files are cut: as FORMAT.md section 9 says, for every size of file and of chunks, and the
// same whatever the pieces in which a file is read.

import CGear
import Platform
import Testing

@testable import Vault

@Suite struct ChunkerTests {
  // Under this key every place in a run of the byte 0xae is a candidate, whose second stage lies
  // between the two thresholds of a target of 2 KiB; no place in a run of zeros is.
  private static let key = SecretKey.random(SeededRandomness(50))

  private func sizes(_ minimum: Int, _ target: Int, _ maximum: Int) throws -> ChunkerParameters {
    try #require(ChunkerParameters(minimum: minimum, target: target, maximum: maximum))
  }

  private func chunker(_ minimum: Int, _ target: Int, _ maximum: Int) throws -> Chunker {
    Chunker(parameters: try sizes(minimum, target, maximum), key: Self.key)
  }

  // MARK: Vectors

  // Name, sizes, and the rule of the input.
  private static let cases = [
    ("noise", "32768 131072 524288", "stream 01 1500000"),
    ("zeros", "32768 131072 524288", "byte 00 1100000"),
    (
      "noise, zeros, the same noise", "32768 131072 524288",
      "stream 02 200000 + byte 00 100000 + stream 02 200000"
    ),
    ("one byte", "32768 131072 524288", "stream 01 1"),
    ("the minimum", "32768 131072 524288", "stream 01 32768"),
    ("the minimum and a byte", "32768 131072 524288", "stream 01 32769"),
    ("the maximum", "32768 131072 524288", "byte 00 524288"),
    ("the maximum and a byte", "32768 131072 524288", "byte 00 524289"),
    ("the end before a cut", "32768 131072 524288", "stream 01 133454"),
    ("the end at a cut", "32768 131072 524288", "stream 01 133455"),
    ("the end a byte behind a cut", "32768 131072 524288", "stream 01 133456"),
    ("smallest sizes", "64 64 64", "stream 03 200"),
    ("every candidate is a cut", "64 64 8388608", "stream 03 8000"),
    ("target of 128 bytes", "64 128 1024", "stream 03 8000"),
    ("target of 256 bytes", "100 256 4096", "stream 04 20000"),
    ("target of 1 KiB", "256 1024 8192", "stream 04 60000"),
    ("target of 2 KiB", "1000 2048 10000", "stream 05 100000"),
    ("target of 16 KiB", "4096 16384 65536", "stream 06 400000"),
    ("sizes that are no powers of two", "65 128 333", "stream 07 4000"),
    ("minimum, target and maximum are one", "8192 8192 8192", "stream 07 20000"),
    ("largest sizes", "8388608 8388608 8388608", "byte 07 8388609"),
    ("candidates everywhere: at the minimum", "70 128 1000", "byte ae 300"),
    ("candidates everywhere: at a target of 1 KiB", "70 1024 9000", "byte ae 2500"),
    ("candidates everywhere: at a target of 2 KiB", "70 2048 9000", "byte ae 5000"),
    ("candidates everywhere: at the maximum", "70 4096 9000", "byte ae 20000"),
    ("the minimum reaches the maximum: candidate there", "128 128 128", "byte ae 300"),
  ]

  @Test func vectors() throws {
    var file = VectorFile()
    let naive = NaiveChunker(parameters: .standard, key: Self.key)
    file.add("chunker key", Self.key)
    var table = ByteWriter()
    for word in naive.table { table.u64(word) }
    file.add("gear table", table.bytes)
    file.add("SipHash key", Array(naive.sipKey.revealed[..<16]))
    for (name, sizes, rule) in Self.cases {
      let numbers = sizes.split(separator: " ").compactMap { Int($0) }
      let chunker = try chunker(numbers[0], numbers[1], numbers[2])
      let lengths = try chunker.lengths(of: ChunkInput(rule).bytes)
      let chunks = lengths.map(String.init).joined(separator: " ")
      file.add(name, text: "\(sizes) | \(rule) | \(chunks)")
    }
    try file.compare(with: "chunker")
  }

  /// The committed file, read by what is in it alone.
  @Test func vectorsAreRead() throws {
    let file = try VectorFile(reading: "chunker")
    let key = try file.key("chunker key")
    for (name, value) in file.lines.dropFirst(3) {
      let columns = value.split(separator: "|")
      let numbers = columns[0].split(separator: " ").compactMap { Int($0) }
      let chunks = columns[2].split(separator: " ").compactMap { Int($0) }
      let sizes = try sizes(numbers[0], numbers[1], numbers[2])
      let input = try ChunkInput(String(columns[1])).bytes
      #expect(try Chunker(parameters: sizes, key: key).lengths(of: input) == chunks, "\(name)")
      // The slow one needs no proof at sizes where it takes long.
      guard input.count <= 200_000 else { continue }
      #expect(NaiveChunker(parameters: sizes, key: key).lengths(of: input) == chunks, "\(name)")
    }
  }

  // MARK: Against the words of FORMAT.md

  // Bytes with runs, repetitions and noise, as files have them.
  private func bytes(_ count: Int, _ random: inout JournalChance) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let length = Int.random(in: 1...2000, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes += [UInt8](repeating: 0xae, count: length)
      case 1: bytes += [UInt8](repeating: .random(in: 0...255, using: &random), count: length)
      case 2 where !bytes.isEmpty: bytes += bytes.suffix(length)
      default: bytes += (0..<length).map { _ in .random(in: 0...255, using: &random) }
      }
    }
    return Array(bytes[..<count])
  }

  private func randomSizes(_ random: inout JournalChance) throws -> ChunkerParameters {
    let target = 1 << Int.random(in: 6...12, using: &random)
    return try sizes(
      .random(in: 64...target, using: &random), target,
      .random(in: target...(target * 8), using: &random))
  }

  @Test func filesAreCutAsTheFormatSays() throws {
    var random = JournalChance.printed()
    for round in 0..<150 {
      let parameters = try randomSizes(&random)
      let key = round % 3 == 0 ? Self.key : .random(SeededRandomness(random.next()))
      let file = bytes(.random(in: 0...12_000, using: &random), &random)
      let fast = try Chunker(parameters: parameters, key: key).lengths(of: file)
      let slow = NaiveChunker(parameters: parameters, key: key).lengths(of: file)
      try #require(fast == slow, "round \(round), \(parameters)")
      #expect(fast.reduce(0, +) == file.count)
      #expect(fast.dropLast().allSatisfy { $0 >= parameters.minimum }, "round \(round)")
      #expect(fast.allSatisfy { $0 <= parameters.maximum }, "round \(round)")
    }
  }

  /// Every width of vectors that this processor has.
  @Test func windowsSideBySideAreHashedAsAlone() throws {
    let random = SeededRandomness(4)
    let bytes = random.bytes(1000)
    let key = SecretKey.random(random)
    let positions = [64, 65, 128, 333, 600, 64, 999, 1000]
    #expect(positions.count == Int(cgear_windows))
    for vectors in 0...cgear_vectors() {
      var values = [UInt64](repeating: 0, count: positions.count)
      unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let start = bytes.baseAddress else { return }
        let ends = unsafe positions.map { unsafe Optional(start + $0) }
        unsafe cgear_siphash(
          vectors, ends, key.pointer.assumingMemoryBound(to: UInt8.self), &values)
      }
      let single = positions.map { end in
        unsafe bytes[end - 64..<end].withUnsafeBytes { unsafe SipHash.hash($0, key: key) }
      }
      #expect(values == single, "vectors \(vectors)")
    }
  }

  @Test func aFileReadInPiecesIsCutInTheSamePlaces() throws {
    var random = JournalChance.printed()
    for round in 0..<40 {
      let parameters = try randomSizes(&random)
      let chunker = Chunker(parameters: parameters, key: Self.key)
      let file = bytes(.random(in: 1...20_000, using: &random), &random)
      var lengths: [Int] = []
      var (start, read) = (0, 0)
      while start < file.count {
        let cut = unsafe file[start..<read].withUnsafeBytes {
          unsafe chunker.firstCut(of: $0, isEnd: read == file.count)
        }
        if let cut {
          lengths.append(cut)
          start += cut
        } else {
          // Nobody waits for more than the largest chunk.
          try #require(read - start < parameters.maximum, "round \(round)")
          read = min(file.count, read + .random(in: 1...parameters.maximum, using: &random))
        }
      }
      #expect(try lengths == chunker.lengths(of: file), "round \(round)")
    }
  }

  @Test func aChunkOfTheMaximumNeedsNoMoreBytes() throws {
    for sizes in [(64, 64, 64), (64, 64, 100), (1024, 2048, 4096)] {
      let chunker = try chunker(sizes.0, sizes.1, sizes.2)
      let file = ChunkInput.stream(12, sizes.2)
      let cut = unsafe file.withUnsafeBytes { unsafe chunker.firstCut(of: $0, isEnd: false) }
      #expect(try cut == chunker.lengths(of: file)[0], "\(sizes)")
      let short = unsafe file.dropLast().withUnsafeBytes {
        unsafe chunker.firstCut(of: $0, isEnd: false)
      }
      #expect(short == nil, "\(sizes)")
    }
  }

  /// Targets of up to 1 KiB have thresholds beyond 2^64, which once became 0: no cut at all.
  @Test(arguments: [64, 128, 256, 512, 1024])
  func smallTargetsAreMet(target: Int) throws {
    let lengths = try chunker(64, target, 1 << 20).lengths(of: ChunkInput.stream(9, 300_000))
    let mean = 300_000 / lengths.count
    #expect(mean < 2 * target + 256, "chunks of \(mean) bytes")
  }

  @Test func chunksAreAboutAsLargeAsTheTarget() throws {
    let lengths = try chunker(4096, 16384, 65536).lengths(of: ChunkInput.stream(8, 4_000_000))
    let mean = 4_000_000 / lengths.count
    #expect(mean > 16384 * 3 / 4 && mean < 16384 * 3 / 2, "chunks of \(mean) bytes")
    #expect(lengths.dropLast().allSatisfy { (4096...65536).contains($0) })
  }

  @Test func anInsertionMovesCutsOnlyNearItself() throws {
    let chunker = try chunker(1024, 4096, 16384)
    let file = ChunkInput.stream(10, 400_000)
    var changed = file
    changed.insert(contentsOf: [1, 2, 3], at: 200_000)
    func chunks(_ file: [UInt8]) throws -> Set<[UInt8]> {
      var start = 0
      return Set(
        try chunker.lengths(of: file).map { length in
          defer { start += length }
          return Array(file[start..<start + length])
        })
    }
    #expect(try chunks(changed).subtracting(chunks(file)).count <= 8)
  }

  @Test func anotherKeyCutsElsewhere() throws {
    let file = ChunkInput.stream(11, 200_000)
    let sizes = try sizes(1024, 4096, 16384)
    let other = Chunker(parameters: sizes, key: .random(SeededRandomness(51)))
    let mine = try Chunker(parameters: sizes, key: Self.key).lengths(of: file)
    #expect(try other.lengths(of: file) != mine)
  }
}
