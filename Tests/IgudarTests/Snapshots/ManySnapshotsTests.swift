// Snapshots of a repository that has more of them than one processor opens alone.

import Platform
import Testing

@testable import Igudar
@testable import Vault

@Suite struct ManySnapshotsTests {
  @Test func recordsOpenedByAllProcessorsAreInTheOrderOfTheJournal() throws {
    let harvest = try Harvest()
    let crafted = try CraftedSnapshot(in: harvest)
    let folder = try crafted.folder([CraftedSnapshot.entry("fifo", .fifo)])
    var saved: [SnapshotID] = []
    for number in 0..<(40 * processorCount()) {
      // Later ones are older, so that nothing but the journal can have put them in this order.
      let info = try crafted.commit(folder) { snapshot in
        snapshot.time = Timestamp(seconds: 1_000_000_000 - Int64(number), nanoseconds: 0)
        snapshot.description = Array("\(number)".utf8)
      }
      saved.append(info.id)
    }
    let found = try harvest.open(harvest.store).allSnapshots()
    #expect(found.map(\.id) == saved)
    #expect(found.map(\.snapshot.description) == saved.indices.map { Array("\($0)".utf8) })
    #expect(try harvest.repository.snapshots().map(\.id) == saved.reversed())
  }
}
