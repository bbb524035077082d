// What a prune takes away, and above all what it must leave.

import Platform
import Storage
import Synchronization
import Testing
import Vault

@testable import Igudar

@Suite struct PruneTests {
  private let small: SmallRepository
  private var random = SeededGenerator(seed: 11)
  private var progress = PruneProgress()

  init() throws { small = try SmallRepository() }

  private func forget(_ snapshot: SnapshotInfo) throws {
    try small.repository.vault.journal.append { _ in .tombstone([snapshot.id]) }
  }

  private func forgetAllButLast() throws {
    for snapshot in try small.repository.snapshots().dropLast() { try forget(snapshot) }
  }

  /// Backs up four files, takes some away, backs up again and forgets the first.
  private mutating func forgetFields(_ gone: String...) throws {
    for name in ["rye", "barley", "wheat", "oats"] {
      try small.write(name, random.noise(900_000))
    }
    _ = try small.backUp()
    try small.shell("rm \(gone.joined(separator: " "))")
    _ = try small.backUp()
    try forgetAllButLast()
  }

  private func requireWhole(snapshots: Int) throws {
    try small.reopen()
    #expect(try small.repository.snapshots().count == snapshots)
    let report = try Check(small.repository, reading: .all, jobs: 1).run { event in
      Issue.record("\(event)")
    }
    #expect(report.findings.isEmpty && report.damagedPathCount == 0)
  }

  private mutating func prune(_ change: (inout PruneOptions) -> Void = { _ in }) throws
    -> PruneReport
  {
    var options = PruneOptions()
    options.graceSeconds = 0
    options.maxUnused = .bytes(0)
    change(&options)
    progress = PruneProgress()
    return try Prune(small.repository, options: options).run(progress: progress)
  }

  // Chunks that the last prune walked to.
  private func chunksLookedAt(by _: PruneReport) -> UInt64 { progress.chunkCount }

  private func packBytes() throws -> Int {
    try small.store.list(prefix: "packs/").reduce(0) { $0 + $1.size }
  }

  @Test mutating func packsOfForgottenSnapshotsGoAndTheOthersStay() throws {
    try small.write("rye", random.noise(300_000))
    let first = try small.backUp()
    try small.write("barley", random.noise(300_000))
    _ = try small.backUp()
    let before = try small.store.list(prefix: "packs/").count
    #expect(try Prune(small.repository, graceSeconds: 0).run().condemnedPackCount == 0)
    try small.shell("rm rye")
    _ = try small.backUp()
    try forgetAllButLast()
    #expect(try !small.repository.snapshots().map(\.id).contains(first.id))

    let waiting = try Prune(small.repository, graceSeconds: 86_400).run()
    #expect(waiting.condemnedPackCount > 0 && waiting.deletedObjectCount == 0)
    #expect(waiting.plan.freedNow == 0 && waiting.plan.freedLater > 300_000)
    let done = try Prune(small.repository, graceSeconds: 0).run()
    #expect(done.condemnedPackCount == 0)
    #expect(done.deletedObjectCount >= waiting.condemnedPackCount)
    #expect(done.deletedBytes >= waiting.condemnedBytes)
    #expect(try small.store.list(prefix: "packs/").count <= before)
    try requireWhole(snapshots: 1)
  }

  @Test mutating func aPartlyNeededPackIsWrittenAnew() throws {
    try forgetFields("rye", "oats")
    let plan = try Prune(small.repository, options: PruneOptions()).plan()
    #expect(plan.repacked.packCount > 0 && plan.movedBytes < plan.repacked.bytes * 2 / 3)
    let before = try small.store.list(prefix: "")
    #expect(before.map(\.name) == (try small.store.list(prefix: "").map(\.name)))

    let report = try prune()
    #expect(report.repackedPackCount > 0 && report.damagedPacks.isEmpty)
    #expect(try packBytes() < 2_000_000)
    try requireWhole(snapshots: 1)
    let again = try prune()
    #expect(again.condemnedPackCount == 0 && again.plan.unusedBytes == 0)
  }

  @Test mutating func whatMayStayUnusedStays() throws {
    try forgetFields("rye")
    let unlimited = try prune { $0.maxUnused = .unlimited }
    #expect(unlimited.repackedPackCount == 0)
    #expect(unlimited.plan.limits == [.maxUnused])
    #expect(unlimited.plan.unusedBytesAfter > 800_000)
    let capped = try prune { $0.maxRepackBytes = 100_000 }
    #expect(capped.plan.limits == [.maxRepackSize])
    let late = try prune { $0.maxSeconds = 0 }
    #expect(late.isOutOfTime && late.repackedPackCount == 0)
    #expect(try prune().repackedPackCount > 0)
    try requireWhole(snapshots: 1)
  }

  @Test mutating func manySmallPacksBecomeFew() throws {
    for round in 0..<17 {
      try small.write("grain \(round)", random.noise(20_000))
      _ = try small.backUp()
    }
    #expect(try small.store.list(prefix: "packs/").count >= 34)
    _ = try prune()
    #expect(try small.store.list(prefix: "packs/").count == 2)
    // What told of the old packs went with them.
    #expect(try small.store.list(prefix: "index/").count == 1)
    try requireWhole(snapshots: 17)
  }

