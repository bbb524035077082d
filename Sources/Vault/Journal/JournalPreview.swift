// What the store lists of the journal, and what the cache has of it, looked up before the keys are
// known: while a passphrase is hashed. It saves waiting. Whatever is taken from here is checked as if
// it had been looked up when it is wanted.

import Storage

/// The newest part of a journal as store and cache show it.
struct JournalPreview: Sendable {
  /// The newest summary that the cache knows, or the first entry.
  private let first: UInt64
  private let listed: [Listed]
  /// Entries of the cache from there on: all, or the first of many.
  let known: [CachedEntry]

  /// An entry in the store, which nobody looked into.
  struct Listed {
    let number: UInt64
    let size: Int
  }

  // A summary is due after some hundred entries; who finds more here has time to look later.
  private static let limit = 1 << 14

  /// Nil where the cache has nothing, where there is too much, and when it is stopped.
  init?(
    of store: any ObjectStore, _ cache: some JournalCache, newest: UInt64,
    isStopped: () -> Bool = { false }
  ) {
    guard let entry = (try? cache.entry(newest)) ?? nil,
      let payload = unsafe try? JournalPayload(entry.payload.span.bytes)
    else { return nil }
    let first = payload.type == JournalBody.summaryType ? newest : payload.newestSummary ?? 0
    guard first <= newest, newest < .max,
      let known = try? cache.entries(in: first..<newest + 1)
    else { return nil }
    var listed: [Listed] = []
    var isWhole = true
    do throws(VaultError) {
      try Journal.list(store, from: first) { number, size in
        isWhole = listed.count < Self.limit && !isStopped()
        if isWhole { listed.append(Listed(number: number, size: size)) }
        return isWhole
      }
    } catch { return nil }
    guard isWhole else { return nil }
    (self.first, self.listed, self.known) = (first, listed, known)
  }

  /// The newest entry listed, if this one is listed too: a listing that lacks it is too old, and says
  /// nothing of a store that was put back.
  func newest(from number: UInt64) -> UInt64? {
    listed.contains { $0.number == number } ? listed.last?.number : nil
  }

  /// What is listed from a number on; nil if the list begins later.
  func listed(from number: UInt64) -> ArraySlice<Listed>? {
    number < first ? nil : listed.drop { $0.number < number }
  }

  /// What the cache has from a number on, if that is there.
  func known(from number: UInt64) -> ArraySlice<CachedEntry> {
    let rest = known.drop { $0.number < number }
    return rest.first?.number == number ? rest : []
  }
}
