// The index cache as its users see it: what was imported is found, whatever happens to the files.

import Glibc
import Platform
import Testing

@testable import Vault

@Suite struct IndexCacheTests {
  let folder = ScratchFolder()

  func open(
    _ repository: RepositoryID, mapSize: Int = 1 << 20, _ warnings: Warnings = Warnings()
  ) throws -> IndexCache {
    try IndexCache.open(below: folder.path, repository: repository, mapSize: mapSize) {
      warnings.add($0)
    }
  }

  @Test func importedChunksAreFound() throws {
    var random = SeededGenerator(1)
    let cache = try open(random.repository())
    let sample = try SampleSegment(packCount: 3, framesPerPack: 4, chunksPerFrame: 5, &random)
    let result = try cache.importSegment(sample.name, sample.segment)
    #expect(result.segmentCount == 1)
    #expect(result.placeCount == 60)
    let reader = try cache.reader()
    for (id, places) in sample.places {
      #expect(try cache.namedPlaces(id, reader) == places)
      let place = try #require(try reader.find(id))
      #expect(try sample.packs.contains(#require(try reader.pack(place.pack)).hash))
    }
    #expect(try reader.find(random.id()) == nil)
    let counts = try cache.counts()
    #expect(counts.chunkCount == 60)
    #expect(counts.packCount == 3)
    #expect(counts.packBytes == 3 * 16 << 20)
    #expect(counts.segmentCount == 1)
  }

  @Test func importingAgainChangesNothing() throws {
    var random = SeededGenerator(2)
    let cache = try open(random.repository())
    let sample = try SampleSegment(packCount: 2, framesPerPack: 2, chunksPerFrame: 50, &random)
    try cache.importSegment(sample.name, sample.segment)
    let before = try cache.counts()
    #expect(try cache.importSegment(sample.name, sample.segment).segmentCount == 0)
    // The same rows under another name: the segment is new, its places are not.
    let again = try cache.importSegment(random.id(), sample.segment)
    #expect(again.segmentCount == 1)
    #expect(again.placeCount == 0)
    #expect(try cache.counts().placeCount == before.placeCount)
  }

  @Test func unreadableSegmentIsSkippedAndAskedForAgain() throws {
    var random = SeededGenerator(3)
    let cache = try open(random.repository())
    let sample = try SampleSegment(packCount: 1, framesPerPack: 1, chunksPerFrame: 5, &random)
    let bad: ObjectHash = random.id()
    let first = try cache.importSegments([bad, sample.name]) {
      $0 == bad ? nil : sample.segment
    }
    #expect(first.skipped == [bad])
    #expect(first.segmentCount == 1)
    #expect(try cache.importedSegments() == [sample.name])
    let second = try cache.importSegments([bad, sample.name]) { _ in nil }
    #expect(second.skipped == [bad])
  }

  @Test func sweptPacksAreNotFoundAndCondemnedOnesComeLast() throws {
    var random = SeededGenerator(4)
    let cache = try open(random.repository())
    let first = try SampleSegment(packCount: 1, framesPerPack: 1, chunksPerFrame: 1, &random)
    let id = try #require(first.places.keys.first)
    var builder = SegmentBuilder()
    let second: ObjectHash = random.id()
    let pack = builder.addPack(second, size: 1 << 20)
    let frame = builder.addFrame(
      pack: pack, offset: 160, storedLength: 10, plainLength: 10, kind: .data)
    builder.addRow(id, frame: frame, offset: 0, length: 10)
    try cache.importSegment(first.name, first.segment)
    try cache.importSegment(
      random.id(), Segment(payload: builder.finish(SampleSegment.indexKey())))
    let reader = try cache.reader()
    #expect(try reader.places(id).count == 2)

    try cache.setPackState(.condemned, of: first.packs)
    let preferred = try #require(try reader.find(id))
    #expect(try reader.pack(preferred.pack)?.hash == second)
    try cache.setPackState(.swept, of: [second])
    let rest = try #require(try reader.find(id))
    #expect(try reader.pack(rest.pack)?.hash == first.packs[0])
    #expect(try reader.pack(rest.pack)?.state == .condemned)
    try cache.setPackState(.swept, of: first.packs)
    #expect(try reader.find(id) == nil)
    #expect(try reader.places(id).isEmpty)
    try cache.setPackState(.live, of: first.packs)
    #expect(try reader.find(id) != nil)
  }

