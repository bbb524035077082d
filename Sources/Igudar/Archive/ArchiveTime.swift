// Times as libarchive 3.6 writes and reads them: seconds and nanoseconds side by side, with the sign
// of the seconds before both. POSIX means one decimal number, so before 1970 the parts differ from
// those of the kernel. What cannot be said that way is a fraction of the last second before 1970: it
// is written as that second.

import Platform

/// A time on its way into or out of an archive.
struct ArchiveTime {
  let seconds: Int
  let nanoseconds: Int

  private static let second = 1_000_000_000

  /// As it must be given to be written.
  init(_ time: Timestamp) {
    let hasParts = time.seconds < 0 && time.nanoseconds > 0
    let canBeSaid = time.seconds < -1
    seconds = Int(time.seconds) + (hasParts && canBeSaid ? 1 : 0)
    nanoseconds =
      !hasParts ? Int(time.nanoseconds) : canBeSaid ? Self.second - Int(time.nanoseconds) : 0
  }

  /// As it was read.
  init(seconds: Int, nanoseconds: Int) {
    self.seconds = seconds
    self.nanoseconds = max(0, min(nanoseconds, Self.second - 1))
  }

  /// The time that is meant.
  var timestamp: Timestamp {
    guard seconds < 0, nanoseconds > 0 else {
      return Timestamp(seconds: Int64(seconds), nanoseconds: UInt32(nanoseconds))
    }
    let (before, overflow) = Int64(seconds).subtractingReportingOverflow(1)
    if overflow { return Timestamp(seconds: Int64(seconds)) }
    return Timestamp(seconds: before, nanoseconds: UInt32(Self.second - nanoseconds))
  }
}
