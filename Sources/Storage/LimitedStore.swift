// Keeps what is sent to a store and read from it below a rate, for lines and disks that others use.
//
// Invariant: over any time, what was transferred is at most the rate times that time and one
// transfer more: an object is stored at once, and the next one waits for as long as it should have
// taken.

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

/// A store that waits over one that does not.
public final class LimitedStore: ObjectStore, Sendable {
  private let base: any ObjectStore
  private let upload: Pace?
  private let download: Pace?

  /// A store over another one.
  public convenience init(_ base: any ObjectStore, limits: TransferLimits) {
    let start = ContinuousClock.now
    self.init(
      base, limits: limits, now: { start.duration(to: .now) }, wait: { _ = Pause.sleep($0) })
  }

  /// With another clock, and another way to wait.
  package init(
    _ base: any ObjectStore, limits: TransferLimits, now: @escaping @Sendable () -> Duration,
    wait: @escaping @Sendable (Duration) -> Void
  ) {
    self.base = base
    upload = limits.upload.map { Pace(bytesPerSecond: $0, now: now, wait: wait) }
    download = limits.download.map { Pace(bytesPerSecond: $0, now: now, wait: wait) }
  }

  /// Where it is, for messages.
  public var location: String { base.location }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    upload?.take(bytes.byteCount)
    return try base.create(name, bytes)
  }

  /// Makes every object created before survive a crash.
  public func barrier() throws(StoreError) { try base.barrier() }

  /// Reads a range of an object.
  public func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    download?.take(buffer.count)
    return try unsafe base.read(name, at: offset, into: buffer)
  }

  /// The size of an object.
  public func size(of name: ObjectName) throws(StoreError) -> Int { try base.size(of: name) }

  /// Lists objects in byte order of their names.
  public func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    try base.list(prefix: prefix, after: after, body)
  }

  /// Deletes an object.
  public func delete(_ name: ObjectName) throws(StoreError) { try base.delete(name) }
}

/// One direction: when the next transfer may begin.
private final class Pace: Sendable {
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

  /// Waits until a transfer of so many bytes may begin.
  func take(_ count: Int) {
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
