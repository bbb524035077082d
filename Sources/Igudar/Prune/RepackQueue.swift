// What threads write anew together, handed out stretch by stretch: however few packs there are, no
// thread has much left to do when the others have nothing.
//
// Bounds: no more packs are open than there are threads. A pack counts as moved when all of its
// stretches were; one that does not give everything stays as it is.

import Platform
import Storage
import Synchronization
import Vault

/// The packs of one repacking, shared by its threads.
final class RepackQueue: @unchecked Sendable {
  /// What a thread is to do next.
  enum Work {
    /// To find out what is needed of a pack, for `open` or `leave`.
    case begin(PackUse)
    /// To move a stretch, and to say so with `end`.
    case move(PackMover.Stretch, OpenPack)
  }

  /// A pack of which stretches are being moved.
  final class OpenPack: @unchecked Sendable {
    let source: PackMover.Source
    let pack: PackUse
    // Stretches that were not moved yet, and what is wrong with one that was tried.
    fileprivate var leftCount: Int
    fileprivate var problem: Repacking.Problem?

    fileprivate init(_ pack: PackUse, _ source: PackMover.Source) {
      self.pack = pack
      self.source = source
      leftCount = source.stretches.count
    }
  }

  private let monitor = Monitor()
  private var packs: ArraySlice<PackUse>
  private let isOutOfTime: @Sendable () -> Bool
  private let progress: PruneProgress
  // The next to be moved last.
  private var waiting: [(stretch: PackMover.Stretch, pack: OpenPack)] = []
  private var beginningCount = 0
  private var result = Repacking.Outcome()

  /// All of these packs, in their order, until the time is up.
  init(
    _ packs: [PackUse], progress: PruneProgress, isOutOfTime: @escaping @Sendable () -> Bool
  ) {
    self.packs = packs[...]
    self.progress = progress
    self.isOutOfTime = isOutOfTime
  }

  /// What came of it, after all threads have ended.
  var outcome: Repacking.Outcome { monitor.withLock { result } }

  /// What to do next; waits while others may bring more, nil at the end.
  func next() -> Work? {
    monitor.withLock {
      while result.failure == nil {
        if let (stretch, pack) = waiting.popLast() { return .move(stretch, pack) }
        if let pack = nextPack() {
          beginningCount += 1
          return .begin(pack)
        }
        guard beginningCount > 0 else { return nil }
        monitor.wait { !waiting.isEmpty || beginningCount == 0 || result.failure != nil }
      }
      return nil
    }
  }

  private func nextPack() -> PackUse? {
    guard !packs.isEmpty else { return nil }
    guard !isOutOfTime() else {
      result.isCut = true
      packs = []
      return nil
    }
    return packs.popFirst()
  }

  /// The stretches of a pack that was begun are there to be moved.
  func open(_ pack: PackUse, _ source: PackMover.Source) {
    monitor.withLock {
      beginningCount -= 1
      let open = OpenPack(pack, source)
      if open.leftCount == 0 { end(open) }
      waiting += source.stretches.reversed().map { ($0, open) }
      monitor.broadcast()
    }
  }

  /// A pack that was begun stays as it is.
  func leave(_ pack: PackUse, _ problem: Repacking.Problem) {
    monitor.withLock {
      beginningCount -= 1
      count(pack, problem)
      monitor.broadcast()
    }
  }

  /// A stretch was moved, or has a problem: then no more is moved of its pack.
  func end(_: PackMover.Stretch, of pack: OpenPack, problem: Repacking.Problem? = nil) {
    monitor.withLock {
      pack.leftCount -= 1
      if let problem {
        pack.problem = pack.problem ?? problem
        let waitingCount = waiting.count
        waiting.removeAll { $0.pack === pack }
        pack.leftCount -= waitingCount - waiting.count
      }
      if pack.leftCount == 0 { end(pack) }
    }
  }

  private func end(_ open: OpenPack) {
    if open.problem == nil { result.moved.append(open.pack) }
    count(open.pack, open.problem)
  }

  private func count(_ pack: PackUse, _ problem: Repacking.Problem?) {
    if let problem { result.damaged.append(problem) }
    progress.packs.add(1, ordering: .relaxed)
    progress.bytes.add(UInt64(pack.size), ordering: .relaxed)
  }

  /// Nothing more is to be done.
  func fail(_ error: VaultError) {
    monitor.withLock {
      if result.failure == nil { result.failure = error }
      monitor.broadcast()
    }
  }
}
