// What a check must not take for damage: a store that does not answer, and what a prune takes away while
// the check is under way.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct CheckBesideOthersTests {
  private let small: SmallRepository

  /// Two snapshots; the first is forgotten, and half of its pack is needed by nobody.
  init() throws {
    var random = SeededGenerator(seed: 21)
    small = try SmallRepository()
    try small.write("rye", random.noise(300_000))
    try small.write("barley", random.noise(300_000))
    let first = try small.backUp()
    try small.shell("rm rye; mkdir more; seq 1 1000 > more/oats")
    _ = try small.backUp()
    try small.repository.vault.journal.append { _ in .tombstone([first.id]) }
  }

  private func open(_ observer: @escaping FaultyStore.Observer) throws -> Repository {
    try Repository.open(
      FaultyStore(small.store, observer: observer), secret: small.secret,
      places: LocalPlaces(cache: nil, state: nil) { _ in })
  }

  @Test func aStoreThatDoesNotAnswerIsNoDamage() throws {
    let repository = try open { (operation, name, _) throws(StoreError) in
      guard operation == .read, name?.description.hasPrefix("packs/") == true else { return }
      throw .unavailable("no answer")
    }
    #expect(throws: RepositoryError.self) {
      try Check(repository, reading: .none, jobs: 1).run { Issue.record("\($0)") }
    }
  }

  @Test(arguments: ["index/", "packs/"])
  func whatAPruneDeletesMeanwhileIsNotMissing(moment: String) throws {
    let hasPruned = Mutex(false)
    let other = small.repository
    let repository = try open { (operation, name, _) throws(StoreError) in
      guard operation == .read, name?.description.hasPrefix(moment) == true,
        hasPruned.withLock({ pruned in
          defer { pruned = true }
          return !pruned
        })
      else { return }
      do { try Scene.prune(other, graceSeconds: 0) } catch { Issue.record("\(error)") }
    }
    let report = try Check(repository, reading: .all, jobs: 1).run { Issue.record("\($0)") }
    #expect(hasPruned.withLock { $0 })
    #expect(report.isClean && report.damagedPathCount == 0)
    #expect(report.snapshotCount == 1)
  }
}
