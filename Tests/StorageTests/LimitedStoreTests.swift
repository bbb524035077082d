// A limited store transfers no more than it may, and nothing but that differs.

import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct LimitedStoreTests {
  /// A clock that waiting alone moves.
  private final class VirtualClock: Sendable {
    private let time = Mutex(Duration.zero)
    var now: Duration { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  private func store(_ limits: TransferLimits, _ clock: VirtualClock) -> LimitedStore {
    LimitedStore(MemoryStore(), limits: limits, now: { clock.now }, wait: { clock.pass($0) })
  }

  @Test func whatIsSentWaitsForWhatWasSentBefore() throws {
    let clock = VirtualClock()
    let store = store(TransferLimits(upload: 1000), clock)
    for number in 0..<5 { _ = try store.create(.pack(hash(number)), sample(2000)) }
    // Four objects take two seconds each; the fifth is under way.
    #expect(clock.now == .seconds(8))
    _ = try store.read(.pack(hash(0)), limit: 2000)
    #expect(clock.now == .seconds(8))
  }

  @Test func whatIsReadHasItsOwnLimit() throws {
    let clock = VirtualClock()
    let store = store(TransferLimits(download: 500), clock)
    for number in 0..<3 { _ = try store.create(.pack(hash(number)), sample(1000)) }
    #expect(clock.now == .zero)
    for number in 0..<3 { _ = try store.read(.pack(hash(number)), limit: 1000) }
    #expect(clock.now == .seconds(4))
  }

  @Test func anIdleStoreSavesNothingUp() throws {
    let clock = VirtualClock()
    let store = store(TransferLimits(upload: 1000), clock)
    _ = try store.create(.pack(hash(0)), sample(1000))
    clock.pass(.seconds(100))
    for number in 1..<4 { _ = try store.create(.pack(hash(number)), sample(1000)) }
    #expect(clock.now == .seconds(102))
  }
}
