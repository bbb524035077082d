import Platform
import Storage
import Testing

@testable import Vault

/// The journal with this machine's real cache and trust store.
struct JournalMemoryTests {
  private let fixture = JournalFixture()
  private let folder = ScratchFolder()

  private func cache() throws -> IndexCache {
    try IndexCache.open(below: folder.path, repository: fixture.repository) { _ in }
  }

  private func trust() throws -> TrustStore {
    try TrustStore(
      below: folder.path.appending("state"), repository: fixture.repository)
  }

  @Test func aNewProcessReadsOnlyTheTail() throws {
    let writer = try fixture.filled(20)
    try fixture.journal(memory: trust(), cache: cache()).refresh()
    let store = WatchedStore(fixture.store)
    let reader = fixture.journal(store: store, memory: try trust(), cache: try cache())
    #expect(try reader.refresh().count == 21)
    #expect(reader.state == writer.state)
    #expect(store.events.filter { if case .read = $0 { true } else { false } }.count == 1)
  }

  @Test func aNewProcessKnowsWhatTheLastOneSaw() throws {
    _ = try fixture.filled(5)
    let past = fixture.copy()
    let journal = fixture.journal(memory: try trust(), cache: try cache())
    try journal.append { _ in JournalFixture.commit(6) }
    let shown = past.journal(memory: try trust(), cache: try cache())
    #expect(journalOutcome { try shown.refresh() } == "rollback from 6 to 5")
    try past.journal().append { _ in JournalFixture.commit(7) }
    #expect(journalOutcome { try shown.refresh() } == "fork at 6")
    #expect(try trust().head() == journal.state.tail, "an alarm is never healed")
  }
}
