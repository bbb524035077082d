// One walk from what is known to the tail. It is anchored in the newest entry that this machine has
// seen: the store must still have it, with the same bytes, and the chain must lead through it.

import Platform

/// A walk along the journal, entry by entry.
struct JournalReading {
  private let journal: Journal
  private(set) var state: JournalState
  /// The entries walked over, in order.
  private(set) var entries: [JournalEntry] = []
  /// Those of them that came from the store.
  private(set) var fresh: [CachedEntry] = []
  private let remembered: JournalHead?
  // The newest entry known before the walk.
  private let seen: JournalHead?
  // An entry whose stored bytes were hashed: what chains up to it is what was written.
  private let anchor: JournalHead
  private let newest: UInt64
  private let anchorBytes: [UInt8]
  private let preview: JournalPreview?
  private let usesCache: Bool
  // Entries of the cache from the next number on that were opened together.
  private var ahead: [UInt64: JournalEntry] = [:]
  // Entries before this one were tried already.
  private var nextTried: UInt64 = 0
  /// Whether the cache had a part in this.
  private(set) var usedCache = false

  /// Looks at the store's end of the journal.
  ///
  /// - Throws: `rollback` if it lies behind what was seen, `fork` if it is another.
  init(
    of journal: Journal, from state: JournalState, seen preview: JournalPreview?,
    usingCache: Bool
  ) throws(VaultError) {
    self.journal = journal
    self.state = state
    // The memory comes first: what it holds is in the store, so the listing must show it. Of a preview,
    // which is older, only what has that is used.
    remembered = try journal.memory.head()
    seen = try Self.newer(remembered, state.tail)
    newest = try Self.newest(journal, seen, preview)
    self.preview = preview
    usesCache = usingCache
    let number = seen?.number ?? newest
    anchorBytes = try journal.read(number)
    anchor = JournalHead(number: number, hash: Hash.name(of: anchorBytes))
    try check()
  }

  private static func newer(
    _ remembered: JournalHead?, _ tail: JournalHead?
  ) throws(VaultError) -> JournalHead? {
    guard let remembered, let tail else { return remembered ?? tail }
    if remembered.number == tail.number && remembered.hash != tail.hash {
      throw .fork(entry: tail.number)
    }
    return remembered.number > tail.number ? remembered : tail
  }

  private static func newest(
    _ journal: Journal, _ seen: JournalHead?, _ preview: JournalPreview?
  ) throws(VaultError) -> UInt64 {
    if let seen, let newest = preview?.newest(from: seen.number) { return newest }
    if let newest = try journal.newestNumber(from: seen?.number ?? 0) { return newest }
    guard let seen else { throw .missing(object: JournalEntry.path(0)) }
    throw .rollback(seen: seen.number, tail: try journal.newestNumber() ?? 0)
  }

  // The store must have what was seen as it was. Other bytes are a fork only if they are an entry.
  private func check() throws(VaultError) {
    guard let seen, seen != anchor else { return }
    _ = try journal.sealing.open(anchorBytes, number: seen.number) { _ in true }
    throw .fork(entry: seen.number)
  }

  /// Whether the state has come as far as this machine has ever seen.
  var reachesSeen: Bool { state.nextNumber > seen?.number ?? 0 && state.tail != nil }

  /// Whether there is something new to remember.
  var isBeyondMemory: Bool {
    guard let remembered else { return true }
    return state.nextNumber > remembered.number + 1
  }

  // MARK: The walk

  /// Verifies every entry up to the tail.
  mutating func readToTail() throws(VaultError) {
    if state.tail == nil { try begin() }
    while state.nextNumber <= newest { try step() }
  }

  // A new reader begins at the newest summary that is not behind the anchor.
  private mutating func begin() throws(VaultError) {
    let last = anchor.number
    let entry = try fetch(last).entry
    guard let summary = entry.isSummary ? last : entry.newestSummary else { return }
    guard summary <= last else {
      throw .damaged(
        object: JournalEntry.path(last), .malformed("its newest summary is to come"))
    }
    if let cached = cached(summary), let begun = try? begin(at: cached) {
      take(cached, begun)
      return
    }
    let sealed = try fetch(summary)
    let begun: JournalState
    do throws(Damage) {
      begun = try begin(at: sealed.entry)
    } catch {
      throw .damaged(object: JournalEntry.path(summary), error)
    }
    take(sealed.entry, begun)
    fresh.append(sealed.cached)
  }

  private func begin(at entry: JournalEntry) throws(Damage) -> JournalState {
    try JournalState(beginning: entry, owner: state.owner)
  }

  private mutating func take(_ entry: JournalEntry, _ next: JournalState) {
    state = next
    entries.append(entry)
  }

  private mutating func step() throws(VaultError) {
    let number = state.nextNumber
    if let cached = cached(number), (try? state.apply(cached)) != nil {
      entries.append(cached)
      return
    }
    let sealed = try fetch(number)
    do throws(Damage) {
      try state.apply(sealed.entry)
    } catch {
      throw .damaged(object: JournalEntry.path(number), error)
    }
    entries.append(sealed.entry)
    fresh.append(sealed.cached)
  }

  // The cache says what an entry's hash is, and only a chain up to the anchor proves it. Where that is
  // what this machine remembers, it has verified all that chains up to it; elsewhere the signature is
  // looked at again.
  private mutating func cached(_ number: UInt64) -> JournalEntry? {
    guard usesCache, number < anchor.number else { return nil }
    let entry = remembered == anchor ? reopened(number) : verified(number)
    if entry != nil { usedCache = true }
    return entry
  }

  private mutating func reopened(_ number: UInt64) -> JournalEntry? {
    if let entry = ahead.removeValue(forKey: number) { return entry }
    guard ahead.isEmpty, number >= nextTried else { return nil }
    let sealing = journal.sealing
    let batch = batch(from: number)
    nextTried = (batch.last?.number ?? number) &+ 1
    for case let entry? in batch.parallelMap(slices: { sealing.reopen($0) }) {
      ahead[entry.number] = entry
    }
    return ahead.removeValue(forKey: number)
  }

  private func batch(from number: UInt64) -> [CachedEntry] {
    let seen = preview?.known(from: number).prefix { $0.number < anchor.number } ?? []
    guard seen.isEmpty else { return Array(seen) }
    return (try? journal.cache.entries(in: number..<anchor.number)) ?? []
  }

  private func verified(_ number: UInt64) -> JournalEntry? {
    guard let cached = (try? journal.cache.entry(number)) ?? nil, cached.number == number else {
      return nil
    }
    return try? journal.sealing.verify(
      cached.payload, number: number, hash: cached.hash, admits: admits)
  }

  // The writers are known once the walk has begun.
  private func admits(_ writer: PublicKey) -> Bool { state.tail == nil || state.admits(writer) }

  private func fetch(_ number: UInt64) throws(VaultError) -> JournalSealing.Sealed {
    let stored = number == anchor.number ? anchorBytes : try journal.read(number)
    return try journal.sealing.open(stored, number: number, admits: admits)
  }
}
