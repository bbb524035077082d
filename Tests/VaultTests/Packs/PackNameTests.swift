// The name of a pack, which is hashed piece by piece beside the chunks that go into it.

import Platform
import Storage
import Testing

@testable import Vault

@Suite struct PackNameTests {
  private let fixture = PackFixture()
  private static let size = 1 << 20

  private func builder() -> PackBuilder {
    PackBuilder(
      keys: fixture.keys(1), buffer: Buffer(capacity: Self.size), packSize: Self.size, domain: 0,
      serial: 0)
  }

  private func reserve(_ length: Int, in builder: PackBuilder) -> Int {
    let frame = FrameDescription(
      storedLength: UInt32(length), plainLength: 1, chunkCount: 1, codec: .stored, kind: .data)
    return builder.reserve(frame, ids: [fixture.id([1], .data)], lengths: [1])
  }

  private func fill(_ builder: PackBuilder, at offset: Int, _ length: Int) {
    let bytes = SeededRandomness(UInt64(offset)).bytes(length)
    unsafe builder.place(at: offset, length: length).copyBytes(from: bytes)
  }

  // Hashes a pack beside chunks of the same length, as far as it may.
  private func hash(_ naming: inout NameLane, upTo end: Int, _ length: Int) {
    let bytes = [UInt8](repeating: 7, count: length)
    unsafe bytes.withUnsafeBytes { bytes in
      _ = unsafe ChunkHasher(key: .random(SeededRandomness(1))).ids(
        of: unsafe [bytes, bytes, bytes], kind: .data, beside: &naming, upTo: end)
    }
  }

  /// What somebody still seals into is not hashed, whatever is complete behind it.
  @Test func onlyWhatIsCompleteIsLent() throws {
    let builder = builder()
    let first = reserve(20_000, in: builder)
    let second = reserve(30_000, in: builder)
    fill(builder, at: second, 30_000)
    #expect(!builder.endSealing(at: second))
    // The header alone is not worth it.
    #expect(builder.lendNaming() == nil)
    fill(builder, at: first, 20_000)
    #expect(!builder.endSealing(at: first))
    let third = reserve(10_000, in: builder)
    var (naming, end) = try #require(builder.lendNaming())
    #expect(end == third)
    hash(&naming, upTo: end, 20_000)
    // It is with somebody.
    #expect(builder.lendNaming() == nil)
    fill(builder, at: third, 10_000)
    #expect(!builder.takeBack(naming))
    #expect(!builder.endSealing(at: third))
    (naming, end) = try #require(builder.lendNaming())
    #expect(end == third + 10_000)
    hash(&naming, upTo: end, 100)
    #expect(!builder.takeBack(naming))
    #expect(builder.close())
    let pack = builder.finish(isFull: false)
    #expect(pack.size < Self.size)
    #expect(pack.name == (unsafe Hash.name(of: pack.bytes)))
  }

  /// A pack whose name is lent is not stored before it is back.
  @Test func whoHasTheNameHoldsThePack() throws {
    let builder = builder()
    let offset = reserve(20_000, in: builder)
    fill(builder, at: offset, 20_000)
    _ = builder.endSealing(at: offset)
    let last = reserve(5000, in: builder)
    var (naming, end) = try #require(builder.lendNaming())
    #expect(!builder.close())
    fill(builder, at: last, 5000)
    #expect(!builder.endSealing(at: last))
    hash(&naming, upTo: end, 20_000)
    #expect(builder.takeBack(naming))
    let pack = builder.finish(isFull: true)
    #expect(pack.name == (unsafe Hash.name(of: pack.bytes)))
  }

  /// Lanes side by side, some of which end packs while others hash them.
  @Test func packsOfManyLanesHaveTheirNames() throws {
    let vault = try freshVault(packSize: 4 << 20)
    let run = try vault.begin()
    let threads = (0..<4).map { number in
      Thread.start(name: "lane \(number)") {
        do {
          let lane = try run.lane()
          for round in 0..<40 {
            let chunks = (0..<9).map { chunk in
              SeededRandomness(UInt64(number * 10_000 + round * 10 + chunk)).bytes(50_000)
            }
            let joined = chunks.flatMap { $0 }
            try unsafe joined.withUnsafeBytes { joined in
              let parts = unsafe (0..<9).map {
                unsafe UnsafeRawBufferPointer(rebasing: joined[$0 * 50_000..<($0 + 1) * 50_000])
              }
              _ = try unsafe lane.put(parts, kind: .data)
            }
          }
          try lane.flush()
        } catch { Issue.record(error) }
      }
    }
    for thread in threads { thread.join() }
    _ = try run.commit([1])
    var chunkCount = 0
    try vault.objects("packs/") { (object, size) throws(VaultError) in
      guard let name = ObjectHash(hex: object.lastPart) else { return }
      chunkCount += try vault.packReader.directory(of: name, size: size).chunkIDs.count
      var verifier = PackVerifier(reader: vault.packReader, hasher: vault.hasher)
      #expect(try verifier.verify(name, size: size).isEmpty, "\(name)")
    }
    #expect(chunkCount == 4 * 40 * 9)
  }

