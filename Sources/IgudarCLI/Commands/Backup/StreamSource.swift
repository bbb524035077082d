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
    var process: Process? = try start()
    return try body(process?.output.raw ?? -1) {
      guard let process = process.take() else { return nil }
      return failure(process.end())
    }
  }

  private func start() throws(Failure) -> Process {
    do throws(SystemError) { return try Process(command) } catch {
      throw Failure("cannot start \(printable(command[0])): \(error.errno.text)")
    }
  }

  // Why a program's output is not to be had; nil for a good end.
  private func failure(_ end: ProcessEnd) -> String? {
    let text = command.map { printable($0) }.joined(separator: " ")
    switch end {
    case .exited(0): return nil
    case .exited(let code): return "the command '\(text)' failed: exit code \(code)"
    case .killed(let signal): return "the command '\(text)' failed: ended by signal \(signal)"
    }
  }
}
