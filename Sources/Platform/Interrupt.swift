// Signals that ask the program to end. The first is only noted, so that what is under way can be
// brought to a good end; the second ends at once, unless it came with the first: `timeout` signals its
// command and then the group that this is in, and service managers send several at once.

import CLinux
import Glibc
import Synchronization

/// Whether the program was asked to end.
package enum Interrupt {
  private static let signal = Atomic<Int32>(0)
  // When the first came, by the monotonic clock; 0 if none did.
  private static let firstTime = Atomic<UInt64>(0)

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
        let now = monotonicNanoseconds()
        // One of several that are handled at the same moment is the first.
        let (isFirst, first) = Interrupt.firstTime.compareExchange(
          expected: 0, desired: now, ordering: .relaxed)
        if isFirst {
          Interrupt.request(number)
        } else if Interrupt.isLater(now, than: first) {
          Interrupt.endAtOnce()
        }
      }
    }
    Glibc.signal(SIGPIPE, SIG_IGN)
    Glibc.signal(SIGXFSZ, SIG_IGN)
    clinux_explain_bus_errors()
  }

  private static func endAtOnce() -> Never {
    // A literal that is used as it is: a handler allocates nothing.
    let text: StaticString = "ended at once by a second signal. Nothing saved before is harmed.\n"
    unsafe clinux_last_words(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
    _exit(130)
  }

  /// Whether a signal is a second one, a quarter of a second after the first and not with it.
  ///
  /// Few press twice so fast. Clocks of several processors may tell a time before the first.
  static func isLater(_ time: UInt64, than first: UInt64) -> Bool {
    Int64(bitPattern: time &- first) > 250_000_000
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
