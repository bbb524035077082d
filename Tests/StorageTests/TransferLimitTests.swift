// A limited store transfers no more than it may at any time, and nothing but that differs.

import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct TransferLimitTests {
  /// A clock that waiting alone moves.
  private final class VirtualClock: Sendable {
    private let time = Mutex(Duration.zero)
    var now: Duration { time.withLock { $0 } }
    func pass(_ duration: Duration) { time.withLock { $0 += duration } }
  }

  private let scratch: Scratch
  private let clock = VirtualClock()

  init() throws { scratch = try Scratch() }

  private func store(_ limits: TransferLimits) throws -> LocalStore {
    let paces = TransferPaces(
      limits, now: { [clock] in clock.now }, wait: { [clock] in clock.pass($0) })
    return try LocalStore(opening: scratch.path, paces: paces)
  }

  @Test func whatIsSentWaitsForWhatWasSentBefore() throws {
    let store = try store(TransferLimits(upload: 16_384))
    for number in 0..<5 { _ = try store.create(.pack(hash(number)), sample(32_768)) }
    // Ten seconds, but for the last piece, which is under way.
    #expect(clock.now == .milliseconds(9750))
    #expect(try store.read(.pack(hash(0)), limit: 32_768) == sample(32_768))
    #expect(clock.now == .milliseconds(9750))
  }

  @Test func whatIsReadHasItsOwnLimit() throws {
    let store = try store(TransferLimits(download: 16_384))
    for number in 0..<3 { _ = try store.create(.pack(hash(number)), sample(16_384)) }
    #expect(clock.now == .zero)
    for number in 0..<3 {
      #expect(try store.read(.pack(hash(number)), limit: 16_384) == sample(16_384))
    }
    #expect(clock.now == .milliseconds(2750))
  }

  // One object alone does not go faster than all of them.
  @Test func atNoTimeIsMoreSentThanMayBe() throws {
    let times = Mutex<[Duration]>([])
    let pace = Pace(bytesPerSecond: 40_000, now: { [clock] in clock.now }) { [clock] in
      clock.pass($0)
    }
    Optional(pace).transfer(100_000) { piece in
      #expect(piece.count <= 10_000)
      times.withLock { $0.append(clock.now) }
      return true
    }
    #expect(times.withLock { $0 } == (0..<10).map { .milliseconds(250 * $0) })
  }

  @Test func anIdleStoreSavesNothingUp() throws {
    let store = try store(TransferLimits(upload: 16_384))
    _ = try store.create(.pack(hash(0)), sample(16_384))
    clock.pass(.seconds(100))
    let start = clock.now
    for number in 1..<4 { _ = try store.create(.pack(hash(number)), sample(16_384)) }
    #expect(clock.now - start == .milliseconds(2750))
  }
}
