// Asking a person for a password: on the controlling terminal, whatever standard input is, with echo
// off, and with echo on again however it ends.

import Glibc
import Platform

/// Questions on /dev/tty.
enum Prompt {
  /// The line typed, without its newline.
  static func read(_ question: String) throws(Failure) -> SecretText {
    let terminal = try open()
    var settings = termios()
    guard unsafe tcgetattr(terminal.raw, &settings) == 0 else { throw noTerminal }
    var silent = settings
    silent.c_lflag &= ~tcflag_t(ECHO)
    silent.c_lflag |= tcflag_t(ECHONL | ICANON)
    unsafe tcsetattr(terminal.raw, TCSAFLUSH, &silent)
    defer { _ = unsafe tcsetattr(terminal.raw, TCSAFLUSH, &settings) }
    say(question, on: terminal)
    var text = try line(from: terminal)
    text.removeFinalNewline()
    return text
  }

  /// A remark on the terminal.
  static func say(_ text: String) throws(Failure) {
    say(text, on: try open())
  }

  private static let noTerminal = Failure(
    "there is no terminal to ask for the password on",
    nextStep: "Use --password-file, --password-command or --key-file, or set IGUDAR_PASSWORD.")

  private static func open() throws(Failure) -> Descriptor {
    do {
      return try Descriptor.open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)
    } catch {
      throw noTerminal
    }
  }

  private static func say(_ text: String, on terminal: borrowing Descriptor) {
    let bytes = Array(text.utf8)
    _ = unsafe write(terminal.raw, bytes, bytes.count)
  }

  private static func line(from terminal: borrowing Descriptor) throws(Failure) -> SecretText {
    var text = try SecretText()
    // The terminal shows the newline that a person types; an end without one gets ours.
    var isWhole = false
    defer { if !isWhole { say("\n", on: terminal) } }
    while !isWhole {
      guard !text.isFull else { throw Failure("the password is too long") }
      // Ctrl-C ends the question with echo put back.
      try SecretFile.waitForInput(terminal)
      let raw = terminal.raw
      let count = unsafe try text.fill { free in unsafe Glibc.read(raw, free.baseAddress, 1) }
      if count == 0 { break }
      isWhole = text.last == UInt8(ascii: "\n")
    }
    return text
  }
}
