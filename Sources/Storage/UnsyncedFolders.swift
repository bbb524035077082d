// Which folders of a local store hold names that no sync has covered yet.
//
// Invariant: `syncAll` returns only when every folder noted before the call is synced, whichever
// thread did it. What a failed sync has dropped, no later sync brings back although it may succeed,
// so a failure is final.

import Platform

/// The folders that the next barrier has to sync.
final class UnsyncedFolders: @unchecked Sendable {
  private let lock = Lock()
  private var due: Set<String> = []
  // Held over a whole barrier, and the only guard of `failure`.
  private let barrier = Lock()
  private var failure: StoreError?

  /// Notes that a folder got or lost a name.
  func note(_ folder: String) { lock.withLock { _ = due.insert(folder) } }

  /// Syncs every folder that is due.
  func syncAll(_ sync: (String) throws(StoreError) -> Void) throws(StoreError) {
    try barrier.withLock { () throws(StoreError) in
      if let failure { throw failure }
      let folders = lock.withLock {
        defer { due = [] }
        return due
      }
      for folder in folders.sorted() {
        do throws(StoreError) { try sync(folder) } catch {
          failure = error
          throw error
        }
      }
    }
  }
}
