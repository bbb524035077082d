// Prunes between the steps of backups, and backups, forgets and other prunes between the steps of a
// prune. Whatever comes in between, every snapshot that counts is whole, and who lost something says so.

import Platform
import Storage
import Synchronization
import Testing
import Vault

@testable import Igudar

@Suite struct PruneRaceTests {
  private let small: SmallRepository
  private var random = SeededGenerator(seed: 23)

  init() throws { small = try SmallRepository() }

  /// The repository through a store that calls `body` before the first entry is created there.
  private func repository(
    interruptedBy body: @escaping @Sendable () throws -> Void
  ) throws -> Repository {
    try open(FaultyStore.interrupting(small.store, by: body))
  }

  private func open(_ store: any ObjectStore) throws -> Repository {
    try Repository.open(
      store, secret: small.secret, places: LocalPlaces(cache: nil, state: nil) { _ in })
  }

  private func options(graceSeconds: Int64) -> PruneOptions {
    var options = PruneOptions()
    options.graceSeconds = graceSeconds
    options.maxUnused = .bytes(0)
    return options
  }

  private func forgetAllButLast() throws {
    try small.repository.vault.refresh()
    for snapshot in try small.repository.snapshots().dropLast() {
      try small.repository.vault.journal.append { _ in .tombstone([snapshot.id]) }
    }
  }

  private func requireWhole(snapshots: Int) throws {
    try small.reopen()
    #expect(try small.repository.snapshots().count == snapshots)
    let report = try Check(small.repository, reading: .all, jobs: 1).run { event in
      Issue.record("\(event)")
    }
    #expect(report.findings.isEmpty && report.damagedPathCount == 0)
  }

  @Test mutating func aBackupBetweenThePlanAndItsEntryKeepsWhatItUses() throws {
    let (rye, barley) = (random.noise(900_000), random.noise(900_000))
    try small.write("rye", rye)
    try small.write("barley", barley)
    _ = try small.backUp()
    try small.shell("rm barley")
    _ = try small.backUp()
    try forgetAllButLast()
    let small = small
    let other = try repository {
      // What was given up is there again, in chunks that the repository still has.
      try small.write("barley", barley)
      _ = try small.backUp()
    }
    _ = try Prune(other, options: options(graceSeconds: 0)).run()
    try requireWhole(snapshots: 2)
    _ = try Prune(small.repository, options: options(graceSeconds: 0)).run()
    try requireWhole(snapshots: 2)
  }

  @Test mutating func aSnapshotThatIsRevivedMeanwhileKeepsItsData() throws {
    try small.write("rye", random.noise(900_000))
    try small.write("barley", random.noise(900_000))
    let first = try small.backUp()
    try small.shell("rm barley")
    _ = try small.backUp()
    try forgetAllButLast()
    let small = small
    let other = try repository {
      try small.repository.vault.journal.append { _ in .revive([first.id]) }
    }
    _ = try Prune(other, options: options(graceSeconds: 0)).run()
    try requireWhole(snapshots: 2)
  }

  @Test mutating func anotherPruneMeanwhileTakesNothingThatIsNeeded() throws {
    for name in ["rye", "barley", "wheat"] { try small.write(name, random.noise(900_000)) }
    _ = try small.backUp()
    try small.shell("rm barley")
    _ = try small.backUp()
    try forgetAllButLast()
    let (small, options) = (small, options(graceSeconds: 86_400))
    let other = try repository {
      _ = try Prune(small.repository, options: options).run()
    }
    _ = try Prune(other, options: options).run()
    try requireWhole(snapshots: 1)
    _ = try Prune(small.repository, options: self.options(graceSeconds: 0)).run()
    try requireWhole(snapshots: 1)
  }

  /// The repository through a store in which another prunes before packs are read for the `turn`-th
  /// time.
  private func repository(prunedBeforeRead turn: Int) throws -> Repository {
    let (small, options) = (small, options(graceSeconds: 0))
    return try open(
      FaultyStore.reading(small.store, turn: turn) {
        _ = try Prune(small.repository, options: options).run()
      })
  }

  // Whichever read it is that the other comes before: what it took out is no damage.
  @Test(arguments: 0..<24)
  mutating func whatAnotherPruneTakesOutMeanwhileIsNotDamaged(_ turn: Int) throws {
    for name in ["rye", "barley", "wheat"] { try small.write(name, random.noise(300_000)) }
    _ = try small.backUp()
    for name in ["rye", "barley"] {
      try small.write(name, random.noise(300_000))
      _ = try small.backUp()
    }
    try forgetAllButLast()
    let other = try repository(prunedBeforeRead: turn)
    let report = try Prune(other, options: options(graceSeconds: 0)).run()
    #expect(report.damagedPacks.isEmpty, "\(report.damagedPacks)")
    try requireWhole(snapshots: 1)
  }

  @Test(arguments: 0..<6)
  mutating func anIndexIsRebuiltBesideAPrune(_ turn: Int) throws {
    for name in ["rye", "barley", "wheat"] {
      try small.write(name, random.noise(300_000))
      _ = try small.backUp()
    }
    try small.write("rye", random.noise(300_000))
    _ = try small.backUp()
    try forgetAllButLast()
    let other = try repository(prunedBeforeRead: turn)
    let report = try IndexRepair(other).run { _, _ in }
    #expect(report.unreadable.isEmpty, "\(report.unreadable)")
    try requireWhole(snapshots: 1)
  }

