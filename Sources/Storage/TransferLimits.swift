// Keeps what is sent to a store and read from it below a rate, for lines and disks that others use.
//
// Invariant: over any time, what was transferred is at most the rate times that time and one piece
// more: objects go in pieces of a quarter of a second, of 4 KiB to 1 MiB, and each waits for as long as
// the one before should have taken. When the program is asked to end nothing waits any more.

import Platform
import Synchronization

/// Bytes a second that may go to a store and come from it.
public struct TransferLimits: Hashable, Sendable {
  /// Bytes a second to the store; nil for as many as there are.
  public var upload: Int?
  /// Bytes a second from the store; nil for as many as there are.
  public var download: Int?

  /// Limits; each at least 1.
  public init(upload: Int? = nil, download: Int? = nil) {
    self.upload = upload
    self.download = download
  }
}

/// The pace of both directions of a store.
struct TransferPaces: Sendable {
  let upload: Pace?
  let download: Pace?

  /// Paces of limits, by this clock and this way to wait.
  init(
    _ limits: TransferLimits, now: @escaping @Sendable () -> Duration,
    wait: @escaping @Sendable (Duration) -> Void
  ) {
    upload = limits.upload.map { Pace(bytesPerSecond: $0, now: now, wait: wait) }
    download = limits.download.map { Pace(bytesPerSecond: $0, now: now, wait: wait) }
  }

  /// Paces of limits; whoever waits goes on at once when the program is to end.
  init(_ limits: TransferLimits) {
    let start = ContinuousClock.now
    self.init(limits, now: { start.duration(to: .now) }, wait: { _ = Pause.sleep($0) })
  }
}

/// When the next piece of one direction may begin; all threads share it.
final class Pace: Sendable {
  private let bytesPerSecond: Int
  private let now: @Sendable () -> Duration
  private let wait: @Sendable (Duration) -> Void
  private let free = Mutex(Duration.zero)

  init(
    bytesPerSecond: Int, now: @escaping @Sendable () -> Duration,
    wait: @escaping @Sendable (Duration) -> Void
  ) {
    precondition(bytesPerSecond > 0, "a rate is more than nothing")
    self.bytesPerSecond = bytesPerSecond
    self.now = now
    self.wait = wait
  }

  /// Bytes of a piece.
  fileprivate var pieceSize: Int { min(max(bytesPerSecond / 4, 4096), 1 << 20) }

  // Waits until a transfer of so many bytes may begin.
  fileprivate func take(_ count: Int) {
    let now = now()
    let length = Duration.seconds(Double(count) / Double(bytesPerSecond))
    let begin = free.withLock { free in
      let begin = max(free, now)
      free = begin + length
      return begin
    }
    if begin > now { wait(begin - now) }
  }
}

extension Pace? {
  /// Transfers so many bytes piece by piece, all at once where there is no limit; ends early where a
  /// piece answers false.
  func transfer<Problem: Error>(
    _ count: Int, _ piece: (Range<Int>) throws(Problem) -> Bool
  ) throws(Problem) {
    guard let self else {
      _ = try piece(0..<count)
      return
    }
    var begin = 0
    repeat {
      let end = min(begin + self.pieceSize, count)
      self.take(end - begin)
      guard try piece(begin..<end) else { return }
      begin = end
    } while begin < count
  }
}
