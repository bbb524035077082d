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
  /// A command that prints too much, or is still to print something when this program is asked to end, is
  /// ended. For one that has closed its output its end is waited for.
  func read() throws(Failure) -> SecretText {
    let process: Process
    do throws(SystemError) { process = try Process(words.map { Array($0.utf8) }) } catch {
      throw failure(error.errno.text)
    }
    var text: SecretText
    do throws(Failure) {
      text = try SecretFile.read(process.output, "the output of the password command")
    } catch {
      process.stop()
      throw error
    }
    try check(process.end())
    text.removeFinalNewline()
    return text
  }

  private func check(_ end: ProcessEnd) throws(Failure) {
    if end == .exited(0) { return }
    // On a terminal a signal is for both.
    guard Interrupt.requested == 0 else { throw .interrupted }
    switch end {
    case .exited(let code): throw failure("exit code \(code)")
    case .killed(let signal): throw failure("ended by signal \(signal)")
    }
  }

  private func failure(_ reason: String) -> Failure {
    Failure(
      "the password command '\(printable(words.joined(separator: " ").utf8))' failed: \(reason)")
  }
}
