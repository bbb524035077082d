import Platform
import Storage
import Synchronization
import Testing

@testable import Vault

/// Reading and appending, with and without company.
struct JournalTests {
  private let fixture = JournalFixture()

  @Test func whatOneAppendsAnotherReads() throws {
    let one = try fixture.filled(3)
    let other = fixture.journal()
    #expect(try other.refresh().map(\.number) == [0, 1, 2, 3])
    #expect(other.state == one.state)
    #expect(try other.refresh().isEmpty)
    let entry = try #require(try other.append { _ in JournalFixture.commit(9) })
    #expect(entry.number == 4)
    #expect(try one.refresh() == [entry])
    #expect(one.state.isLive(entry.snapshotID))
    #expect(Hash.name(of: try fixture.stored(4)).bytes == entry.snapshotID.bytes)
  }

  @Test func theFirstEntryIsMadeOnce() throws {
    let journal = fixture.journal()
    try journal.begin()
    #expect(throws: VaultError.self) { try fixture.journal().begin() }
    #expect(try journal.refresh().isEmpty)
  }

  @Test func nothingIsAppendedWhenNothingIsWanted() throws {
    let journal = try fixture.filled(1)
    #expect(try journal.append { _ in nil } == nil)
    #expect(journal.state.nextNumber == 2)
  }

  @Test func twoWritersRace() throws {
    _ = try fixture.filled(0)
    let failures = Mutex<[String]>([])
    let threads = (0..<3).map { writer in
      Thread.start(name: "writer") { [fixture] in
        let journal = fixture.journal(interval: 8, seed: UInt64(100 + writer))
        for number in 0..<20 {
          do {
            let entry = try journal.append { _ in
              JournalFixture.commit(UInt8(writer * 20 + number))
            }
            if entry == nil { failures.withLock { $0.append("nothing") } }
          } catch { failures.withLock { $0.append("\(error)") } }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(failures.withLock { $0 } == [])
    let reader = fixture.journal()
    try reader.refresh()
    #expect(Set(reader.state.liveCommits.map(\.body.note)).count == 60)
    let check = try reader.verifyAll()
    #expect(check.problems.isEmpty)
    #expect(check.state == reader.state)
    #expect(check.entryCount == Int(reader.state.nextNumber))
  }

  @Test func oneJournalServesManyThreads() throws {
    let journal = try fixture.filled(0)
    let threads = (0..<3).map { writer in
      Thread.start(name: "writer") {
        for number in 0..<10 {
          _ = try? journal.append { _ in JournalFixture.commit(UInt8(writer * 10 + number)) }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(journal.state.liveCommits.count == 30)
    #expect(try journal.verifyAll().problems.isEmpty)
  }

  @Test func whoLosesTheRaceLooksAgain() throws {
    let loser = try fixture.filled(0)
    let winner = fixture.journal(seed: 8)
    var seen: [UInt64] = []
    let entry = try loser.append { (state) throws(VaultError) in
      seen.append(state.nextNumber)
      if seen.count == 1 { try winner.append { _ in JournalFixture.commit(1) } }
      return JournalFixture.commit(2)
    }
    #expect(seen == [1, 2])
    #expect(entry?.number == 2)
    #expect(loser.state.liveCommits.map(\.body.note) == [[1], [2]])
  }

  // MARK: Order of writes

  @Test func barriersStandBeforeAndBehindTheEntry() throws {
    _ = try fixture.filled(0)
    let store = WatchedStore(fixture.store)
    let journal = fixture.journal(store: store)
    try journal.refresh()
    store.clear()
    try journal.append { _ in JournalFixture.commit(1) }
    #expect(
      store.events.filter { if case .read = $0 { false } else { true } }
        == [.barrier, .create("journal/0000000000000001"), .barrier])
  }

  @Test(arguments: [0, 1]) func nothingMovesBeforeTheEntryIsDurable(_ good: Int) throws {
    _ = try fixture.filled(0)
    let store = WatchedStore(fixture.store)
    let (memory, cache) = (ProcessHeadMemory(), ProcessJournalCache())
    let journal = fixture.journal(store: store, memory: memory, cache: cache)
    try journal.refresh()
    let before = (journal.state, memory.head())
    let left = Mutex(good)
    store.onBarrier {
      let isFailing = left.withLock { left in
        left -= 1
        return left < 0
      }
      if isFailing { throw NoAnswer() }
    }
    #expect(throws: VaultError.self) { try journal.append { _ in JournalFixture.commit(1) } }
    #expect(journal.state == before.0)
    #expect(memory.head() == before.1)
    #expect(cache.entry(1) == nil)
    store.onBarrier(nil)
    fixture.store.crash()
    #expect(try journal.refresh().isEmpty, "the power cut took the entry")
    #expect(try journal.append { _ in JournalFixture.commit(1) }?.number == 1)
  }

  @Test func aLostAnswerIsNoLostEntry() throws {
    let store = WatchedStore(fixture.store)
    let journal = fixture.journal(store: store)
    store.onCreate { _, _ in .existed }
    try journal.begin()
    #expect(try journal.append { _ in JournalFixture.commit(1) }?.number == 1)
    store.onCreate { _, _ in throw NoAnswer() }
    #expect(try journal.append { _ in JournalFixture.commit(2) }?.number == 2)
    #expect(journal.state.liveCommits.count == 2)
    #expect(try journal.verifyAll().problems.isEmpty)
  }

  @Test func aFailedCreationIsReported() throws {
    let store = WatchedStore(fixture.store)
    let journal = fixture.journal(store: store)
    try journal.begin()
    store.onCreate { [fixture] name, _ in
      try fixture.store.delete(name)
      throw NoAnswer()
    }
    #expect(
      journalOutcome { try journal.append { _ in JournalFixture.commit(1) } }
        == "store(no answer)")
    #expect(journal.state.nextNumber == 1)
  }

  @Test func aStoreThatOnlySaysTakenIsNoEndlessLoop() throws {
    let store = WatchedStore(fixture.store)
    let journal = fixture.journal(store: store)
    try journal.begin()
    store.onCreate { [fixture] name, _ in
      try fixture.store.delete(name)
      return .existed
    }
    #expect(
      journalOutcome { try journal.append { _ in JournalFixture.commit(1) } }
        == "journal/0000000000000001 is missing")
  }

  @Test func aBodyAgainstTheRulesIsNeverWritten() throws {
    let journal = try fixture.filled(1)
    #expect(throws: VaultError.self) {
      try journal.append { _ in .sweep(packs: [ObjectHash(words: (1, 1, 1, 1))], segments: []) }
    }
    #expect(try fixture.journal().refresh().count == 2)
  }

  // MARK: Summaries

  @Test func summariesComeByThemselves() throws {
    let journal = try fixture.filled(40, interval: 8)
    #expect(journal.state.newestSummary == 40)
    let store = WatchedStore(fixture.store)
    let reader = fixture.journal(store: store)
    #expect(try reader.refresh().first?.number == 40)
    #expect(reader.state == journal.state)
    #expect(!store.events.contains(.read("journal/0000000000000027")), "39 is before it")
    #expect(try journal.verifyAll().state == journal.state)
  }

  @Test func aSummaryThatFailsIsNoError() throws {
    let store = WatchedStore(fixture.store)
    let journal = fixture.journal(store: store, interval: 4)
    try journal.begin()
    let limit = ObjectName.journal(4)
    store.onCreate { [fixture] name, creation in
      guard name == limit else { return creation }
      try fixture.store.delete(name)
      throw NoAnswer()
    }
    for number in 1...3 {
      #expect(
        try journal.append { _ in JournalFixture.commit(UInt8(number)) }?.number
          == UInt64(number))
    }
    #expect(journal.state.newestSummary == nil)
    store.onCreate(nil)
    try journal.append { _ in JournalFixture.commit(4) }
    #expect(journal.state.newestSummary == 5)
  }

  @Test func anAdmittedWriterLeavesSummariesToTheOwner() throws {
    let owner = try fixture.filled(0)
    let guest = SigningKey(seed: .random(SeededRandomness(5)))
    try owner.append { _ in .policy(.init(admitted: [guest.publicKey])) }
    let journal = fixture.journal(interval: 2, signer: guest)
    for number in 0..<6 { try journal.append { _ in JournalFixture.commit(UInt8(number)) } }
    #expect(journal.state.newestSummary == nil)
    try owner.append { _ in .policy(.init(revoked: [guest.publicKey])) }
    #expect(throws: VaultError.self) {
      try journal.append { _ in JournalFixture.commit(9) }
    }
    #expect(try owner.refresh().isEmpty)
  }

