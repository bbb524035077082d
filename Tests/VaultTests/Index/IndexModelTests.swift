// The index cache against a dictionary: random imports, states, drops and reopenings.

import Platform
import Testing

@testable import Vault

/// What the cache should say.
private struct IndexModel {
  var segments: [ObjectHash: SampleSegment] = [:]
  var imported: Set<ObjectHash> = []
  var places: [ChunkID: Set<NamedPlace>] = [:]
  var states: [ObjectHash: PackStanding] = [:]

  func expected(_ id: ChunkID) -> Set<NamedPlace> {
    (places[id] ?? []).filter { states[$0.pack] != .swept }
  }

  var packs: [ObjectHash] { segments.values.flatMap(\.packs).sorted() }

  mutating func drop(_ packs: Set<ObjectHash>) {
    for (id, named) in places {
      let rest = named.filter { !packs.contains($0.pack) }
      places[id] = rest.isEmpty ? nil : rest
    }
    for pack in packs { states[pack] = nil }
  }
}

@Suite struct IndexModelTests {
  static let seeds: [UInt64] = {
    if let given = environment("IGUDAR_SEED"),
      let seed = UInt64(String(decoding: given, as: UTF8.self))
    {
      return [seed]
    }
    return [1, 2, 3, UInt64.random(in: 0...UInt64.max)]
  }()

  @Test(arguments: seeds) func randomOperations(_ seed: UInt64) throws {
    var random = SeededGenerator(seed)
    let folder = ScratchFolder()
    let repository = random.repository()
    var model = IndexModel()
    var cache = try Self.open(folder, repository)
    for step in 0..<60 {
      let reader = try cache.reader()
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5: try Self.importSome(cache, &model, &random)
      case 5: try Self.changeStates(cache, &model, &random)
      case 6: try Self.dropPacks(cache, &model, &random)
      case 7: try Self.dropSegments(cache, &model, &random)
      case 8 where Int.random(in: 0..<8, using: &random) == 0:
        try cache.removeAll()
        model = IndexModel()
      default: break
      }
      try Self.compare(cache, reader, model, &random, "seed \(seed), step \(step)")
      if step % 7 == 6 { cache = try Self.open(folder, repository) }
    }
    // Everything, not a sample.
    let reader = try cache.reader()
    for id in model.places.keys {
      #expect(try cache.namedPlaces(id, reader) == model.expected(id), "seed \(seed)")
    }
  }

  private static func open(
    _ folder: ScratchFolder, _ repository: RepositoryID
  ) throws -> IndexCache {
    try IndexCache.open(below: folder.path, repository: repository, mapSize: 128 << 10) {
      Issue.record("\($0)")
    }
  }

  private static func importSome(
    _ cache: IndexCache, _ model: inout IndexModel, _ random: inout SeededGenerator
  ) throws {
    let known = Array(model.places.keys.sorted().prefix(500))
    var names: [ObjectHash] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let sample = try SampleSegment(
        packCount: Int.random(in: 1...4, using: &random),
        framesPerPack: Int.random(in: 1...6, using: &random),
        chunksPerFrame: Int.random(in: 1...12, using: &random), known: known, &random)
      model.segments[sample.name] = sample
      names.append(sample.name)
      model.places.merge(sample.places) { $0.union($1) }
      model.imported.insert(sample.name)
    }
    let samples = model.segments
    #expect(try cache.importSegments(names) { samples[$0]?.segment }.segmentCount == names.count)
  }

  private static func changeStates(
    _ cache: IndexCache, _ model: inout IndexModel, _ random: inout SeededGenerator
  ) throws {
    let packs = model.packs.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
    let states: [PackStanding] = [.live, .condemned, .swept]
    let state = states.randomElement(using: &random) ?? .live
    try cache.setPackState(state, of: packs)
    for pack in packs { model.states[pack] = state }
  }

  private static func dropPacks(
    _ cache: IndexCache, _ model: inout IndexModel, _ random: inout SeededGenerator
  ) throws {
    let packs = model.packs.filter { _ in Int.random(in: 0..<6, using: &random) == 0 }
    try cache.dropPacks(packs)
    model.drop(Set(packs))
  }

  private static func dropSegments(
    _ cache: IndexCache, _ model: inout IndexModel, _ random: inout SeededGenerator
  ) throws {
    let names = model.imported.sorted().filter { _ in Int.random(in: 0..<5, using: &random) == 0 }
    try cache.dropSegments(names)
    model.imported.subtract(names)
    model.drop(Set(names.flatMap { model.segments[$0]?.packs ?? [] }))
  }

  private static func compare(
    _ cache: IndexCache, _ reader: IndexReader, _ model: IndexModel,
    _ random: inout SeededGenerator, _ comment: String
  ) throws {
    #expect(try cache.importedSegments() == model.imported.sorted(), "\(comment)")
    let counts = try cache.counts()
    #expect(counts.chunkCount == model.places.count, "\(comment)")
    #expect(
      counts.placeCount == model.places.values.reduce(0) { $0 + $1.count }, "\(comment)")
    for id in model.places.keys.sorted().prefix(3000)
    where Int.random(in: 0..<10, using: &random) == 0 {
      let expected = model.expected(id)
      #expect(try cache.namedPlaces(id, reader) == expected, "\(comment)")
      let found = try reader.find(id)
      #expect((found == nil) == expected.isEmpty, "\(comment)")
      guard let found, let pack = try reader.pack(found.pack) else { continue }
      let hasLive = expected.contains { model.states[$0.pack] ?? .live == .live }
      #expect(hasLive == (pack.state == .live), "\(comment)")
    }
    #expect(try reader.find(random.id()) == nil, "\(comment)")
  }
}
