// Changes to snapshots by several people at once: none is lost, and none is made to what is gone.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

@Suite struct SnapshotChangeTests {
  private let harvest: Harvest
  private let id: SnapshotID

  init() throws {
    harvest = try Harvest()
    try harvest.shell("echo barley > src/grain")
    id = try #require(try harvest.backup().snapshot)
  }

  private func add(_ tag: String, in repository: Repository) throws -> Bool {
    try repository.amend(id) { info in
      let tags = info.tags + [Array(tag.utf8)]
      guard !info.tags.contains(tags[tags.count - 1]) else { return nil }
      var amendment = Amendment()
      amendment.tags = tags
      return amendment
    }
  }

  @Test func tagsOfTwoWhoKnowNothingOfEachOtherAreAllKept() throws {
    let first = try harvest.open(harvest.store)
    let second = try harvest.open(harvest.store)
    #expect(try add("a", in: first))
    #expect(try add("b", in: second))
    #expect(try !add("a", in: second))
    let tags = try harvest.open(harvest.store).snapshots()[0].tags
    #expect(tags == [Array("a".utf8), Array("b".utf8)])
  }

  @Test func whatWasForgottenMeanwhileIsNotChanged() throws {
    let first = try harvest.open(harvest.store)
    let second = try harvest.open(harvest.store)
    try first.vault.journal.append { _ in .tombstone([id]) }
    #expect(throws: RepositoryError.self) { try add("b", in: second) }
  }
}