  @Test func stateOfAPackCanComeBeforeItsSegment() throws {
    var random = SeededGenerator(5)
    let cache = try open(random.repository())
    let sample = try SampleSegment(packCount: 1, framesPerPack: 1, chunksPerFrame: 1, &random)
    try cache.setPackState(.swept, of: sample.packs)
    try cache.importSegment(sample.name, sample.segment)
    let reader = try cache.reader()
    for id in sample.places.keys { #expect(try reader.find(id) == nil) }
    #expect(try cache.pack(named: sample.packs[0])?.size == 16 << 20)
    #expect(try cache.counts().packBytes == 16 << 20)
  }

  @Test func droppedSegmentTakesItsRowsAlongUnlessAnotherNamesThePack() throws {
    var random = SeededGenerator(6)
    let cache = try open(random.repository())
    let alone = try SampleSegment(packCount: 2, framesPerPack: 2, chunksPerFrame: 9, &random)
    let shared = try SampleSegment(packCount: 2, framesPerPack: 2, chunksPerFrame: 9, &random)
    let copy: ObjectHash = random.id()
    try cache.importSegment(alone.name, alone.segment)
    try cache.importSegment(shared.name, shared.segment)
    try cache.importSegment(copy, shared.segment)
    try cache.dropSegments([alone.name, shared.name])
    let reader = try cache.reader()
    for id in alone.places.keys { #expect(try reader.find(id) == nil) }
    for id in shared.places.keys { #expect(try reader.find(id) != nil) }
    #expect(try cache.importedSegments() == [copy])
    #expect(try cache.counts().placeCount == 36)
    #expect(try cache.counts().packBytes == 2 * 16 << 20)
    // A number is never given to another pack.
    let next = try SampleSegment(packCount: 1, framesPerPack: 1, chunksPerFrame: 1, &random)
    try cache.importSegment(next.name, next.segment)
    #expect(try cache.pack(named: next.packs[0])?.number == 4)
  }

  @Test func everyRowIsWalkedInOrder() throws {
    var random = SeededGenerator(7)
    let cache = try open(random.repository())
    let sample = try SampleSegment(packCount: 10, framesPerPack: 10, chunksPerFrame: 60, &random)
    try cache.importSegment(sample.name, sample.segment)
    var seen: [ChunkID] = []
    try cache.forEachRow { (id, places) throws(VaultError) in
      seen.append(id)
      return !places.isEmpty
    }
    #expect(seen == sample.places.keys.sorted())
    var packs: Set<ObjectHash> = []
    try cache.forEachPack { (pack) throws(VaultError) in
      packs.insert(pack.hash)
      return true
    }
    #expect(packs == Set(sample.packs))
  }

  @Test func journalEntriesComeBackAfterReopening() throws {
    var random = SeededGenerator(8)
    let repository = random.repository()
    let entries = (0..<1000).map { number in
      CachedEntry(
        number: UInt64(number), hash: random.id(),
        payload: [UInt8](repeating: UInt8(number % 251), count: number * 7))
    }
    let head = JournalHead(number: 999, hash: entries[999].hash)
    do {
      let cache = try open(repository)
      #expect(try cache.head() == nil)
      try cache.store(entries: entries, head: head)
    }
    let cache = try open(repository)
    #expect(try cache.head() == head)
    #expect(try cache.entry(512) == entries[512])
    #expect(try cache.entry(1000) == nil)
    // About a megabyte at once, from wherever.
    var seen: [CachedEntry] = []
    while seen.count < 983 {
      let batch = try cache.entries(in: 17 + UInt64(seen.count)..<5000)
      try #require(!batch.isEmpty)
      seen += batch
    }
    #expect(seen == Array(entries[17...]))
    #expect(try cache.entries(in: 5..<9) == Array(entries[5..<9]))
    #expect(try cache.entries(in: 1000..<2000) == [])
  }

  @Test func removeAllForgetsAllButGoesOnCounting() throws {
    var random = SeededGenerator(9)
    let cache = try open(random.repository())
    let sample = try SampleSegment(packCount: 2, framesPerPack: 2, chunksPerFrame: 9, &random)
    try cache.importSegment(sample.name, sample.segment)
    try cache.removeAll()
    let counts = try cache.counts()
    #expect(counts.chunkCount == 0 && counts.packCount == 0 && counts.packBytes == 0)
    try cache.importSegment(sample.name, sample.segment)
    #expect(try cache.pack(named: sample.packs[0]).map { $0.number >= 2 } == true)
  }

  @Test func largeImportSpillsAndMerges() throws {
    var random = SeededGenerator(10)
    let cache = try open(random.repository(), mapSize: 1 << 20)
    var samples: [ObjectHash: SampleSegment] = [:]
    var known: [ChunkID] = []
    for _ in 0..<6 {
      let sample = try SampleSegment(
        packCount: 5, framesPerPack: 20, chunksPerFrame: 40, known: known, &random)
      known += sample.places.keys.sorted().prefix(300)
      samples[sample.name] = sample
    }
    let result = try cache.importSegments(samples.keys.sorted(), rowsInMemory: 3000) {
      samples[$0]?.segment
    }
    var expected: [ChunkID: Set<NamedPlace>] = [:]
    for sample in samples.values { expected.merge(sample.places) { $0.union($1) } }
    #expect(result.placeCount == expected.values.reduce(0) { $0 + $1.count })
    #expect(try cache.counts().chunkCount == expected.count)
    let reader = try cache.reader()
    for (id, places) in expected { #expect(try cache.namedPlaces(id, reader) == places) }
    // Once more into a table that is not empty.
    var more: [ObjectHash: SampleSegment] = [:]
    for _ in 0..<3 {
      let sample = try SampleSegment(
        packCount: 3, framesPerPack: 20, chunksPerFrame: 40, known: known, &random)
      more[sample.name] = sample
      expected.merge(sample.places) { $0.union($1) }
    }
    _ = try cache.importSegments(more.keys.sorted(), rowsInMemory: 1000) { more[$0]?.segment }
    for (id, places) in expected { #expect(try cache.namedPlaces(id, reader) == places) }
  }
}
