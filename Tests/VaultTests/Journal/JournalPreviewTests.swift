// What was seen of a journal before its keys were known: it saves looking, and changes no answer.

import Storage
import Testing

@testable import Vault

@Suite struct JournalPreviewTests {
  private let fixture = JournalFixture()
  private let cache = ProcessJournalCache()
  private let memory = ProcessHeadMemory()

  private func machine() -> Journal { fixture.journal(memory: memory, cache: cache) }

  private func fill(_ count: Int, interval: UInt64) throws -> Journal {
    let journal = fixture.journal(memory: memory, cache: cache, interval: interval)
    try journal.begin()
    for number in 0..<count { try journal.append { _ in JournalFixture.commit(UInt8(number)) } }
    return journal
  }

  private func preview() throws -> JournalPreview {
    let newest = try #require(memory.head()).number
    return try #require(JournalPreview(of: fixture.store, cache, newest: newest))
  }

  @Test(arguments: [UInt64(512), 64])
  func whatIsReadIsTheSame(interval: UInt64) throws {
    let writer = try fill(200, interval: interval)
    let journal = machine()
    try journal.refresh(seen: preview())
    #expect(journal.usedCache)
    #expect(journal.state.tail == writer.state.tail)
    #expect(journal.state.commits.map(\.id) == writer.state.commits.map(\.id))
    #expect(try journal.entriesMissedByStore(seen: preview()) == [])
  }

  @Test func whatCameSinceIsNoRollback() throws {
    let writer = try fill(20, interval: 8)
    let old = try preview()
    try writer.append { _ in JournalFixture.commit(77) }
    let journal = machine()
    try journal.refresh(seen: old)
    #expect(journal.state.tail == writer.state.tail)
  }

  @Test func aStoreThatWasPutBackIsOne() throws {
    _ = try fill(20, interval: 512)
    for number in [18, 19, 20] as [UInt64] { try fixture.store.delete(.journal(number)) }
    let seen = try preview()
    let journal = machine()
    #expect(journalOutcome { try journal.refresh(seen: seen) } == "rollback from 20 to 17")
  }

  @Test func whatTheStoreMissesIsSeen() throws {
    _ = try fill(12, interval: 512)
    let bytes = try fixture.stored(8)
    try fixture.store.delete(.journal(4))
    try fixture.store.delete(.journal(5))
    fixture.store.overwrite(.journal(8), with: Array(bytes.dropLast()))
    let seen = try preview()
    let journal = machine()
    try journal.refresh(seen: seen)
    #expect(try journal.entriesMissedByStore(seen: seen) == [4, 5, 8])
  }

  @Test func aCacheOfLiesCostsTimeOnly() throws {
    let writer = try fill(40, interval: 512)
    for number in 3..<30 as Range<UInt64> {
      let known = try #require(cache.entry(number))
      var payload = known.payload
      payload[100] ^= 1
      let wrong = CachedEntry(
        number: number, hash: known.hash, seal: known.seal, payload: payload)
      cache.store(entries: [wrong], head: nil)
    }
    let journal = machine()
    try journal.refresh(seen: preview())
    #expect(journal.state.commits.map(\.id) == writer.state.commits.map(\.id))
  }

  @Test func nothingIsSeenWhereTheCacheHasNothing() throws {
    _ = try fill(5, interval: 512)
    #expect(JournalPreview(of: fixture.store, NoJournalCache(), newest: 5) == nil)
    #expect(JournalPreview(of: fixture.store, cache, newest: .max) == nil)
    #expect(JournalPreview(of: fixture.store, cache, newest: 5) { true } == nil)
  }
}
