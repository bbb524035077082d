// `--password-command`: a program started without a shell, whose standard output is the password. Its
// standard input and error are ours, so that it may ask and complain.

import Glibc
import Platform

/// A command that prints a password.
struct PasswordCommand {
  private let words: [String]

  init(_ words: [String]) {
    self.words = words
  }

  /// What the command printed, without the final newline.
  func read() throws(Failure) -> SecretText {
    fatalError()
  }
}
