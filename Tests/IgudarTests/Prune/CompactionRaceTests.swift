// Index segments that are merged while another prune takes the new one for left behind.

import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct CompactionRaceTests {
  private let small: SmallRepository

  /// More small segments than are left alone.
  init() throws {
    small = try SmallRepository()
    for number in 0..<17 {
      try small.write("\(number)", [UInt8]("barley \(number)".utf8))
      _ = try small.backUp()
    }
  }

  private static func sweepOrphan(in small: SmallRepository) throws {
    let vault = small.repository.vault
    let orphans = try small.store.list(prefix: "index/")
      .compactMap { ObjectHash(hex: $0.name.lastPart) }
      .filter { vault.journal.state.segmentState($0) == nil }
    #expect(orphans.count == 1)
    try vault.condemn(rescuing: []) { _ in ([], orphans) }
    var report = SweepReport()
    _ = try vault.sweep(grace: 0, StoreListing(vault), &report)
  }

  @Test func aMergedSegmentThatWasSweptIsNotNamed() throws {
    let small = small
    let hasSwept = Atomic<Bool>(false)
    let store = FaultyStore(small.store) { (operation, name, _) throws(StoreError) in
      guard operation == .create, name?.description.hasPrefix("journal/") == true,
        !hasSwept.exchange(true, ordering: .relaxed)
      else { return }
      do { try Self.sweepOrphan(in: small) } catch { Issue.record("\(error)") }
    }
    let other = try Repository.open(
      store, secret: small.secret, places: LocalPlaces(cache: nil, state: nil) { _ in })
    try other.vault.refresh()
    #expect(try other.vault.compactIndex() == nil)
    #expect(try other.vault.compactIndex() != nil)
    try small.reopen()
    let report = try Check(small.repository, reading: .all, jobs: 1).run { Issue.record("\($0)") }
    #expect(report.isClean && report.snapshotCount == 17)
  }
}
