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
  static func read(_ path: [UInt8], limit: Int = limit) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    do {
      let file = try Descriptor.open(FilePath(path), O_RDONLY)
      let part = OwnedBuffer(capacity: 65536)
      let buffer = unsafe UnsafeMutableRawBufferPointer(start: part.pointer, count: part.capacity)
      while bytes.count <= limit {
        let count = unsafe try file.read(into: buffer)
        if count == 0 { break }
        unsafe bytes.append(contentsOf: buffer[..<count])
      }
    } catch {
      throw failure(error, "read", path)
    }
    guard bytes.count <= limit else {
      throw Failure("\(printable(path)) is larger than \(humanSize(UInt64(limit)))")
    }
    return bytes
  }

  /// Writes the file anew.
  static func write(_ path: [UInt8], _ bytes: [UInt8]) throws(Failure) {
    do {
      unsafe try bytes.withUnsafeBytes { buffer in
        let flags = O_WRONLY | O_CREAT | O_TRUNC
        let file = try Descriptor.open(FilePath(path), flags, mode: 0o644)
        unsafe try file.write(buffer)
      }
    } catch {
      throw failure(error, "write", path)
    }
  }

  private static func failure(_ error: any Error, _ call: String, _ path: [UInt8]) -> Failure {
    switch error {
    case let error as SystemError: .system(error)
    case let code as Errno: .system(SystemError(call, code, FilePath(path)))
    default: Failure("\(printable(path)): \(error)")
    }
  }
}