  @Test mutating func aBackupRescuesItsPacksFromAPrune() throws {
    try small.write("rye", random.noise(900_000))
    let (small, options) = (small, options(graceSeconds: 86_400))
    let bystander = try open(small.store)
    try small.open(
      through: FaultyStore.interrupting(small.store) {
        // The packs of the backup are in the store, and no entry names them yet.
        let report = try Prune(bystander, options: options).run()
        #expect(report.plan.orphans.packCount == 2)
      })
    _ = try small.backUp()
    _ = try Prune(bystander, options: self.options(graceSeconds: 0)).run()
    try requireWhole(snapshots: 1)
  }

  @Test mutating func aBackupWhosePacksWereSweptFailsAndHarmsNothing() throws {
    try small.write("barley", random.noise(300_000))
    _ = try small.backUp()
    try small.write("rye", random.noise(900_000))
    let (small, options) = (small, options(graceSeconds: 0))
    let bystander = try open(small.store)
    try small.open(
      through: FaultyStore.interrupting(small.store) {
        _ = try Prune(bystander, options: options).run()
      })
    #expect(throws: RepositoryError.self) { try small.backUp() }
    try requireWhole(snapshots: 1)
    _ = try small.backUp()
    try requireWhole(snapshots: 2)
  }

  @Test mutating func whatACrashedBackupLeftGoes() throws {
    try small.write("barley", random.noise(300_000))
    _ = try small.backUp()
    let before = try small.store.list(prefix: "packs/").map(\.name)
    try small.write("rye", random.noise(900_000))
    let store = small.store
    let count = Mutex(0)
    let crashing = FaultyStore(store) { (operation, name, _) throws(StoreError) in
      guard operation == .create, let name, case .journal = name.kind else { return }
      count.withLock { $0 += 1 }
      throw .failed("the end of the process")
    }
    try small.open(through: crashing)
    #expect(throws: RepositoryError.self) { try small.backUp() }
    #expect(try small.store.list(prefix: "packs/").count > before.count)
    try small.reopen()
    _ = try Prune(small.repository, options: options(graceSeconds: 0)).run()
    #expect(try small.store.list(prefix: "packs/").map(\.name) == before)
    try requireWhole(snapshots: 1)
  }

  // MARK: The same chunks in two packs

  private mutating func duplicates() throws {
    try small.write("rye", random.noise(900_000))
    let small = small
    let other = try open(small.store)
    try small.open(
      through: FaultyStore.interrupting(small.store) {
        // Another client saves the same files at the same time.
        var options = BackupOptions()
        options.jobs = 1
        _ = try Backup([small.path], to: other, options: options).run { _ in }
      })
    _ = try small.backUp()
    try small.reopen()
    #expect(try small.repository.snapshots().count == 2)
  }

  @Test mutating func ofTwoPlacesOneStays() throws {
    try duplicates()
    let plan = try Prune(small.repository, options: options(graceSeconds: 0)).plan()
    #expect(plan.duplicateBytes >= 900_000)
    _ = try Prune(small.repository, options: options(graceSeconds: 0)).run()
    let bytes = try small.store.list(prefix: "packs/").reduce(0) { $0 + $1.size }
    #expect(bytes < 1_500_000)
    try requireWhole(snapshots: 2)
  }

  @Test(arguments: [0, 1])
  mutating func ofTwoPlacesTheWholeOneStays(_ which: Int) throws {
    try duplicates()
    let large = try small.store.list(prefix: "packs/").filter { $0.size > 900_000 }
    #expect(large.count == 2)
    var bytes = try small.store.read(large[which].name, limit: 1 << 30)
    for place in stride(from: 200, to: 900_000, by: 5000) { bytes[place] ^= 1 }
    small.store.overwrite(large[which].name, with: bytes)
    try small.reopen()
    _ = try Prune(small.repository, options: options(graceSeconds: 0)).run()
    let left = try small.store.list(prefix: "packs/").map(\.name)
    #expect(left.contains(large[1 - which].name))
    for snapshot in try small.repository.snapshots() {
      _ = try small.file("rye", in: snapshot)
    }
    try small.reopen()
    let report = try Check(small.repository, reading: .all, jobs: 1).run { _ in }
    #expect(report.damagedPathCount == 0)
  }
}

extension FaultyStore {
  /// A store that calls `body` before the packs are read through it for the `turn`-th time.
  fileprivate static func reading(
    _ store: MemoryStore, turn: Int, by body: @escaping @Sendable () throws -> Void
  ) -> FaultyStore {
    let count = Atomic<Int>(0)
    return FaultyStore(store) { (operation, name, _) throws(StoreError) in
      guard operation == .read, let name, case .pack = name.kind,
        count.add(1, ordering: .relaxed).oldValue == turn
      else { return }
      do { try body() } catch { Issue.record("\(error)") }
    }
  }

  /// A store that calls `body` before the first entry of the journal is created through it.
  fileprivate static func interrupting(
    _ store: MemoryStore, by body: @escaping @Sendable () throws -> Void
  ) -> FaultyStore {
    let isDone = Mutex(false)
    return FaultyStore(store) { (operation, name, _) throws(StoreError) in
      guard operation == .create, let name, case .journal = name.kind else { return }
      let isFirst = isDone.withLock { done in
        defer { done = true }
        return !done
      }
      guard isFirst else { return }
      do { try body() } catch { Issue.record("\(error)") }
    }
  }
}
