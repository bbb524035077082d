// The local index: filling it from segments, and asking it.

import Igudar
import Vault

extension Benchmark {
  static let index = [
    Benchmark("index/segment-check") { segmentCheck() },
    Benchmark("index/import") { try importRound() },
    Benchmark("index/lookup") { try lookup(hits: true) },
    Benchmark("index/lookup-absent") { try lookup(hits: false) },
  ]

  private static let segmentCount = 8
  private static let rowsPerSegment = 32 << 10
  private static let chunksPerFrame = 8
  private static let repositoryID = RepositoryID(bytes: Array(0..<16))

  /// A segment of frames of eight chunks, a hundred frames in a pack.
  private static func payload(_ number: Int) -> [UInt8] {
    var generator = SampleGenerator(seed: UInt64(number + 1))
    var builder = SegmentBuilder()
    var pack: UInt32 = 0
    for frame in 0..<rowsPerSegment / chunksPerFrame {
      if frame % 100 == 0 {
        pack = builder.addPack(generator.id(as: ObjectHash.self), size: 16 << 20)
      }
      let place = builder.addFrame(
        pack: pack, offset: UInt32(160 + frame % 100 * 160_000), storedLength: 160_000,
        plainLength: 1 << 20, kind: .data)
      for chunk in 0..<chunksPerFrame {
        builder.addRow(
          generator.id(as: ChunkID.self), frame: place, offset: UInt32(chunk << 17),
          length: 1 << 17)
      }
    }
    return builder.finish(keyring.currentEpoch.indexKey)
  }

  private static func segments() throws -> [(name: ObjectHash, segment: Segment)] {
    try (0..<segmentCount).map { number in
      let payload = payload(number)
      return (Hash.name(of: payload), try Segment(payload: payload))
    }
  }

  private static func segmentCheck() -> Round {
    let payload = payload(0)
    return Round(rowsPerSegment, .items) {
      ["segment bytes": payload.count, "rows": try Segment(payload: payload).rowCount]
    }
  }

  private final class CacheBox {
    var cache: IndexCache?
  }

  private static func importAll(
    _ segments: [(name: ObjectHash, segment: Segment)], into cache: IndexCache
  ) throws -> Int {
    let byName = Dictionary(uniqueKeysWithValues: segments.map { ($0.name, $0.segment) })
    return try cache.importSegments(segments.map(\.name)) { byName[$0] }.placeCount
  }

  private static func importRound() throws -> Round {
    let segments = try segments()
    let box = CacheBox()
    return Round(
      segmentCount * rowsPerSegment, .items,
      before: { box.cache = try IndexCache.temporary(repository: repositoryID) },
      run: {
        guard let cache = box.cache else { return [:] }
        return ["places": try importAll(segments, into: cache)]
      })
  }

  private static func lookup(hits: Bool) throws -> Round {
    let segments = try segments()
    let cache = try IndexCache.temporary(repository: repositoryID)
    _ = try importAll(segments, into: cache)
    let reader = try cache.reader()
    var generator = SampleGenerator(seed: 99)
    var ids = segments.flatMap { segment in
      (0..<segment.segment.rowCount).map { segment.segment.row($0).id }
    }
    if hits {
      ids.shuffle(using: &generator)
    } else {
      ids = ids.map { _ in generator.id(as: ChunkID.self) }
    }
    return Round(ids.count, .items) {
      var found = 0
      for id in ids where try reader.find(id) != nil { found += 1 }
      return ["found": found]
    }
  }
}
