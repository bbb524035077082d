// Walks the trees beside the reading of the packs, supposing that nothing will speak against any pack.
// When that holds in the end and all was whole, the trees need no other look.

import Platform
import Synchronization
import Vault

/// A look at the trees of all snapshots that tells nothing but whether they are whole.
final class TreePreview: Sendable {
  private let thread: Thread
  private let state: State

  private final class State: Sendable {
    let isStopped = Atomic<Bool>(false)
    /// How many snapshots there are, once all of them are found whole.
    let wholeCount = Mutex<Int?>(nil)
  }

  /// Begins to walk.
  init(of repository: Repository, _ filter: SnapshotFilter) {
    let state = State()
    self.state = state
    thread = Thread.start(name: "trees") {
      // What goes wrong here goes wrong again where it is told.
      let count = try? Self.wholeCount(of: repository, filter, state)
      state.wholeCount.withLock { $0 = count ?? nil }
    }
  }

  private static func wholeCount(
    of repository: Repository, _ filter: SnapshotFilter, _ state: State
  ) throws(VaultError) -> Int? {
    try repository.vault.loadIndex()
    var walk = TreeCheck(
      reader: try ChunkReader(vault: repository.vault), source: try repository.nodeSource(),
      suspects: CheckSuspects())
    var count = 0
    for snapshot in try repository.allSnapshots()
    where !snapshot.isForgotten && filter.matches(snapshot) {
      guard !state.isStopped.load(ordering: .relaxed), try walk.check(snapshot).isEmpty,
        Interrupt.requested == 0
      else { return nil }
      count += 1
    }
    return count
  }

  /// Waits for its end: how many snapshots there are, all of them whole, or nil.
  func end() -> Int? {
    thread.join()
    return state.wholeCount.withLock { $0 }
  }

  /// Ends it early.
  func stop() {
    state.isStopped.store(true, ordering: .relaxed)
    thread.join()
  }
}
