// An index of many chunks, made by the code that makes real ones: for the time that look-ups and a
// rebuild take there, and for the memory of commands on such a repository.

import Glibc
import Igudar
import Platform
import Storage
import Vault

extension Benchmark {
  /// Benchmarks that run only when they are named: each takes minutes and some GiB of disk.
  static let large = [
    Benchmark("large-index/rebuild", isLarge: true) { try largeRebuild() },
    Benchmark("large-index/lookup", isLarge: true) { try largeLookup() },
  ]

  // What DESIGN calls a large repository: 20 million chunks, some 2.5 TB.
  private static let chunkCount = 20_000_000

  private static func largeRebuild() throws -> Round {
    let rows = LargeIndex(chunkCount: chunkCount)
    let folder = try rows.stored()
    let box = LargeIndex.CacheBox()
    return Round(
      chunkCount, .items,
      before: {
        box.cache = nil
        box.cache = try IndexCache.temporary(repository: LargeIndex.repositoryID)
      },
      run: {
        guard let cache = box.cache else { return [:] }
        return ["places": try folder.importAll(into: cache)]
      })
  }

  private static func largeLookup() throws -> Round {
    let rows = LargeIndex(chunkCount: chunkCount)
    let cache = try IndexCache.temporary(repository: LargeIndex.repositoryID)
    _ = try rows.stored().importAll(into: cache)
    let reader = try cache.reader()
    let ids = rows.someIDs(2_000_000)
    return Round(ids.count, .items) {
      var found = 0
      for id in ids where try reader.find(id) != nil { found += 1 }
      return ["found": found]
    }
  }
}

/// Segments as a repository of so many chunks has them: packs of 16 MiB, frames of a mebibyte, eight
/// chunks in each.
public struct LargeIndex {
  static let repositoryID = RepositoryID(bytes: Array(0..<16))
  private static let chunksPerFrame = 8
  private static let framesPerPack = 24
  private static let frameLength: UInt32 = 690_000
  private static let packSize: UInt32 = 16 << 20
  // As many rows as a segment of a run has at most.
  private static let rowsPerSegment = 399_936

  private let chunkCount: Int

  final class CacheBox {
    var cache: IndexCache?
  }

  /// An index of so many chunks, rounded up to a whole segment.
  public init(chunkCount: Int) { self.chunkCount = chunkCount }

  private var segmentCount: Int {
    (chunkCount + Self.rowsPerSegment - 1) / Self.rowsPerSegment
  }

  // One segment, and the packs that it speaks of.
  private func segment(_ number: Int) -> (builder: SegmentBuilder, packs: [ObjectHash]) {
    var generator = SampleGenerator(seed: UInt64(number + 1))
    var builder = SegmentBuilder()
    var packs: [ObjectHash] = []
    var pack: UInt32 = 0
    for frame in 0..<Self.rowsPerSegment / Self.chunksPerFrame {
      let place = UInt32(frame % Self.framesPerPack)
      if place == 0 {
        packs.append(generator.id(as: ObjectHash.self))
        pack = builder.addPack(packs[packs.count - 1], size: Self.packSize)
      }
      let number = builder.addFrame(
        pack: pack, offset: 160 + place * Self.frameLength, storedLength: Self.frameLength,
        plainLength: 1 << 20, kind: .data)
      for chunk in 0..<Self.chunksPerFrame {
        builder.addRow(
          generator.id(as: ChunkID.self), frame: number, offset: UInt32(chunk << 17),
          length: 1 << 17)
      }
    }
    return (builder, packs)
  }

  // MARK: For look-ups and rebuilds

  /// Segments in a file, so that they are no part of the memory that is looked at.
  struct Stored {
    let file: SharedDescriptor
    let sizes: [Int]

    func importAll(into cache: IndexCache) throws -> Int {
      let names = sizes.indices.map { number in
        ObjectHash(words: (UInt64(number), 0, 0, 0))
      }
      let places = Dictionary(uniqueKeysWithValues: zip(names, sizes.indices))
      return try cache.importSegments(names) { (name) throws(VaultError) in
        guard let number = places[name] else { return nil }
        return try segment(number)
      }.placeCount
    }