  @Test mutating func manySmallSegmentsBecomeOne() throws {
    for round in 0..<17 {
      try small.write("grain \(round)", random.noise(20_000))
      _ = try small.backUp()
    }
    #expect(try small.store.list(prefix: "index/").count == 17)
    let report = try prune { $0.maxRepackBytes = 0 }
    #expect(report.condemnedPackCount == 0 && report.deletedObjectCount == 17)
    #expect(try small.store.list(prefix: "index/").count == 1)
    try requireWhole(snapshots: 17)
  }

  @Test mutating func anUnchangedRepositoryIsNotReadAgain() throws {
    try small.write("rye", random.noise(900_000))
    try small.write("barley", random.noise(900_000))
    _ = try small.backUp()
    try small.shell("rm rye")
    _ = try small.backUp()
    try forgetAllButLast()
    #expect(try prune().repackedPackCount > 0)
    let again = try prune()
    #expect(again.condemnedPackCount == 0 && chunksLookedAt(by: again) == 0)
    #expect(try again.plan.total.bytes == UInt64(packBytes()))
    #expect(try again.plan.total.packCount == UInt64(small.store.list(prefix: "packs/").count))

    // Other wishes, or news, and everything is looked at.
    let unlimited = try prune { $0.maxUnused = .unlimited }
    #expect(chunksLookedAt(by: unlimited) > 0)
    let whole = try prune()
    #expect(chunksLookedAt(by: whole) > 0)
    try small.write("oats", random.noise(900_000))
    try forget(try small.backUp())
    let news = try prune()
    #expect(news.condemnedPackCount > 0 && chunksLookedAt(by: news) > 0)
    try requireWhole(snapshots: 1)
  }

  @Test mutating func aStoreThatFillsUpKeepsWhatIsThere() throws {
    try forgetFields("rye")
    let isFull = Mutex(true)
    let before = try Set(small.store.list(prefix: "packs/").map(\.name))
    try small.open(
      through: FaultyStore(small.store) { (operation, name, _) throws(StoreError) in
        // The packs find room, what tells of them does not.
        guard operation == .create, let name, case .segment = name.kind else { return }
        if isFull.withLock({ $0 }) { throw .full("no room") }
      })
    let report = try prune()
    #expect(report.isOutOfRoom && report.repackedPackCount == 0)
    // What was written for nothing takes no room.
    #expect(try before.isSuperset(of: small.store.list(prefix: "packs/").map(\.name)))
    isFull.withLock { $0 = false }
    #expect(try prune().repackedPackCount > 0)
    try requireWhole(snapshots: 1)
  }

  @Test mutating func aBackupAfterTheCondemnationKeepsWhatItUses() throws {
    try small.write("rye", random.noise(300_000))
    try forget(try small.backUp())
    #expect(try Prune(small.repository, graceSeconds: 86_400).run().condemnedPackCount > 0)
    _ = try small.backUp()
    _ = try Prune(small.repository, graceSeconds: 0).run()
    try requireWhole(snapshots: 1)
  }

  @Test mutating func nothingIsCondemnedWhereATreeCannotBeRead() throws {
    try small.write("rye", random.noise(300_000))
    _ = try small.backUp()
    for pack in try small.store.list(prefix: "packs/") { try small.store.delete(pack.name) }
    try small.reopen()
    #expect(throws: RepositoryError.self) {
      try Prune(small.repository, graceSeconds: 0).run()
    }
    #expect(small.repository.vault.journal.state.condemnedPacks.isEmpty)
  }

  @Test mutating func nothingIsCondemnedWhereTheIndexIsNotWhole() throws {
    try small.write("rye", random.noise(300_000))
    _ = try small.backUp()
    try small.write("barley", random.noise(300_000))
    try forget(try small.backUp())
    for segment in try small.store.list(prefix: "index/") {
      try small.store.delete(segment.name)
      try small.reopen()
      #expect(throws: RepositoryError.self) {
        try Prune(small.repository, graceSeconds: 0).run()
      }
      #expect(small.repository.vault.journal.state.condemnedPacks.isEmpty)
    }
  }

  @Test mutating func aDamagedPackStaysAndTheOthersAreWrittenAnew() throws {
    try small.write("rye", random.noise(900_000))
    try small.write("barley", random.noise(900_000))
    _ = try small.backUp()
    let damaged = try small.store.list(prefix: "packs/").max { $0.size < $1.size }
    let name = try #require(damaged).name
    try small.shell("rm barley")
    _ = try small.backUp()
    try forgetAllButLast()
    var bytes = try small.store.read(name, limit: 1 << 30)
    for place in stride(from: 1000, to: bytes.count, by: 1000) { bytes[place] ^= 1 }
    small.store.overwrite(name, with: bytes)
    try small.reopen()
    let report = try prune()
    #expect(report.damagedPacks.map(\.pack) == [name.description])
    #expect(try small.store.list(prefix: "packs/").map(\.name).contains(name))
  }
}
