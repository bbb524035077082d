// What a prune takes away, and above all what it must leave.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

@Suite struct PruneTests {
  private func forget(_ snapshot: SnapshotInfo, in repository: Repository) throws {
    try repository.vault.journal.append { _ in .tombstone([snapshot.id]) }
  }

  private func requireWhole(_ small: SmallRepository, snapshots: Int) throws {
    try small.reopen()
    #expect(try small.repository.snapshots().count == snapshots)
    let report = try Check(small.repository, reading: .all, jobs: 1).run { event in
      Issue.record("\(event)")
    }
    #expect(report.findings.isEmpty && report.damagedPathCount == 0)
  }

  @Test func packsOfForgottenSnapshotsGoAndTheOthersStay() throws {
    var random = SeededGenerator(seed: 11)
    let small = try SmallRepository()
    try small.write("rye", random.noise(300_000))
    let first = try small.backUp()
    try small.write("barley", random.noise(300_000))
    _ = try small.backUp()
    let before = try small.store.list(prefix: "packs/").count
    #expect(try Prune(small.repository, graceSeconds: 0).run().condemnedPackCount == 0)
    try small.shell("rm rye")
    _ = try small.backUp()
    for snapshot in try small.repository.snapshots().dropLast() {
      try forget(snapshot, in: small.repository)
    }
    #expect(try !small.repository.snapshots().map(\.id).contains(first.id))

    let waiting = try Prune(small.repository).run()
    #expect(waiting.condemnedPackCount > 0 && waiting.sweep.deletedCount == 0)
    let done = try Prune(small.repository, graceSeconds: 0).run()
    #expect(done.condemnedPackCount == 0)
    #expect(done.sweep.deletedCount == waiting.condemnedPackCount)
    #expect(done.sweep.deletedBytes == waiting.condemnedBytes)
    #expect(try small.store.list(prefix: "packs/").count <= before)
    try requireWhole(small, snapshots: 1)
  }

  @Test func aBackupAfterTheCondemnationKeepsWhatItUses() throws {
    var random = SeededGenerator(seed: 12)
    let small = try SmallRepository()
    try small.write("rye", random.noise(300_000))
    try forget(try small.backUp(), in: small.repository)
    #expect(try Prune(small.repository).run().condemnedPackCount > 0)
    _ = try small.backUp()
    _ = try Prune(small.repository, graceSeconds: 0).run()
    try requireWhole(small, snapshots: 1)
  }

  @Test func nothingIsCondemnedWhereATreeCannotBeRead() throws {
    var random = SeededGenerator(seed: 13)
    let small = try SmallRepository()
    try small.write("rye", random.noise(300_000))
    _ = try small.backUp()
    for pack in try small.store.list(prefix: "packs/") { try small.store.delete(pack.name) }
    try small.reopen()
    #expect(throws: VaultError.self) { try Prune(small.repository, graceSeconds: 0).run() }
    #expect(small.repository.vault.journal.state.condemnedPacks.isEmpty)
  }
}
