// The character set in which libarchive takes names and gives them: it asks the thread's locale.
//
// Names stay bytes. To write, it is UTF-8: in the "C" locale every name that is not ASCII would be
// marked as binary, at which GNU tar prints a warning each; what is no UTF-8 is marked so all the
// same, and written as it is. To read, it is "C": with UTF-8 libarchive composes characters (NFC),
// and the names would be others than those in the archive.

import Glibc

/// The locale of a thread that reads or writes archives.
enum ArchiveLocale: String {
  case writing = "C.UTF-8"
  case reading = "C"

  /// Runs a body with this as the character set of this thread.
  func during<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let own = unsafe newlocale(Int32(1 << LC_CTYPE), rawValue, nil) else {
      return try body()
    }
    let before = unsafe uselocale(own)
    defer {
      _ = unsafe uselocale(before)
      unsafe freelocale(own)
    }
    return try body()
  }
}
