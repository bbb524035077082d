// What `stats` counts, in each of its ways, against numbers known beforehand.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

@Suite struct StatisticsTests {
  private let small: SmallRepository

  init() throws {
    small = try SmallRepository()
    var random = SeededGenerator(seed: 1)
    try small.shell("mkdir a b")
    try small.write("a/large", random.noise(300_000))
    try small.write("a/one", Array("same".utf8))
    try small.write("b/two", Array("same".utf8))
    try small.write("b/none", [])
    try small.shell("ln a/large b/linked; ln -s none link; truncate -s 1000000 hole")
  }

  @Test func restoreSizeCountsEverySnapshotAndHardLinksOnce() throws {
    let first = try small.backUp()
    let one = try small.statistics(.restoreSize, of: [first])
    #expect(one.totalSize == 300_000 + 4 + 4 + 1_000_000)
    #expect(one.snapshotCount == 1)
    #expect(one.totalChunkCount == 0)
    let second = try small.backUp(readsAll: true)
    let both = try small.statistics(.restoreSize, of: [first, second])
    #expect(both.totalSize == 2 * one.totalSize)
    #expect(both.totalFileCount == 2 * one.totalFileCount)
    #expect(both.snapshotCount == 2)
  }

  @Test func contentIsCountedOnceOverAllSnapshots() throws {
    let first = try small.backUp()
    let one = try small.statistics(.filesByContents, of: [first])
    #expect(one.totalSize == 300_000 + 4 + 1_000_000)
    #expect(one.totalFileCount == 4)
    try small.write("b/three", Array("another".utf8))
    try small.write("b/four", Array("same".utf8))
    let second = try small.backUp()
    let both = try small.statistics(.filesByContents, of: [first, second])
    #expect(both.totalSize == one.totalSize + 7)
    #expect(both.totalFileCount == 5)
  }

  @Test func chunksAreCountedPathByPath() throws {
    let first = try small.backUp()
    let one = try small.statistics(.chunksPerFile, of: [first])
    #expect(one.totalSize == 300_000 + 4)
    #expect(one.totalFileCount == 2)
    // Another content below a path counts what is new in it.
    try small.write("a/one", Array("other".utf8))
    let second = try small.backUp()
    let both = try small.statistics(.chunksPerFile, of: [first, second])
    #expect(both.totalSize == one.totalSize + 5)
    #expect(both.totalFileCount == 2)
    #expect(both.totalChunkCount == one.totalChunkCount + 1)
  }

  @Test func rawDataIsWhatTheStoreHolds() throws {
    let first = try small.backUp()
    let one = try small.statistics(.rawData, of: [first])
    let plain = one.totalUncompressedSize
    #expect(plain > 300_004)
    #expect(plain < 320_000)
    let again = try small.statistics(.rawData, of: [first, first])
    #expect(again.totalUncompressedSize == plain)
    #expect(again.totalSize == one.totalSize)
    let packs = try small.store.list(prefix: "packs/").reduce(0) { $0 + $1.size }
    #expect(one.totalSize <= packs)
    #expect(one.totalSize > 300_000)
    try small.write("b/three", Array("another".utf8))
    let second = try small.backUp()
    let both = try small.statistics(.rawData, of: [first, second])
    #expect(both.totalChunkCount > one.totalChunkCount)
    #expect(both.totalUncompressedSize > plain + 7)
  }

  @Test func everythingGoesThroughAFreshMachine() throws {
    let snapshot = try small.backUp()
    let before = try small.statistics(.rawData, of: [snapshot])
    try small.reopen()
    #expect(try small.statistics(.rawData, of: [snapshot]) == before)
  }

  @Test(arguments: CountingMode.allCases)
  func aStoreThatFailsEndsTheCount(_ mode: CountingMode) throws {
    let snapshot = try small.backUp()
    try small.open(
      through: FaultyStore(small.store) { (operation, name, _) throws(StoreError) in
        guard operation == .read, case .pack? = name?.kind else { return }
        throw .unavailable("the host is down")
      })
    #expect(throws: RepositoryError.store("the host is down")) {
      _ = try small.statistics(mode, of: [snapshot])
    }
  }

  @Test func whatIsLostIsToldAndCounted() throws {
    let snapshot = try small.backUp()
    for (name, _) in try small.store.list(prefix: "packs/") { try small.store.delete(name) }
    try small.reopen()
    for mode in CountingMode.allCases {
      var told = 0
      let statistics = try small.repository.statistics(of: [snapshot], counting: mode) {
        info, _, error in
        #expect(info.id == snapshot.id)
        if case .damaged = error { told += 1 } else { Issue.record("\(error)") }
      }
      #expect(told > 0)
      #expect(statistics.unreadableCount == UInt64(told))
    }
  }
}
