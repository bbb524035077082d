// A program on a terminal of its own, for prompts and progress: what it shows is captured, and text is
// typed once it asks. Echo, line discipline and Ctrl-C are the kernel's, as for a person.

import Glibc
import Platform

/// A child whose controlling terminal is ours to read and type on.
final class TerminalSession {
  private let terminal: Int32
  private let child: Child
  private var shown: [UInt8] = []

  /// Starts igudar with the sandbox's environment on a new terminal.
  convenience init(_ sandbox: Sandbox, _ arguments: String...) throws {
    try self.init(sandbox, running: [Program.path] + arguments)
  }

  /// Starts any program.
  init(_ sandbox: Sandbox, running words: [String]) throws {
    terminal = try openTerminal()
    let device = try deviceName(of: terminal)
    let slave = unsafe open(device, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw HarnessError("open \(device)", errno) }
    defer { close(slave) }
    // setsid(1) makes the terminal on its standard input the controlling one.
    child = try Child(
      "/usr/bin/setsid", (["-c"] + words).map { Array($0.utf8) },
      environment: sandbox.environment, folder: sandbox.path, terminal: slave)
  }

  /// Everything shown so far.
  var text: String { String(decoding: shown, as: UTF8.self) }

  /// Reads until `expected` was shown; false when the program ends or `seconds` pass before.
  func shows(_ expected: String, within seconds: Int32 = 60) -> Bool {
    while !text.contains(expected) {
      guard readSome(milliseconds: seconds * 1000) == true else { return false }
    }
    return true
  }

  /// Types text, newline included if there is one.
  func type(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe write(terminal, bytes, bytes.count)
  }

  /// Reads to the end and returns the exit code; kills what is silent for `seconds`.
  func finish(within seconds: Int32 = 60) -> Int32 {
    while true {
      switch readSome(milliseconds: seconds * 1000) {
      case .some(true): continue
      case .some(false): return child.reap()
      case nil: child.signal(SIGKILL)
      }
    }
  }

  /// False at the end, nil when nothing came in time.
  private func readSome(milliseconds: Int32) -> Bool? {
    var entry = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, milliseconds) > 0 else { return nil }
    guard let part = readPart(terminal) else { return false }
    shown += part
    return true
  }

  deinit { close(terminal) }
}

private func openTerminal() throws -> Int32 {
  let descriptor = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
  guard descriptor >= 0 else { throw HarnessError("open /dev/ptmx", errno) }
  var unlocked: Int32 = 0
  let unlock = 0x4004_5431  // TIOCSPTLCK
  guard unsafe ioctl(descriptor, UInt(unlock), &unlocked) == 0 else {
    throw HarnessError("unlock terminal", errno)
  }
  return descriptor
}

private func deviceName(of descriptor: Int32) throws -> String {
  var number: UInt32 = 0
  let getNumber = 0x8004_5430  // TIOCGPTN
  guard unsafe ioctl(descriptor, UInt(getNumber), &number) == 0 else {
    throw HarnessError("terminal number", errno)
  }
  return "/dev/pts/\(number)"
}
