import Platform
import Storage
import Testing

@testable import Vault

/// Entries that a store lost, given back by a machine that knows them; and what it must not touch.
struct JournalRepairTests {
  private let fixture = JournalFixture()
  private let cache = ProcessJournalCache()
  private let memory = ProcessHeadMemory()

  private func machine() -> Journal { fixture.journal(memory: memory, cache: cache) }

  /// A journal of some entries that this machine has read.
  private func fill(_ count: Int, interval: UInt64 = 512) throws -> [[UInt8]] {
    let journal = fixture.journal(memory: memory, cache: cache, interval: interval)
    try journal.begin()
    for number in 0..<count { try journal.append { _ in JournalFixture.commit(UInt8(number)) } }
    let tail = try #require(journal.state.tail)
    return try (0...tail.number).map { try fixture.stored($0) }
  }

  private func repair() throws -> JournalRepairPlan {
    let journal = machine()
    let plan = try journal.planRepair()
    for step in plan.steps { try journal.repair(step) }
    return plan
  }

  private func expectWhole(_ bytes: [[UInt8]]) throws {
    for (number, bytes) in bytes.enumerated() {
      #expect(try fixture.stored(UInt64(number)) == bytes, "entry \(number)")
    }
    #expect(journalOutcome { try fixture.journal().refresh() } == "fine")
    #expect(try machine().planRepair().steps.isEmpty)
  }

  @Test(arguments: [0, 1, 3, 5] as [UInt64], ["gone", "flipped", "short", "long", "empty"])
  func oneEntryComesBackByteForByte(_ number: UInt64, _ damage: String) throws {
    let bytes = try fill(5)
    var bad = bytes[Int(number)]
    switch damage {
    case "gone": try fixture.store.delete(.journal(number))
    case "flipped": bad[1000] ^= 4
    case "short": bad.removeLast(7)
    case "long": bad += bad
    default: bad = []
    }
    if damage != "gone" { fixture.store.overwrite(.journal(number), with: bad) }
    let plan = try repair()
    #expect(plan.steps.map(\.number) == [number])
    #expect(plan.losses.isEmpty)
    try expectWhole(bytes)
  }

  @Test func holesAndTheEndComeBack() throws {
    let bytes = try fill(20, interval: 8)
    for number in [2, 3, 4, 9, 19, 20, 21, 22] as [UInt64] {
      try fixture.store.delete(.journal(number))
    }
    fixture.store.overwrite(.journal(5), with: [1, 2, 3])
    #expect(journalOutcome { try machine().refresh() }.hasPrefix("rollback"))
    let plan = try repair()
    #expect(plan.steps.map(\.number) == [2, 3, 4, 5, 9, 19, 20, 21, 22])
    try expectWhole(bytes)
  }

  @Test func whoKnowsNothingCanDoNothing() throws {
    _ = try fill(5)
    try fixture.store.delete(.journal(2))
    let plan = try fixture.journal().planRepair()
    #expect(plan.steps.isEmpty)
    #expect(plan.losses.map(\.number) == [2])
    #expect(plan.losses.first?.reason.contains("no copy") == true)
  }

  @Test func aNumberFromNowhereIsNoReasonToWriteForEver() throws {
    let bytes = try fill(2)
    fixture.store.overwrite(.journal(.max), with: bytes[2])
    let plan = try machine().planRepair()
    #expect(plan.steps.isEmpty)
    #expect(plan.losses.map(\.number) == [3, .max])
  }

  /// Another past, sealed with the same keys, is not ours to replace.
  @Test func anEntryOfAnotherPastStays() throws {
    _ = try fill(3)
    let copy = fixture.copy()
    _ = try machine().append { _ in JournalFixture.commit(70) }
    let there = copy.journal(seed: 8)
    for number in 0..<3 { try there.append { _ in JournalFixture.commit(UInt8(number)) } }
    for number in [4, 5, 6] as [UInt64] {
      fixture.store.overwrite(.journal(number), with: try copy.stored(number))
    }
    #expect(try machine().planRepair().steps.isEmpty)
    #expect(try machine().planRepair().losses.map(\.number) == [4])
    // Not even where it is gone: the journal goes on from another.
    try fixture.store.delete(.journal(4))
    #expect(try repair().steps.isEmpty)
    #expect(throws: StoreError.self) { try fixture.stored(4) }
  }

  @Test func anotherWriterWasFaster() throws {
    _ = try fill(3)
    try fixture.store.delete(.journal(3))
    let journal = machine()
    let plan = try journal.planRepair()
    #expect(plan.steps.map(\.number) == [3])
    // A machine without a memory does not miss it.
    _ = try fixture.journal(seed: 9).append { _ in JournalFixture.commit(80) }
    let theirs = try fixture.stored(3)
    #expect(journalOutcome { try journal.repair(plan.steps[0]) } == "fork at 3")
    #expect(try fixture.stored(3) == theirs)
  }

  @Test func anOldCopyOfTheStoreIsNotContinued() throws {
    let journal = machine()
    try journal.begin()
    let segment = ObjectHash(words: (1, 2, 3, 4))
    for segments in [[], [segment], []] as [[ObjectHash]] {
      try journal.append { _ in
        .commit(
          segments: segments, rescued: [], isPartial: false, note: [1],
          run: RunID(bytes: .init(repeating: UInt8(segments.count), count: 16)))
      }
    }
    for number in [2, 3] as [UInt64] { try fixture.store.delete(.journal(number)) }
    let plan = try repair()
    #expect(plan.steps.isEmpty)
    #expect(plan.losses.map(\.number) == [2, 3])
    #expect(plan.losses.first?.reason.contains("old copy") == true)
  }

  @Test func aCacheThatSaysSomethingElseWritesNothing() throws {
    _ = try fill(3)
    let known = try #require(cache.entry(2))
    try fixture.store.delete(.journal(2))
    var (seal, payload) = (known.seal, known.payload)
    seal[20] ^= 1
    payload[100] ^= 1
    for wrong in [
      CachedEntry(number: 2, hash: known.hash, seal: seal, payload: known.payload),
      CachedEntry(number: 2, hash: known.hash, seal: known.seal, payload: payload),
      CachedEntry(number: 2, hash: known.hash, payload: known.payload),
    ] {
      cache.store(entries: [wrong], head: nil)
      let plan = try repair()
      #expect(plan.steps.isEmpty && plan.losses.map(\.number) == [2])
    }
  }

  @Test func whatTheStoreMissesIsSeenWithoutReadingIt() throws {
    let bytes = try fill(12)
    try fixture.store.delete(.journal(4))
    try fixture.store.delete(.journal(5))
    fixture.store.overwrite(.journal(8), with: Array(bytes[8].dropLast()))
    let journal = machine()
    try journal.refresh()
    #expect(journal.usedCache)
    #expect(try journal.entriesMissedByStore() == [4, 5, 8])
    _ = try repair()
    #expect(try journal.entriesMissedByStore() == [])
  }
}
