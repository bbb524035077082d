// A bounded queue between threads: what is full makes the sender wait, so nothing grows.

/// A bounded queue for any number of senders and receivers.
package final class Channel<Item: Sendable>: @unchecked Sendable {
  private let monitor = Monitor()
  private let capacity: Int
  private var items: [Item?]
  private var first = 0
  private var count = 0
  private var isClosed = false

  package init(capacity: Int) {
    precondition(capacity > 0, "a channel holds at least one item")
    self.capacity = capacity
    items = Array(repeating: nil, count: capacity)
  }

  /// Waits for room and adds an item; false when the channel is closed.
  package func send(_ item: Item) -> Bool {
    monitor.withLock {
      monitor.wait { count < capacity || isClosed }
      guard !isClosed else { return false }
      items[(first + count) % capacity] = item
      count += 1
      monitor.broadcast()
      return true
    }
  }

  /// Waits for an item; nil when the channel is closed and empty.
  package func receive() -> Item? {
    monitor.withLock {
      monitor.wait { count > 0 || isClosed }
      guard count > 0 else { return nil }
      defer { items[first] = nil; first = (first + 1) % capacity; count -= 1; monitor.broadcast() }
      return items[first]
    }
  }

  /// Takes no more items; what is in it can still be received.
  package func close() {
    monitor.withLock {
      isClosed = true
      monitor.broadcast()
    }
  }
}
