// What interrupted backups left, once a whole snapshot is there.

import Platform
import Storage
import Testing

@testable import Igudar
@testable import Vault

@Suite struct PartialSnapshotTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
    try harvest.shell("echo barley > src/grain")
  }

  // As an interrupted backup of `src` leaves it.
  private func leavePartial() throws -> SnapshotID {
    let crafted = try CraftedSnapshot(in: harvest)
    let folder = try crafted.folder([CraftedSnapshot.entry("fifo", .fifo)])
    let info = try crafted.commit(folder, isPartial: true) { snapshot in
      snapshot.paths = [harvest.folder.appending("src")]
    }
    return info.id
  }

  @Test func theNextSnapshotTakesThePlaceOfAllButThePinned() throws {
    let (pinned, other) = (try leavePartial(), try leavePartial())
    try harvest.repository.pin(pinned, Pin(reason: []))
    let whole = try #require(try harvest.backup().snapshot)
    let live = Set(try harvest.repository.snapshots().map(\.id))
    #expect(live == [pinned, whole], "\(other) is forgotten")
  }

  @Test func aSnapshotIsSavedAlsoWhereThePartialOnesCannotBeForgotten() throws {
    let partial = try leavePartial()
    let tail = harvest.repository.vault.journal.state.nextNumber
    let store = FaultyStore(harvest.store) { (operation, name, _) throws(StoreError) in
      guard operation == .create, case .journal(let number)? = name?.kind, number > tail else {
        return
      }
      throw .full("\(harvest.folder)")
    }
    let backup = Backup(
      [harvest.folder.appending("src")], to: try harvest.open(store), options: BackupOptions())
    let summary = try backup.run { _ in }
    let live = Set(try harvest.open(harvest.store).snapshots().map(\.id))
    #expect(live == [partial, try #require(summary.snapshot)])
  }
}
