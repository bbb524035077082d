// The clock that nobody sets.

import Glibc

/// Nanoseconds of a clock that never jumps, and stands still while the machine sleeps; may be read in
/// signal handlers.
package func monotonicNanoseconds() -> UInt64 {
  var time = timespec()
  unsafe clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
