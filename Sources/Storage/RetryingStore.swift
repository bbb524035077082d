// Tries again what failed for now, with growing pauses. Only errors that say so are retried.
//
// Invariant: an answer is the one that a store which always answers would have given. Where the
// answer to a creation was lost, the stored bytes decide whose object it is; a listing that broke
// off goes on behind the last name that was handed out.

import Platform
import Synchronization

/// How often and how long to try.
public struct RetryPolicy: Sendable {
  /// Attempts at one call, at least 1.
  public var attemptCount = 12
  /// The pause after the first failure; it doubles with each further one, and a random half of it
  /// is left out.
  public var firstPause = Duration.milliseconds(500)
  /// No pause is longer.
  public var longestPause = Duration.seconds(60)

  /// Twelve attempts over some five minutes.
  public init() {}

  // Before the attempt that follows this many failures.
  func pause(after failureCount: Int, _ random: inout SplitMix) -> Duration {
    let factor = 1 << min(failureCount - 1, 20)
    let whole = min(firstPause * factor, longestPause)
    return whole * (0.5 + random.fraction() / 2)
  }
}

/// A store that tries again over one that may not answer.
public final class RetryingStore: ObjectStore, Sendable {
  /// Told of each failure that is going to be retried, and how long from now.
  public typealias Report = @Sendable (StoreError, Duration) -> Void

  private let base: any ObjectStore
  private let policy: RetryPolicy
  private let report: Report?
  private let wait: @Sendable (Duration) -> Bool
  private let random: Mutex<SplitMix>

  /// A store over another one.
  public convenience init(
    _ base: any ObjectStore, policy: RetryPolicy = RetryPolicy(), report: Report? = nil
  ) {
    self.init(base, policy: policy, report: report, wait: Pause.sleep)
  }

  /// With another way to wait; that answers false when the program is to end.
  package init(
    _ base: any ObjectStore, policy: RetryPolicy, report: Report? = nil,
    wait: @escaping @Sendable (Duration) -> Bool
  ) {
    precondition(policy.attemptCount > 0, "there is at least one attempt")
    self.base = base
    self.policy = policy
    self.report = report
    self.wait = wait
    var system = SystemRandomNumberGenerator()
    random = Mutex(SplitMix(seed: system.next()))
  }

  // Calls until there is an answer, an error that will stay, or no attempt left.
  private func retrying<Answer>(
    _ call: () throws(StoreError) -> Answer
  ) throws(StoreError) -> Answer {
    var failureCount = 0
    while true {
      do throws(StoreError) { return try call() } catch {
        failureCount += 1
        guard error.isRetryable, failureCount < policy.attemptCount else { throw error }
        let pause = random.withLock { policy.pause(after: failureCount, &$0) }
        report?(error, pause)
        guard wait(pause) else { throw error }
      }
    }
  }

  /// Where it is, for messages.
  public var location: String { base.location }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    let bytes = copy bytes
    var attemptCount = 0
    while true {
      let creation = try retrying { () throws(StoreError) in
        attemptCount += 1
        return try base.create(name, bytes)
      }
      guard creation == .existed, attemptCount > 1 else { return creation }
      if let isOurs = try holds(name, bytes) { return isOurs ? .created : .existed }
    }
  }

  // Whether the object is the one that we tried to make; nil when it was deleted meanwhile.
  private func holds(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Bool? {
    do throws(StoreError) {
      guard try size(of: name) == bytes.byteCount else { return false }
      let buffer = OwnedBuffer(capacity: 1 << 20)
      var offset = 0
      while offset < bytes.byteCount {
        let part = unsafe UnsafeMutableRawBufferPointer(
          start: buffer.pointer, count: min(buffer.capacity, bytes.byteCount - offset))
        let count = try unsafe read(name, at: offset, into: part)
        guard count == part.count else { return false }
        let isSame = unsafe bytes.withUnsafeBytes { bytes in
          unsafe bytes[offset..<offset + count].elementsEqual(part)
        }
        guard isSame else { return false }
        offset += count
      }
      return true
    } catch {
      if case .notFound = error { return nil }
      throw error
    }
  }

  /// Makes every object created before survive a crash.
  public func barrier() throws(StoreError) {
    try retrying { () throws(StoreError) in try base.barrier() }
  }

  /// Reads a range of an object.
  public func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    try retrying { () throws(StoreError) in
      try unsafe base.read(name, at: offset, into: buffer)
    }
  }

  /// The size of an object.
  public func size(of name: ObjectName) throws(StoreError) -> Int {
    try retrying { () throws(StoreError) in try base.size(of: name) }
  }

  /// Lists objects in byte order of their names; an error of the closure ends it at once.
  public func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    var last = after
    // What the closure said to end it; whatever goes wrong after that does not matter.
    var end: Result<Void, StoreError>?
    try retrying { () throws(StoreError) in
      do throws(StoreError) {
        try base.list(prefix: prefix, after: last) { (name, size) throws(StoreError) in
          last = name.description
          do throws(StoreError) {
            if try body(name, size) { return true }
            end = .success(())
          } catch { end = .failure(error) }
          return false
        }
      } catch {
        if end == nil { throw error }
      }
    }
    try end?.get()
  }

  /// Deletes an object.
  public func delete(_ name: ObjectName) throws(StoreError) {
    try retrying { () throws(StoreError) in try base.delete(name) }
  }
}
