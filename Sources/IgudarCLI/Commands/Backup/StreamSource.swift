// `backup --stdin` and `--stdin-from-command`: a stream instead of files, ours or of a program that
// is started without a shell. A program that fails leaves no snapshot.

import Glibc
import Igudar
import Platform

/// A stream to save as one file.
struct StreamSource {
  static let stdin = Option("stdin", help: "save what standard input gives as one file")
  static let stdinFilename = Option(
    "stdin-filename", takes: "PATH", help: "the file's path in the snapshot (default stdin)")
  static let stdinFromCommand = Option(
    "stdin-from-command",
    help: "save what the command printed that stands behind --; no snapshot if it fails")

  static let options = [stdin, stdinFilename, stdinFromCommand]

  /// Where the file goes in the snapshot.
  let path: FilePath
  /// The program and its arguments; none for standard input.
  let command: [[UInt8]]

  /// The stream that the options ask for, nil if they ask for files.
  init?(_ invocation: Invocation) throws(Failure) {
    let given = invocation.options
    try invocation.refuseTogether(Self.stdin, Self.stdinFromCommand)
    guard given.has(Self.stdin) || given.has(Self.stdinFromCommand) else { return nil }
    for option in BackupSources.options where given.has(option) {
      throw invocation.usage("\(option.flag) and a stream exclude each other")
    }
    path = FilePath(given.bytes(Self.stdinFilename) ?? Array("stdin".utf8))
    command = given.has(Self.stdinFromCommand) ? invocation.operands : []
    if given.has(Self.stdin), !invocation.operands.isEmpty {
      throw invocation.usage("--stdin takes no paths beside it")
    }
    if given.has(Self.stdinFromCommand), command.isEmpty {
      throw invocation.usage("say which command: backup --stdin-from-command -- COMMAND …")
    }
  }

  /// Lends the stream, and for its end the check that answers why it must not be saved.
  func reading<Result>(_ body: (Int32, () -> String?) throws -> Result) throws -> Result {
    guard !command.isEmpty else { return try body(STDIN_FILENO, { nil }) }
    let child = try ChildOutput(command)
    do {
      let result = try body(child.output) { child.failure() }
      return result
    } catch {
      child.end()
      throw error
    }
  }
}

/// A program whose standard output is read; its standard input and error are ours.
private final class ChildOutput {
  private let words: [[UInt8]]
  private let process: pid_t
  private let descriptor: Descriptor
  private var hasEnded = false

  var output: Int32 { descriptor.raw }

  init(_ words: [[UInt8]]) throws(Failure) {
    self.words = words
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe(&ends) == 0 else { throw Failure("pipe: \(Errno.current.text)") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    descriptor = Descriptor(owning: ends[0])
    let input = Descriptor(owning: ends[1])
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input.raw, STDOUT_FILENO)
    let vector = ArgumentVector(words)
    var child: pid_t = 0
    let code = unsafe withNullTerminated(words[0]) { name in
      unsafe posix_spawnp(&child, name, &actions, nil, vector.pointers, environ)
    }
    guard code == 0 else {
      throw Failure("cannot start \(printable(words[0])): \(Errno(code).text)")
    }
    process = child
  }

  /// Waits for the end; nil if it was a good one.
  func failure() -> String? {
    let status = wait()
    guard status != 0 else { return nil }
    let signal = status & 0x7F
    let reason = signal == 0 ? "exit code \(status >> 8 & 0xFF)" : "ended by signal \(signal)"
    let text = words.map { printable($0) }.joined(separator: " ")
    return "the command '\(text)' failed: \(reason)"
  }

  /// Ends the program when nobody wants its output any more.
  func end() {
    guard !hasEnded else { return }
    kill(process, SIGTERM)
    _ = wait()
  }

  private func wait() -> Int32 {
    var status: Int32 = 0
    _ = retrying { unsafe waitpid(process, &status, 0) }
    hasEnded = true
    return status
  }
}
