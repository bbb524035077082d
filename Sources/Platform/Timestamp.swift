// Points in time as file systems keep them.

package import Glibc

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Comparable, Sendable {
  /// Whole seconds, negative before 1970.
  public var seconds: Int64
  /// 0 to 999,999,999, always forward from `seconds`.
  public var nanoseconds: UInt32

  /// A point in time.
  public init(seconds: Int64, nanoseconds: UInt32 = 0) {
    self.seconds = seconds
    self.nanoseconds = nanoseconds
  }

  /// What the clock says.
  public static func now() -> Timestamp {
    var time = Glibc.timespec()
    _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
  }

  /// Earlier before later.
  public static func < (left: Self, right: Self) -> Bool {
    (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
  }

  /// Nanoseconds since 1970; clamped to what an `Int64` holds, years 1678 to 2262.
  package var totalNanoseconds: Int64 {
    let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    let (sum, overflowed) = product.addingReportingOverflow(Int64(nanoseconds))
    return overflowed ? .max : sum
  }

  package init(totalNanoseconds: Int64) {
    let seconds =
      totalNanoseconds >= 0
      ? totalNanoseconds / 1_000_000_000 : (totalNanoseconds - 999_999_999) / 1_000_000_000
    self.init(
      seconds: seconds, nanoseconds: UInt32(totalNanoseconds - seconds * 1_000_000_000))
  }

  package var cValue: timespec {
    Glibc.timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
  }
}