  // The name of each is proven beside the next one, if that has chunks; what one is found to be says
  // nothing of its neighbours.
  @Test func packsAreVerifiedOneAfterAnother() throws {
    let fixture = PackFixture()
    let chunks = (0..<40).map { SeededRandomness($0).bytes(5000) }
    let frames = stride(from: 0, to: 40, by: 10).map { start in
      TestFrame(
        name: "\(start)", chunks: Array(chunks[start..<start + 10]), codec: .stored,
        data: Array(chunks[start..<start + 10].joined()))
    }
    let packs = (0..<4).map { TestPack($0, of: fixture, frames: frames).whole }
    var filler = packs[1]
    filler[160 + 4 * 50_040] ^= 1
    var frame = packs[2]
    frame[160 + 2 * 50_036 + 500] ^= 1
    let store = MemoryStore()
    var stored: [(name: ObjectHash, size: Int, findings: [String])] = []
    func put(_ pack: [UInt8], _ name: ObjectHash? = nil, _ findings: String...) throws {
      let name = name ?? Hash.name(of: pack)
      _ = try store.create(.pack(name), pack)
      stored.append((name, pack.count, findings))
    }
    try put(packs[0])
    try put(filler, nil, "badPadding")
    try put(packs[1], Hash.name(of: [1]), "badName")
    try put([UInt8](packs[3][..<300]), nil, "badLength")
    try put(packs[3])
    try put(frame, Hash.name(of: [2]), "badName", "notAuthentic")
    try put(packs[2])
    var verifier = PackVerifier(reader: fixture.reader(store), hasher: fixture.hasher)
    var verified: [VerifiedPack] = []
    for (index, pack) in stored.enumerated() {
      if index == 2 {
        #expect(
          errorThrown { _ = try verifier.add(Hash.name(of: [3]), size: 1 << 16) } == "missing")
      }
      if let before = try verifier.add(pack.name, size: pack.size) { verified.append(before) }
    }
    verified += [verifier.last(), verifier.last()].compactMap { $0 }
    #expect(verified.map(\.name) == stored.map(\.name))
    #expect(verified.map { $0.findings.map(\.damage.name) } == stored.map(\.findings))
    #expect(verified[5].findings[1].chunks == chunks[20..<30].map { fixture.id($0, .data) })
  }

  private func frame(_ seed: UInt64, count: Int, length: Int) -> TestFrame {
    let chunks = (0..<UInt64(count)).map { SeededRandomness(seed * 100 + $0).bytes(length) }
    return TestFrame(
      name: "\(seed)", chunks: chunks, codec: .stored, data: Array(chunks.joined()))
  }

  // Longer than what is gathered of others, in a pack that is not.
  private func longFrame() throws -> TestFrame {
    let chunks = (0..<6).map { [UInt8](repeating: $0, count: 1 << 20) }
    let plain = Array(chunks.joined())
    let room = OwnedBuffer(capacity: plain.count)
    let compressor = Compressor(level: 3)
    let data = try unsafe plain.withUnsafeBytes { plain in
      let target = unsafe UnsafeMutableRawBufferPointer(start: room.pointer, count: plain.count)
      let size = try #require(unsafe compressor.compress(plain, into: target))
      return unsafe [UInt8](UnsafeRawBufferPointer(rebasing: target[..<size]))
    }
    return TestFrame(name: "long", chunks: chunks, codec: .zstd, data: data)
  }

  // Every pack needs more room than one before, while the name of that one is still to be proven.
  @Test func buffersGrowBetweenPacks() throws {
    let fixture = PackFixture()
    let small = frame(1, count: 9, length: 50_000)
    let large = frame(2, count: 3, length: 900_000)
    let packs = try [
      [small], [large], [small, longFrame(), large], [small, small, small], [large, small],
    ].enumerated().map { number, frames in
      TestPack(UInt64(number), of: fixture, frames: frames).whole
    }
    let store = MemoryStore()
    var verifier = PackVerifier(reader: fixture.reader(store), hasher: fixture.hasher)
    var verified: [VerifiedPack] = []
    for pack in packs {
      let name = Hash.name(of: pack)
      _ = try store.create(.pack(name), pack)
      if let before = try verifier.add(name, size: pack.count) { verified.append(before) }
    }
    if let last = verifier.last() { verified.append(last) }
    #expect(verified.map(\.name) == packs.map { Hash.name(of: $0) })
    #expect(verified.allSatisfy { $0.findings.isEmpty })
  }

  // Chunks of frames that are gathered are told by their own IDs.
  @Test func wrongChunksBehindABadFrame() throws {
    let fixture = PackFixture()
    let (first, second, third) = (
      frame(1, count: 3, length: 5000), frame(2, count: 4, length: 5000),
      frame(3, count: 3, length: 5000)
    )
    let wrong = TestFrame(
      name: "wrong", chunks: third.chunks, codec: .stored,
      data: third.chunks[0] + third.chunks[0] + third.chunks[2])
    var pack = TestPack(5, of: fixture, frames: [first, second, wrong, first]).whole
    pack[160 + first.inner.count + 32 + 500] ^= 1
    let findings = try fixture.findings(pack)
    #expect(findings.map(\.damage.name) == ["notAuthentic", "badChunk"])
    #expect(
      findings.map(\.chunks) == [
        second.chunks.map { fixture.id($0, .data) }, [fixture.id(third.chunks[1], .data)],
      ])
  }
}
