// Passwords and keys in files, and in a variable of the environment.

import Glibc
import Platform

/// Reads a file into secret memory.
enum SecretFile {
  /// All bytes but the final newline; nothing else is cut or changed.
  static func line(at path: [UInt8]) throws(Failure) -> SecretText {
    var text = try whole(at: path)
    text.removeFinalNewline()
    return text
  }

  /// All bytes.
  static func whole(at path: [UInt8]) throws(Failure) -> SecretText {
    let file: Descriptor
    do {
      file = try Descriptor.open(FilePath(path), O_RDONLY)
    } catch {
      throw Failure.system(error)
    }
    return try read(file, printable(path))
  }

  /// All that the descriptor gives; `name` is for messages.
  static func read(_ file: borrowing Descriptor, _ name: String) throws(Failure) -> SecretText {
    var text = try SecretText()
    while try readPart(file, &text, name) > 0 {
      guard !text.isFull else {
        throw Failure("\(name) holds more than \(SecretText.limit - 1) bytes: not a password")
      }
    }
    return text
  }

  private static func readPart(
    _ file: borrowing Descriptor, _ text: inout SecretText, _ name: String
  ) throws(Failure) -> Int {
    let raw = file.raw
    try waitForInput(file)
    return unsafe try text.fill { (free) throws(Failure) in
      let count = retrying { unsafe Glibc.read(raw, free.baseAddress, free.count) }
      if count < 0 { throw Failure("cannot read \(name): \(Errno.current.text)") }
      return count
    }
  }

  /// Waits until something can be read, or the end; a signal that asks the program to end is an error.
  static func waitForInput(_ file: borrowing Descriptor) throws(Failure) {
    var entry = pollfd(fd: file.raw, events: Int16(POLLIN), revents: 0)
    // One that comes right before the wait is noticed a second later.
    while Interrupt.requested == 0 {
      let count = unsafe poll(&entry, 1, 1000)
      // What else is wrong, reading tells.
      if count > 0 || count < 0 && errno != EINTR { return }
    }
    throw .interrupted
  }
}

/// A secret in the environment, which children and /proc/self/environ show to others.
enum SecretVariable {
  /// Moves the value out of the environment: the variable's own bytes are wiped.
  static func take(_ name: String) throws(Failure) -> SecretText {
    var text = try SecretText()
    guard let value = unsafe getenv(name) else { return text }
    let count = unsafe strlen(value)
    guard count < SecretText.limit else { throw Failure("\(name) is too long for a password") }
    _ = unsafe try text.fill { (free) throws(Failure) in
      unsafe free.copyMemory(from: UnsafeRawBufferPointer(start: value, count: count))
      return count
    }
    unsafe explicit_bzero(value, count)
    unsafe unsetenv(name)
    return text
  }
}
