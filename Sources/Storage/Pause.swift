// Waiting that ends when the program is to end.

import Glibc
import Platform

/// A pause that an interruption cuts short.
enum Pause {
  /// Sleeps; false when the program is to end.
  @Sendable
  static func sleep(_ pause: Duration) -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + pause
    // In small steps, so that an interruption is seen soon.
    while clock.now < end {
      guard Interrupt.requested == 0 else { return false }
      let step = min(end - clock.now, .milliseconds(100)).components.attoseconds
      var rest = timespec(tv_sec: 0, tv_nsec: Int(max(0, step) / 1_000_000_000))
      unsafe nanosleep(&rest, nil)
    }
    return Interrupt.requested == 0
  }
}
