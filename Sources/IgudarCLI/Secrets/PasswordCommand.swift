// `--password-command`: a program started without a shell, whose standard output is the password and
// goes straight into secret memory. Its standard input and error are ours, so that it may ask and
// complain.

import Platform

/// A command that prints a password.
struct PasswordCommand {
  private let words: [String]

  init(_ words: [String]) {
    self.words = words
  }

  /// What the command printed, without the final newline.
  ///
  /// A command that prints too much, or is still at it when this program is asked to end, is killed.
  func read() throws(Failure) -> SecretText {
    let process: Process
    do throws(SystemError) { process = try Process(words.map { Array($0.utf8) }) } catch {
      throw failure(error.errno.text)
    }
    var text = try SecretFile.read(process.output, "the output of the password command")
    switch process.end() {
    case .exited(0): break
    case .exited(let code): throw failure("exit code \(code)")
    case .killed(let signal): throw failure("ended by signal \(signal)")
    }
    text.removeFinalNewline()
    return text
  }

  private func failure(_ reason: String) -> Failure {
    Failure(
      "the password command '\(printable(words.joined(separator: " ").utf8))' failed: \(reason)")
  }
}
