// Small files of text that options name, and files the command itself writes.

import Glibc
import Platform

/// Whole files in memory.
enum SmallFile {
  /// Longer files are refused.
  static let limit = 1 << 20

  /// The file's text without white space around it.
  static func line(at path: [UInt8]) throws(Failure) -> [UInt8] {
    let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
    let trimmed = try read(path).drop(while: isSpace).reversed().drop(while: isSpace).reversed()
    return Array(trimmed)
  }

  /// All bytes of the file.
  static func read(_ path: [UInt8]) throws(Failure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    let count: Int
    do {
      count = unsafe try bytes.withUnsafeMutableBytes { buffer in
        unsafe try read(path, into: buffer)
      }
    } catch {
      throw Failure.system(error)
    }
    guard count <= limit else { throw Failure("\(printable(path)) is larger than 1 MiB") }
    return Array(bytes[..<count])
  }

  private static func read(
    _ path: [UInt8], into buffer: UnsafeMutableRawBufferPointer
  ) throws(SystemError) -> Int {
    let file = try Descriptor.open(FilePath(path), O_RDONLY | O_CLOEXEC)
    var count = 0
    while count < buffer.count {
      let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
      let added = unsafe try file.read(into: free)
      if added == 0 { break }
      count += added
    }
    return count
  }

  /// Writes the file anew.
  static func write(_ path: [UInt8], _ bytes: [UInt8]) throws(Failure) {
    do {
      unsafe try bytes.withUnsafeBytes { buffer in
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        let file = try Descriptor.open(FilePath(path), flags, mode: 0o644)
        unsafe try file.write(buffer)
      }
    } catch {
      throw Failure.system(error)
    }
  }
}