  // MARK: Cache

  @Test func whatIsCachedIsNotReadAgain() throws {
    _ = try fixture.filled(6)
    let (memory, cache) = (ProcessHeadMemory(), ProcessJournalCache())
    try fixture.journal(memory: memory, cache: cache).refresh()
    let store = WatchedStore(fixture.store)
    let journal = fixture.journal(store: store, memory: memory, cache: cache)
    #expect(try journal.refresh().count == 7)
    #expect(store.events.filter { if case .read = $0 { true } else { false } }.count == 1)
  }

  @Test func aWrongCacheIsNotBelieved() throws {
    let truth = try fixture.filled(6)
    let cache = ProcessJournalCache()
    try fixture.journal(cache: cache).refresh()
    var chance = JournalChance.printed()
    for number in 0..<7 {
      let entry = try #require(cache.entry(UInt64(number)))
      var payload = entry.payload
      payload[chance.below(payload.count)] ^= 1 << chance.below(8)
      // Another payload, as it would have been stored.
      let sealed = try #require(
        SealedObject.seal(
          payload, as: .journalEntry, path: JournalEntry.path(entry.number), again: entry.seal,
          keyring: fixture.keyring, repository: fixture.repository))
      let other = try #require(cache.entry(UInt64((number + 1) % 7)))
      let wrong: [(hash: ObjectHash, seal: [UInt8], payload: [UInt8])] = [
        (entry.hash, entry.seal, payload), (Hash.name(of: sealed), entry.seal, payload),
        (.zero, entry.seal, entry.payload), (entry.hash, entry.seal, []),
        (entry.hash, other.seal, entry.payload), (other.hash, other.seal, other.payload),
      ]
      for (index, wrong) in wrong.enumerated() {
        for memory in [ProcessHeadMemory(truth.state.tail), ProcessHeadMemory()] {
          let spoilt = ProcessJournalCache()
          try fixture.journal(cache: spoilt).refresh()
          spoilt.store(
            entries: [
              CachedEntry(
                number: entry.number, hash: wrong.hash, seal: wrong.seal, payload: wrong.payload)
            ], head: nil)
          let journal = fixture.journal(memory: memory, cache: spoilt)
          let outcome = journalOutcome { try journal.refresh() }
          #expect(outcome == "fine" && journal.state == truth.state, "\(number) \(index)")
        }
      }
    }
  }
}
