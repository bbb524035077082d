// Tree nodes that wait to be read by the threads of one walk. The last that came go first, some at a
// time: what waits stays little, and neighbours, which lie in one frame, go to one thread.

import Platform
import Vault

/// What is left to read, shared by the threads that read it.
final class NodeQueue: @unchecked Sendable {
  private let monitor = Monitor()
  private let threadCount: Int
  private var waiting: [NodeReference] = []
  private var busyCount = 0
  private var failure: VaultError?

  private static let batchLimit = 16

  /// An empty queue for so many threads.
  init(threadCount: Int) { self.threadCount = threadCount }

  var isEmpty: Bool { monitor.withLock { waiting.isEmpty } }

  /// Adds nodes that nobody has read.
  func add(_ nodes: [NodeReference]) { monitor.withLock { waiting += nodes } }

  /// Some nodes to read, for whoever calls `end` then; waits while others may find more, empty at
  /// the end.
  func next() -> [NodeReference] {
    monitor.withLock {
      monitor.wait { failure != nil || !waiting.isEmpty || busyCount == 0 }
      guard failure == nil, !waiting.isEmpty else { return [] }
      let count = min(Self.batchLimit, max(1, waiting.count / threadCount))
      defer { waiting.removeLast(count) }
      busyCount += 1
      return waiting.suffix(count).reversed()
    }
  }

  /// What `next` gave is read, and refers to these nodes that nobody has read.
  func end(finding nodes: [NodeReference]) {
    monitor.withLock {
      waiting += nodes
      busyCount -= 1
      monitor.broadcast()
    }
  }

  /// Nothing more is to be read.
  func fail(_ error: VaultError) {
    monitor.withLock {
      failure = failure ?? error
      monitor.broadcast()
    }
  }

  /// Throws what was wrong, after all threads have ended.
  func requireAll() throws(VaultError) {
    if let failure = monitor.withLock({ failure }) { throw failure }
  }
}
