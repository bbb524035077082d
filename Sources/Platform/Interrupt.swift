// Signals that ask the program to end. The first is only noted, so that what is under way can be
// brought to a good end; the second ends at once, unless it came with the first: `timeout` signals its
// command and then the group that this is in, and service managers send several at once.

import CLinux
import Glibc
import Synchronization

/// Whether the program was asked to end.
package enum Interrupt {
  private static let signal = Atomic<Int32>(0)
  // When the first came, in nanoseconds of the monotonic clock.
  private static let firstTime = Atomic<UInt64>(0)
  // Nanoseconds; few press twice so fast.
  private static let togetherness: UInt64 = 250_000_000

  /// The signal that asked, 0 if none did.
  package static var requested: Int32 { signal.load(ordering: .relaxed) }

  /// Acts as if a signal had come.
  package static func request(_ number: Int32 = SIGINT) {
    signal.store(number, ordering: .relaxed)
  }

  /// Catches SIGINT, SIGTERM and SIGHUP, of which a second one ends the process; a closed pipe, and
  /// a file that is longer than is permitted, become errors of `write`.
  ///
  /// A mapped file that goes away under the program is named before that ends.
  /// What was ignored from the start, as under `nohup` or in the background of a script, stays so.
  package static func install() {
    // The handler must find them made: making them takes a lock.
    _ = (requested, firstTime.load(ordering: .relaxed))
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
      Glibc.signal(number) { number in
        let now = Interrupt.now
        if Interrupt.requested == 0 {
          Interrupt.firstTime.store(now, ordering: .relaxed)
          Interrupt.request(number)
        } else if now &- Interrupt.firstTime.load(ordering: .relaxed) > Interrupt.togetherness {
          Interrupt.endAtOnce()
        }
      }
    }
    Glibc.signal(SIGPIPE, SIG_IGN)
    Glibc.signal(SIGXFSZ, SIG_IGN)
    clinux_explain_bus_errors()
  }

  private static func endAtOnce() -> Never {
    let text: StaticString = """
      igudar: ended at once by a second signal. Nothing saved before is harmed.

      """
    _ = unsafe write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    _exit(130)
  }

  private static var now: UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard unsafe sigaction(number, nil, &action) == 0 else { return false }
    let handler = unsafe action.__sigaction_handler.sa_handler
    return unsafe unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// No core files and no other process looking into this one's memory.
  package static func hardenProcess() { _ = clinux_harden_process() }

  /// As many open files as the system permits.
  package static func raiseFileLimit() {
    _ = clinux_raise_file_limit(1 << 16)
  }
}
