// `--password-command`: a program started without a shell, whose standard output is the password and
// goes straight into secret memory. Its standard input and error are ours, so that it may ask and
// complain.

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
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw failure(Errno.current.text) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let output = Descriptor(owning: ends[0])
    let child = try start(printingTo: Descriptor(owning: ends[1]))
    return try collect(output, from: child)
  }

  // A reader that gives up closes the pipe first, so that the child cannot wait for it for ever.
  private func collect(
    _ output: consuming Descriptor, from child: pid_t
  ) throws(Failure) -> SecretText {
    var text: SecretText
    do {
      text = try SecretFile.read(output, "the output of the password command")
    } catch {
      _ = consume output
      _ = Self.waitForEnd(of: child)
      throw error
    }
    try check(Self.waitForEnd(of: child))
    text.removeFinalNewline()
    return text
  }

  /// Starts the command; our copy of the pipe's end is closed with `input`.
  private func start(printingTo input: consuming Descriptor) throws(Failure) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input.raw, STDOUT_FILENO)
    var child: pid_t = 0
    let vector = ArgumentVector(words.map { Array($0.utf8) })
    let code = unsafe posix_spawnp(&child, words[0], &actions, nil, vector.pointers, environ)
    guard code == 0 else { throw failure(Errno(code).text) }
    return child
  }

  private func check(_ status: Int32) throws(Failure) {
    guard status != 0 else { return }
    let signal = status & 0x7F
    throw failure(signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "ended by signal \(signal)")
  }

  private func failure(_ reason: String) -> Failure {
    Failure(
      "the password command '\(printable(words.joined(separator: " ").utf8))' failed: \(reason)")
  }

  private static func waitForEnd(of child: pid_t) -> Int32 {
    var status: Int32 = 0
    _ = retrying { unsafe waitpid(child, &status, 0) }
    return status
  }
}