    private func segment(_ number: Int) throws(VaultError) -> Segment {
      var payload = [UInt8](repeating: 0, count: sizes[number])
      let offset = sizes[..<number].reduce(0, +)
      let count = unsafe payload.withUnsafeMutableBytes { bytes in
        unsafe pread(file.descriptor.raw, bytes.baseAddress, bytes.count, off_t(offset))
      }
      precondition(count == payload.count, "what was stored can be read")
      do throws(Damage) { return try Segment(payload: payload) } catch {
        preconditionFailure("a segment of ours is none: \(error)")
      }
    }
  }

  func stored() throws -> Stored {
    var template = Array("/var/tmp/igudar-segments-XXXXXX".utf8CString)
    let raw = unsafe mkstemp(&template)
    guard raw >= 0 else { throw BenchmarkError("no file in /var/tmp") }
    unsafe unlink(template)
    let file = SharedDescriptor(Descriptor(owning: raw))
    var sizes: [Int] = []
    for number in 0..<segmentCount {
      let payload = segment(number).builder.finish(Benchmark.keyring.currentEpoch.indexKey)
      guard unsafe write(raw, payload, payload.count) == payload.count else {
        throw BenchmarkError("/var/tmp is full")
      }
      sizes.append(payload.count)
    }
    return Stored(file: file, sizes: sizes)
  }

  func someIDs(_ count: Int) -> [ChunkID] {
    var ids: [ChunkID] = []
    for number in 0..<segmentCount {
      var generator = SampleGenerator(seed: UInt64(number + 1))
      var own: [ChunkID] = []
      for frame in 0..<Self.rowsPerSegment / Self.chunksPerFrame {
        if frame % Self.framesPerPack == 0 { _ = generator.id(as: ObjectHash.self) }
        for _ in 0..<Self.chunksPerFrame { own.append(generator.id(as: ChunkID.self)) }
      }
      own.shuffle(using: &generator)
      ids += own.prefix(count / segmentCount)
    }
    var generator = SampleGenerator(seed: 99)
    ids.shuffle(using: &generator)
    return ids
  }

  // MARK: For whole commands

  /// Makes a local repository know these chunks as well.
  ///
  /// Their packs are files of the right size and nothing else, which no command that does not read
  /// them can tell from real ones. It is for measurements: a prune would give them up.
  public func fill(repository path: String, keyFile: String) throws {
    let store = try LocalStore(opening: FilePath(path))
    let key = try Self.key(at: keyFile)
    guard let secret = unsafe Secret(keyFile: SecretBytes(copying: key.span.bytes)) else {
      throw BenchmarkError("\(keyFile) is no key file")
    }
    let vault = try Vault.open(
      store, secret: secret, places: LocalPlaces(cache: nil, state: nil) { _ in })
    for number in 0..<segmentCount {
      let (builder, packs) = segment(number)
      for pack in packs { try Self.makePack(pack, in: path) }
      let name = try vault.store(segment: builder.finish(vault.epoch.indexKey))
      try vault.journal.append { _ in
        .condemn(packs: [], segments: [], newSegments: [name], rescued: [])
      }
    }
  }

  private static func key(at path: String) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 80)
    let raw = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else { throw BenchmarkError("no key file \(path)") }
    defer { close(raw) }
    let count = unsafe read(raw, &bytes, 80)
    return Array(bytes.prefix(max(0, count)))
  }

  private static func makePack(_ pack: ObjectHash, in repository: String) throws {
    let name = "\(ObjectName.pack(pack))"
    let folder = name.split(separator: "/").dropLast().joined(separator: "/")
    _ = unsafe mkdir("\(repository)/packs", 0o700)
    _ = unsafe mkdir("\(repository)/\(folder)", 0o700)
    let raw = unsafe open("\(repository)/\(name)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard raw >= 0, ftruncate(raw, off_t(packSize)) == 0 else {
      throw BenchmarkError("no pack in \(repository)")
    }
    close(raw)
  }
}
