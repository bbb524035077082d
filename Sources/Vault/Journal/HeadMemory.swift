// What this machine remembers of the journal's end, so that a store cannot show it the past.

import Synchronization

/// A memory of the newest entry that was seen.
package protocol HeadMemory: Sendable {
  /// The newest entry seen; nil for a new client.
  func head() throws(VaultError) -> JournalHead?

  /// Moves the memory forward and makes that durable; an older entry is no change.
  ///
  /// - Throws: `fork` if the same entry is remembered with another hash.
  func advance(to head: JournalHead) throws(VaultError)
}

/// A memory that ends with the process.
package final class ProcessHeadMemory: HeadMemory {
  private let newest: Mutex<JournalHead?>

  package init(_ head: JournalHead? = nil) {
    newest = Mutex(head)
  }

  package func head() -> JournalHead? { newest.withLock { $0 } }

  package func advance(to head: JournalHead) throws(VaultError) {
    let isFork = newest.withLock { newest in
      if let known = newest, known.number >= head.number {
        return known.number == head.number && known.hash != head.hash
      }
      newest = head
      return false
    }
    if isFork { throw .fork(entry: head.number) }
  }
}
