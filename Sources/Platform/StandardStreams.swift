// Standard input, output and error may be closed when a program starts. The next file opened would
// take such a number, and what is meant for the terminal would be written into it.

import Glibc

/// The descriptors 0, 1 and 2.
package enum StandardStreams {
  /// Takes the numbers of those that are closed; reading and writing them still fails with EBADF.
  ///
  /// To be called before anything else is opened.
  package static func reserve() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest free number is this one. Such a descriptor cannot be read or written.
      _ = unsafe open("/", Descriptor.passage)
    }
  }
}
