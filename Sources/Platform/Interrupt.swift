// Signals that ask the program to end. The first is only noted, so that what is under way can be
// brought to a good end; the second ends at once.

import CLinux
import Glibc
import Synchronization

/// Whether the program was asked to end.
package enum Interrupt {
  private static let signal = Atomic<Int32>(0)

  /// The signal that asked, 0 if none did.
  package static var requested: Int32 { signal.load(ordering: .relaxed) }

  /// Acts as if a signal had come.
  package static func request(_ number: Int32 = SIGINT) {
    signal.store(number, ordering: .relaxed)
  }

  /// Catches SIGINT, SIGTERM and SIGHUP; a closed pipe, and a file that is
  /// longer than is permitted, become errors of `write`.
  ///
  /// A mapped file that goes away under the program is named before that ends.
  /// What was ignored from the start, as under `nohup` or in the background of a script, stays so.
  package static func install() {
    // The handler must find it made: making it takes a lock.
    _ = requested
    for number in [SIGINT, SIGTERM, SIGHUP] where !isIgnored(number) {
      Glibc.signal(number) { number in
        if Interrupt.requested != 0 { _exit(130) }
        Interrupt.request(number)
      }
    }
    Glibc.signal(SIGPIPE, SIG_IGN)
    Glibc.signal(SIGXFSZ, SIG_IGN)
    clinux_explain_bus_errors()
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
