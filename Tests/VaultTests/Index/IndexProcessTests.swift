// Several processes and threads on one cache. The second process is an exit test's.

import Glibc
import Platform
import Testing

@testable import Vault

@Suite struct IndexProcessTests {
  static let repository: RepositoryID = {
    var random = SeededGenerator(51)
    return random.repository()
  }()

  static func open(_ base: String) throws -> IndexCache {
    try IndexCache.open(below: FilePath(base), repository: repository, mapSize: 128 << 10) {
      fatalError($0)
    }
  }

  static func sample(_ seed: UInt64, packs: Int = 4) throws -> SampleSegment {
    var random = SeededGenerator(seed)
    return try SampleSegment(packCount: packs, framesPerPack: 10, chunksPerFrame: 50, &random)
  }

  static func expect(_ sample: SampleSegment, in cache: IndexCache) throws {
    let reader = try cache.reader()
    for (id, places) in sample.places { #expect(try cache.namedPlaces(id, reader) == places) }
  }

  @Test func anotherProcessAddsAndTheMapGrows() async throws {
    let folder = ScratchFolder(onDisk: true)
    let base = String(decoding: folder.path.bytes, as: UTF8.self)
    let cache = try Self.open(base)
    let first = try Self.sample(1)
    try cache.importSegment(first.name, first.segment)
    let reader = try cache.reader()
    #expect(try reader.find(try #require(first.places.keys.first)) != nil)

    await #expect(processExitsWith: .success) { [base = base as String] in
      let cache = try Self.open(base)
      try Self.expect(Self.sample(1), in: cache)
      // Far more than our map has room for.
      for seed in 2..<6 {
        let more = try Self.sample(UInt64(seed), packs: 12)
        try cache.importSegment(more.name, more.segment)
      }
      try cache.setPackState(.swept, of: Self.sample(1).packs)
      exit(EXIT_SUCCESS)
    }

    // The reader that was there before sees it all.
    for seed in 2..<6 {
      let more = try Self.sample(UInt64(seed), packs: 12)
      for (id, places) in more.places { #expect(try cache.namedPlaces(id, reader) == places) }
    }
    for id in first.places.keys { #expect(try reader.find(id) == nil) }
    let last = try Self.sample(6)
    try cache.importSegment(last.name, last.segment)
    try Self.expect(last, in: cache)
  }

  @Test func killedProcessLeavesAWholeCacheAndNoLock() async throws {
    let folder = ScratchFolder(onDisk: true)
    let base = String(decoding: folder.path.bytes, as: UTF8.self)
    do {
      let cache = try Self.open(base)
      let first = try Self.sample(1)
      try cache.importSegment(first.name, first.segment)
    }
    await #expect(processExitsWith: .signal(SIGKILL)) { [base = base as String] in
      let cache = try Self.open(base)
      let reader = try cache.reader()
      let second = try Self.sample(2)
      try cache.importSegment(second.name, second.segment)
      let snapshot = try cache.shared.begin()
      _ = (reader, snapshot)
      // In the middle of a write transaction, with a read open as well.
      try cache.environment.write { (writer) throws(LMDBError) in
        try writer.clear(cache.tables.chunks)
        kill(getpid(), SIGKILL)
      }
    }
    let cache = try Self.open(base)
    #expect(try cache.importedSegments().count == 2)
    try Self.expect(Self.sample(1), in: cache)
    try Self.expect(Self.sample(2), in: cache)
    let third = try Self.sample(3)
    try cache.importSegment(third.name, third.segment)
    try Self.expect(third, in: cache)
  }

  @Test func threadsReadWhileOthersWriteAndTheMapGrows() throws {
    let folder = ScratchFolder(onDisk: true)
    let cache = try Self.open(String(decoding: folder.path.bytes, as: UTF8.self))
    let first = try Self.sample(1)
    try cache.importSegment(first.name, first.segment)
    let ids = Array(first.places.keys)
    let failures = Warnings()
    let readers = (0..<3).map { number in
      Platform.Thread.start(name: "reader \(number)") {
        do {
          let reader = try cache.reader()
          for round in 0..<20 {
            for id in ids where try reader.find(id) == nil { failures.add("lost in \(round)") }
          }
        } catch {
          failures.add("\(error)")
        }
      }
    }
    for seed in 2..<10 {
      let more = try Self.sample(UInt64(seed), packs: 6)
      try cache.importSegment(more.name, more.segment)
    }
    for reader in readers { reader.join() }
    #expect(failures.all.isEmpty)
    #expect(cache.environment.mapSize > 128 << 10)
    for seed in 2..<10 { try Self.expect(Self.sample(UInt64(seed), packs: 6), in: cache) }
  }

  @Test func openingsInOneProcessShareTheCache() throws {
    let folder = ScratchFolder(onDisk: true)
    let base = String(decoding: folder.path.bytes, as: UTF8.self)
    let failures = Warnings()
    let sample = try Self.sample(1)
    let threads = (0..<4).map { number in
      Platform.Thread.start(name: "opener \(number)") {
        do {
          for _ in 0..<30 {
            let cache = try Self.open(base)
            try cache.importSegment(sample.name, sample.segment)
            let reader = try cache.reader()
            for id in sample.places.keys.prefix(5) where try reader.find(id) == nil {
              failures.add("lost")
            }
          }
        } catch {
          failures.add("\(error)")
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.all == [])
    let cache = try Self.open(base)
    #expect(try cache.counts().placeCount == 2000)
  }
}
