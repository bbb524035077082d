// A bounded queue between threads: what is full makes the sender wait, so nothing grows.
//
// Invariant: who waits is woken by whatever ends the reason to wait: each item wakes one receiver,
// each place that gets free one sender, and the close all of them.

/// A bounded queue for any number of senders and receivers.
package final class Channel<Item: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private let filled = Condition()
  private let freed = Condition()
  private let capacity: Int
  private var limit: Int
  private var items: [Item?]
  private var first = 0
  private var count = 0
  private var isClosed = false

  package init(capacity: Int) {
    precondition(capacity > 0, "a channel holds at least one item")
    self.capacity = capacity
    limit = capacity
    items = Array(repeating: nil, count: capacity)
  }

  /// Waits for room and adds an item; false when the channel is closed.
  package func send(_ item: Item) -> Bool {
    lock.withLock {
      while count >= limit && !isClosed { freed.wait(lock) }
      guard !isClosed else { return false }
      items[(first + count) % capacity] = item
      count += 1
      filled.signal()
      return true
    }
  }

  /// Waits for an item; nil when the channel is closed and empty.
  package func receive() -> Item? {
    lock.withLock {
      while count == 0 && !isClosed { filled.wait(lock) }
      guard count > 0 else { return nil }
      let item = items[first].take()
      first = (first + 1) % capacity
      count -= 1
      freed.signal()
      return item
    }
  }

  /// Lets no more items wait from now on than this many, or than wait already.
  package func narrow(to most: Int) {
    lock.withLock { limit = min(limit, max(1, most, count)) }
  }

  /// Whether nothing waits in it at the moment.
  package var isEmpty: Bool { lock.withLock { count == 0 } }

  /// Takes no more items; what is in it can still be received.
  package func close() {
    lock.withLock {
      isClosed = true
      filled.broadcast()
      freed.broadcast()
    }
  }
}
