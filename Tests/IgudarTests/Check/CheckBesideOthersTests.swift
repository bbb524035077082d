// What a check must not take for damage: a store that does not answer, and what a prune takes away while
// the check is under way.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct CheckBesideOthersTests {
  private let half: HalfNeededRepository

  init() throws { half = try HalfNeededRepository() }

  @Test func aStoreThatDoesNotAnswerIsNoDamage() throws {
    let store = FaultyStore(half.small.store) { (operation, name, _) throws(StoreError) in
      guard operation == .read, name?.description.hasPrefix("packs/") == true else { return }
      throw .unavailable("no answer")
    }
    let repository = try half.open(store)
    #expect(throws: RepositoryError.self) {
      try Check(repository, reading: .none, jobs: 1).run { Issue.record("\($0)") }
    }
  }

  @Test(arguments: ["index/", "packs/"])
  func whatAPruneDeletesMeanwhileIsNotMissing(moment: String) throws {
    let hasPruned = Mutex(false)
    let other = half.small.repository
    let repository = try half.open(before: moment) {
      hasPruned.withLock { $0 = true }
      try Scene.prune(other, graceSeconds: 0)
    }
    let report = try Check(repository, reading: .all, jobs: 1).run { Issue.record("\($0)") }
    #expect(hasPruned.withLock { $0 })
    #expect(report.isClean && report.damagedPathCount == 0)
    #expect(report.snapshotCount == 1)
  }
}
