// Threads, and what they hand to each other.

import Platform
import Testing

@Suite struct ThreadTests {
  @Test(arguments: [1, 3, 64])
  func everyItemArrivesOnce(_ capacity: Int) {
    let channel = Channel<Int>(capacity: capacity)
    let sum = Counter()
    let count = Counter()
    let receivers = (0..<3).map { _ in
      Thread.start(name: "receiver") {
        while let item = channel.receive() {
          sum.add(item)
          count.add()
        }
      }
    }
    let senders = (0..<4).map { sender in
      Thread.start(name: "sender") {
        for item in 0..<500 where !channel.send(sender * 500 + item) { return }
      }
    }
    for thread in senders { thread.join() }
    channel.close()
    for thread in receivers { thread.join() }
    #expect(count.value == 2000)
    #expect(sum.value == 2000 * 1999 / 2)
  }

  @Test func oneSendersItemsStayInOrder() {
    let channel = Channel<Int>(capacity: 4)
    let sender = Thread.start(name: "sender") {
      for item in 0..<100 { _ = channel.send(item) }
      channel.close()
    }
    var received: [Int] = []
    while let item = channel.receive() { received.append(item) }
    sender.join()
    #expect(received == Array(0..<100))
  }

  @Test func aCloseWakesWhoeverWaits() {
    let full = Channel<Int>(capacity: 1)
    #expect(full.send(1))
    let empty = Channel<Int>(capacity: 1)
    let refused = Counter()
    let threads =
      (0..<3).map { _ in Thread.start(name: "sender") { if !full.send(2) { refused.add() } } }
      + (0..<3).map { _ in
        Thread.start(name: "receiver") { if empty.receive() == nil { refused.add() } }
      }
    full.close()
    empty.close()
    for thread in threads { thread.join() }
    #expect(refused.value == 6)
    #expect(!full.send(3))
    #expect(full.receive() == 1, "what was sent can still be received")
    #expect(full.receive() == nil)
  }

  @Test func whatIsNarrowedHoldsNoMoreThanItDoes() {
    let channel = Channel<Int>(capacity: 8)
    for item in 0..<5 { #expect(channel.send(item)) }
    channel.narrow(to: 3)
    #expect(channel.receive() == 0)
    #expect(channel.send(5))
    let sent = Counter()
    let sender = Thread.start(name: "sender") {
      for item in 6..<5000 where channel.send(item) { sent.add() }
    }
    for item in 1..<5000 {
      #expect(channel.receive() == item)
      // At most five wait, and the first six of all were sent before.
      #expect(sent.value <= item)
    }
    sender.join()
    // As few as one is still a way through.
    let narrow = Channel<Int>(capacity: 2)
    narrow.narrow(to: 0)
    #expect(narrow.send(1))
    #expect(narrow.receive() == 1)
  }

  @Test func aChannelLetsGoOfWhatItHandedOut() {
    final class Item: Sendable {}
    let channel = Channel<Item>(capacity: 8)
    weak var seen: Item?
    do {
      let item = Item()
      seen = item
      _ = channel.send(item)
    }
    #expect(seen != nil)
    _ = channel.receive()
    #expect(seen == nil)
  }

  @Test func aMonitorWaitsForACondition() {
    let monitor = Monitor()
    let number = Counter()
    let thread = Thread.start(name: "a name that is too long for Linux") {
      monitor.withLock {
        number.add()
        monitor.broadcast()
      }
    }
    monitor.withLock { monitor.wait { number.value == 1 } }
    thread.join()
    #expect(number.value == 1)
  }
}
