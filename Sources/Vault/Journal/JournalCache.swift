// Entries that were read and verified before, kept at hand so that opening a repository reads only
// what is new. A cache is never believed: signatures and chain are checked again, and an entry that
// does not pass is read from the store.

import Synchronization

/// A place for verified entries; one that loses or refuses them costs time only.
package protocol JournalCache: Sendable {
  /// One entry; nil when it is not at hand.
  func entry(_ number: UInt64) throws(VaultError) -> CachedEntry?

  /// Entries of this range that are at hand, ascending: all up to some number, which is not before the
  /// first that is there.
  func entries(in range: Range<UInt64>) throws(VaultError) -> [CachedEntry]

  /// Keeps verified entries, and the head that was reached with them.
  func store(entries: [CachedEntry], head: JournalHead?) throws(VaultError)
}

/// A cache that ends with the process.
package final class ProcessJournalCache: JournalCache {
  private let entries = Mutex<[UInt64: CachedEntry]>([:])

  package init() {}

  package func entry(_ number: UInt64) -> CachedEntry? { entries.withLock { $0[number] } }

  package func entries(in range: Range<UInt64>) -> [CachedEntry] {
    entries.withLock { entries in range.prefix(1024).compactMap { entries[$0] } }
  }

  package func store(entries more: [CachedEntry], head: JournalHead?) {
    entries.withLock { entries in
      for entry in more { entries[entry.number] = entry }
    }
  }
}

/// A cache that keeps nothing, for a journal that is read once.
package struct NoJournalCache: JournalCache {
  package init() {}
  package func entry(_ number: UInt64) -> CachedEntry? { nil }
  package func entries(in range: Range<UInt64>) -> [CachedEntry] { [] }
  package func store(entries: [CachedEntry], head: JournalHead?) {}
}
