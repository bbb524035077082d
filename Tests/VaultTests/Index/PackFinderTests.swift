// The packs of many chunks at once: whatever is asked after all rows were read is answered as the
// database answers it.

import Platform
import Testing

@testable import Vault

@Suite struct PackFinderTests {
  let folder = ScratchFolder()

  func open(_ random: inout SeededGenerator) throws -> IndexCache {
    try IndexCache.open(below: folder.path, repository: random.repository(), mapSize: 1 << 20) {
      Issue.record("\($0)")
    }
  }

  /// An index that knows one segment, of packs with one frame each.
  func filled(
    packCount: Int, chunksPerFrame: Int, _ random: inout SeededGenerator
  ) throws -> (IndexCache, SampleSegment) {
    let cache = try open(&random)
    let sample = try SampleSegment(
      packCount: packCount, framesPerPack: 1, chunksPerFrame: chunksPerFrame, &random)
    try cache.importSegment(sample.name, sample.segment)
    return (cache, sample)
  }

  @Test(arguments: [UInt64(1), 2, 3]) func answersAsTheDatabaseDoes(seed: UInt64) throws {
    var random = SeededGenerator(seed)
    let cache = try open(&random)
    var known: [ChunkID] = []
    var packs: [ObjectHash] = []
    for _ in 0..<4 {
      let sample = try SampleSegment(
        packCount: 3, framesPerPack: 4, chunksPerFrame: 200, known: known, &random)
      try cache.importSegment(sample.name, sample.segment)
      known = Set(known).union(sample.places.keys).sorted()
      packs += sample.packs
    }
    packs.shuffle(using: &random)
    try cache.setPackState(.condemned, of: Array(packs[..<3]))
    try cache.setPackState(.swept, of: Array(packs[3..<6]))
    let prepared = try cache.reader()
    prepared.expect(lookups: known.count)
    #expect(prepared.isPrepared)
    let plain = try cache.reader()
    var absentCount = 0
    for id in known {
      let expected = try plain.find(id)?.pack
      #expect(try prepared.pack(of: id) == expected)
      if expected == nil { absentCount += 1 }
    }
    #expect(absentCount > 0)
    for _ in 0..<1000 { #expect(try prepared.pack(of: random.id()) == nil) }
  }

  @Test func crowdedIDsAreFound() throws {
    var random = SeededGenerator(4)
    let cache = try open(&random)
    // All of these begin their search at one place, of which only so many can be held.
    let ids = (0..<500).map { ChunkID(words: (5, UInt64($0) << 32 | 7, random.next(), 0)) }
    var builder = SegmentBuilder()
    let pack = builder.addPack(random.id(), size: 1 << 20)
    let frame = builder.addFrame(
      pack: pack, offset: 160, storedLength: 1000, plainLength: 500, kind: .data)
    for (offset, id) in ids.enumerated() {
      builder.addRow(id, frame: frame, offset: UInt32(offset), length: 1)
    }
    try cache.importSegment(
      random.id(), try Segment(payload: builder.finish(SampleSegment.indexKey())))
    let reader = try cache.reader()
    reader.expect(lookups: 500)
    #expect(reader.isPrepared)
    for id in ids { #expect(try reader.pack(of: id) == 0) }
    #expect(try reader.pack(of: ChunkID(words: (5, 500 << 32, 0, 0))) == nil)
  }

  @Test func followsWhatBecomesOfPacks() throws {
    var random = SeededGenerator(5)
    let (cache, sample) = try filled(packCount: 1, chunksPerFrame: 50, &random)
    let reader = try cache.reader()
    reader.expect(lookups: 50)
    #expect(reader.isPrepared)
    let later = try SampleSegment(packCount: 1, framesPerPack: 1, chunksPerFrame: 5, &random)
    try cache.importSegment(later.name, later.segment)
    for id in later.places.keys { #expect(try reader.pack(of: id) != nil) }
    try cache.setPackState(.swept, of: sample.packs)
    // It may be a thousand answers behind, not more.
    let id = try #require(sample.places.keys.first)
    for _ in 0..<1024 where try reader.pack(of: id) == nil { break }
    for id in sample.places.keys { #expect(try reader.pack(of: id) == nil) }
    for id in later.places.keys { #expect(try reader.pack(of: id) != nil) }
  }

  @Test func packsThatLeftTheIndexAreNotFound() throws {
    var random = SeededGenerator(7)
    let (cache, sample) = try filled(packCount: 2, chunksPerFrame: 30, &random)
    let reader = try cache.reader()
    reader.expect(lookups: 60)
    try cache.dropPacks(sample.packs)
    let id = try #require(sample.places.keys.first)
    for _ in 0..<1024 { _ = try reader.pack(of: id) }
    for id in sample.places.keys { #expect(try reader.pack(of: id) == nil) }
  }

  @Test func fewLookupsAreNotPreparedFor() throws {
    var random = SeededGenerator(8)
    let (cache, sample) = try filled(packCount: 1, chunksPerFrame: 80, &random)
    let reader = try cache.reader()
    reader.expect(lookups: 10)
    #expect(!reader.isPrepared)
    for id in sample.places.keys { #expect(try reader.pack(of: id) == 0) }
  }

  @Test func packsThatAreNotThereAreNotFound() throws {
    var random = SeededGenerator(6)
    let (cache, sample) = try filled(packCount: 2, chunksPerFrame: 20, &random)
    let reader = try cache.reader(without: [1])
    reader.expect(lookups: 40)
    let found = try sample.places.keys.compactMap { try reader.pack(of: $0) }
    #expect(found == Array(repeating: 0, count: 20))
  }
}
