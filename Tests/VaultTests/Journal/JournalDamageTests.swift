import Platform
import Storage
import Testing

@testable import Vault

/// What a broken or hostile store can do to the journal, and how it is found.
struct JournalDamageTests {
  private let fixture = JournalFixture()

  private func outcome(_ journal: Journal? = nil) -> String {
    let journal = journal ?? fixture.journal()
    return journalOutcome { try journal.refresh() }
  }

  private func problems(_ journal: Journal? = nil) throws -> [String] {
    try (journal ?? fixture.journal()).verifyAll().problems.map { problem in
      journalOutcome { throw problem.error }
    }
  }

  private func path(_ number: UInt64) -> String { JournalEntry.path(number) }

  private let changed = "was changed or belongs elsewhere (authentication failed)"

  // MARK: Rollback and forks

  @Test func aShorterJournalIsARollback() throws {
    let journal = try fixture.filled(5)
    try fixture.store.delete(.journal(5))
    #expect(outcome(journal) == "rollback from 5 to 4")
    #expect(
      outcome(fixture.journal(memory: ProcessHeadMemory(journal.state.tail)))
        == "rollback from 5 to 4")
    #expect(throws: VaultError.self) { try journal.append { _ in JournalFixture.commit(1) } }
    #expect(outcome() == "fine", "who never saw it cannot know")
    #expect(try problems(journal) == ["rollback from 5 to 4"])
  }

  @Test func anEmptyJournalIsNeverTakenForANewOne() throws {
    #expect(outcome() == "\(path(0)) is missing")
    let journal = try fixture.filled(2)
    for number in 0...2 { try fixture.store.delete(.journal(UInt64(number))) }
    #expect(outcome() == "\(path(0)) is missing")
    #expect(outcome(journal) == "rollback from 2 to 0")
    #expect(try problems() == ["\(path(0)) is missing"])
  }

  @Test func anotherPastIsAFork() throws {
    let journal = try fixture.filled(3)
    let copy = fixture.copy()
    let memory = ProcessHeadMemory()
    let here = fixture.journal(memory: memory)
    try here.append { _ in JournalFixture.commit(70) }
    let there = copy.journal(seed: 8)
    for number in 0..<3 { try there.append { _ in JournalFixture.commit(UInt8(number)) } }
    // A new process on this machine, a process that lived on, and a check all see it.
    #expect(outcome(copy.journal(memory: memory)) == "fork at 4")
    #expect(memory.head() == here.state.tail, "an alarm is never healed")
    let remembering = JournalFixture(store: copy.store, like: fixture)
    #expect(try problems(remembering.journal(memory: memory)) == ["fork at 4"])
    try fixture.store.delete(.journal(4))
    fixture.store.overwrite(.journal(4), with: try copy.stored(4))
    #expect(outcome(here) == "fork at 4")
    #expect(outcome(journal) == "fine")
  }

  @Test func aMemoryOfLongAgoLinksThePastToTheTail() throws {
    let old = try fixture.filled(3)
    let memory = ProcessHeadMemory(old.state.tail)
    let writer = fixture.journal(interval: 4)
    for number in 0..<20 { try writer.append { _ in JournalFixture.commit(UInt8(number)) } }
    #expect(try #require(writer.state.newestSummary) > 3)
    let reader = fixture.journal(memory: memory)
    #expect(try reader.refresh().first?.number == 0)
    #expect(reader.state == writer.state)
    #expect(memory.head() == writer.state.tail)
  }

  // MARK: Damage

  @Test func everyFlippedBitIsFound() throws {
    let journal = try fixture.filled(2)
    let good = try fixture.stored(2)
    for index in good.indices {
      var bad = good
      bad[index] ^= UInt8(1 << (index & 7))
      #expect(throws: VaultError.self, "byte \(index)") {
        _ = try fixture.sealing.open(bad, number: 2) { _ in true }
      }
    }
    var bad = good
    bad[1000] ^= 4
    fixture.store.overwrite(.journal(2), with: bad)
    #expect(outcome() == "\(path(2)) \(changed)")
    #expect(outcome(journal) == "\(path(2)) \(changed)")
    #expect(try problems() == ["\(path(2)) \(changed)"])
  }

  @Test func everyTruncationIsFound() throws {
    _ = try fixture.filled(1)
    let good = try fixture.stored(1)
    for length in [0, 1, 7, 8, 79, 80, 103, 104, 2048, good.count - 1] {
      fixture.store.overwrite(.journal(1), with: Array(good[..<length]))
      #expect(outcome().hasPrefix(path(1)), "\(length)")
    }
    fixture.store.overwrite(.journal(1), with: good + [0])
    #expect(outcome() == "\(path(1)) has the wrong length")
  }

  @Test func aHoleIsFound() throws {
    _ = try fixture.filled(5)
    try fixture.store.delete(.journal(3))
    let reader = fixture.journal()
    #expect(outcome(reader) == "\(path(3)) is missing")
    #expect(reader.state.tail?.number == 2, "what is intact before it can be used")
    #expect(try problems() == ["\(path(3)) is missing"])
  }

  @Test func aNumberFromNowhereIsAHole() throws {
    _ = try fixture.filled(2)
    fixture.store.overwrite(.journal(.max), with: try fixture.stored(2))
    #expect(outcome() == "\(path(.max)) \(changed)")
    #expect(
      outcome(fixture.journal(memory: ProcessHeadMemory(try fixture.head(2))))
        == "\(path(3)) is missing")
    #expect(try problems() == ["\(path(3)) is missing", "\(path(.max)) \(changed)"])
  }

  @Test func swappedEntriesAreFound() throws {
    _ = try fixture.filled(5)
    let (two, three) = (try fixture.stored(2), try fixture.stored(3))
    fixture.store.overwrite(.journal(2), with: three)
    fixture.store.overwrite(.journal(3), with: two)
    #expect(outcome() == "\(path(2)) \(changed)")
    #expect(try problems() == ["\(path(2)) \(changed)", "\(path(3)) \(changed)"])
  }

  @Test func anEntryAgainUnderTheNextNumberIsFound() throws {
    _ = try fixture.filled(2)
    fixture.store.overwrite(.journal(3), with: try fixture.stored(2))
    #expect(outcome() == "\(path(3)) \(changed)")
  }

  @Test func anEntryOfAnotherRepositoryIsFound() throws {
    _ = try fixture.filled(1)
    let foreign = JournalFixture(2)
    _ = try foreign.filled(2)
    fixture.store.overwrite(.journal(2), with: try foreign.stored(2))
    #expect(outcome() == "\(path(2)) does not fit the key")
  }

  /// The keys leaked, the signature did not: sealed for the right place, by a stranger.
  @Test func aStrangersEntryIsFound() throws {
    let journal = try fixture.filled(1)
    let stranger = SigningKey(seed: .random(SeededRandomness(9)))
    let forged = try JournalSealing(
      repository: fixture.repository, keyring: fixture.keyring, signer: stranger,
      randomness: SeededRandomness(10)
    ).seal(JournalFixture.commit(1), after: journal.state, time: 1)
    fixture.store.overwrite(.journal(2), with: forged.stored)
    #expect(outcome(journal) == "\(path(2)) is signed by a writer that was never admitted")
    #expect(
      outcome(fixture.journal()) == "\(path(2)) is signed by a writer that was never admitted")
    #expect(journal.state.tail?.number == 1)
  }

  @Test func aBrokenChainIsFound() throws {
    let journal = try fixture.filled(3)
    var other = JournalState(owner: fixture.keyring.ownerPublicKey)
    other.tail = JournalHead(number: 3, hash: ObjectHash(words: (1, 2, 3, 4)))
    let forged = try fixture.sealing.seal(JournalFixture.commit(1), after: other, time: 1)
    fixture.store.overwrite(.journal(4), with: forged.stored)
    #expect(outcome(journal) == "\(path(4)) does not continue the journal's chain")
    #expect(try problems() == ["\(path(4)) does not continue the journal's chain"])
  }

  @Test func aSummaryOfAnotherThanTheOwnerIsNoBeginning() throws {
    let journal = try fixture.filled(1)
    let guest = SigningKey(seed: .random(SeededRandomness(9)))
    try journal.append { _ in .policy(.init(admitted: [guest.publicKey])) }
    let forged = try JournalSealing(
      repository: fixture.repository, keyring: fixture.keyring, signer: guest,
      randomness: SeededRandomness(10)
    ).seal(
      .summary(JournalState(owner: guest.publicKey).summary), after: journal.state, time: 1)
    fixture.store.overwrite(.journal(3), with: forged.stored)
    #expect(outcome().hasPrefix("\(path(3)) is"))
    #expect(outcome(journal) == "\(path(3)) is malformed: only the owner may write this")
  }

  @Test func everyDamagedEntryIsReported() throws {
    let journal = try fixture.filled(30, interval: 8)
    for number in [3, 4, 20] as [UInt64] {
      var bad = try fixture.stored(number)
      bad[500] ^= 1
      fixture.store.overwrite(.journal(number), with: bad)
    }
    try fixture.store.delete(.journal(11))
    try fixture.store.delete(.journal(12))
    let check = try fixture.journal().verifyAll()
    #expect(check.problems.map(\.number) == [3, 4, 11, 20])
    #expect(check.state == journal.state, "the newest summary tells everything anew")
    #expect(outcome() == "fine", "a new client begins behind the damage")
  }

  @Test func anEntryThatCannotBeReadDoesNotEndTheLook() throws {
    let journal = try fixture.filled(30, interval: 8)
    let check = try fixture.journal(store: Unreadable(fixture.store, .journal(3))).verifyAll()
    #expect(check.problems.map(\.number) == [3])
    #expect(
      check.problems.map { problem in journalOutcome { throw problem.error } }
        == ["\(path(3)) cannot be read (a bad sector)"])
    #expect(check.state == journal.state)
  }

  // MARK: Newer programs

  @Test func unknownTypesAndCriticalFieldsAreNewer() throws {
    let journal = try fixture.filled(1)
    fixture.store.overwrite(
      .journal(2), with: fixture.sealed(type: 10, record: [], after: journal.state))
    #expect(outcome(journal) == "newer: the type of \(path(2))")
    #expect(outcome() == "newer: the type of \(path(2))")
    #expect(journal.state.tail?.number == 1)
    var record = RecordWriter()
    record.field(12, critical: true, [1])
    fixture.store.overwrite(
      .journal(2), with: fixture.sealed(type: 3, record: record.bytes, after: journal.state))
    #expect(outcome(journal) == "newer: field 12 of \(path(2))")
    #expect(throws: VaultError.self) { try journal.append { _ in JournalFixture.commit(1) } }
  }

  @Test func unknownFieldsAreKept() throws {
    let journal = try fixture.filled(1)
    var record = RecordWriter()
    record.field(12, critical: false, [1, 2])
    fixture.store.overwrite(
      .journal(2), with: fixture.sealed(type: 3, record: record.bytes, after: journal.state))
    let entries = try journal.refresh()
    #expect(entries.map(\.body.record) == [record.bytes])
  }
}

extension JournalFixture {
  /// The head that an entry makes.
  func head(_ number: UInt64) throws -> JournalHead {
    JournalHead(number: number, hash: Hash.name(of: try stored(number)))
  }
}
