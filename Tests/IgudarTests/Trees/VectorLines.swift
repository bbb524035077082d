// Committed vectors of FORMAT.md section 19: lines `name = value`. A test makes them again and
// compares. IGUDAR_WRITE_VECTORS=1 writes the files anew, which is right only when the format
// itself has changed.

import Glibc
import Testing
import Vault

@testable import Igudar

/// Lines `name = value` of one file.
struct VectorLines {
  private(set) var lines: [(name: String, value: String)] = []

  mutating func add(_ name: String, text: String) { lines.append((name, text)) }
  mutating func add(_ name: String, _ bytes: [UInt8]) { add(name, text: hexString(bytes)) }

  /// Compares this with the committed file, or writes it when asked to; gives the committed lines.
  @discardableResult
  func compare(with name: String) throws -> [(name: String, value: String)] {
    let parts = #filePath.split(separator: "/").dropLast(3)
    let path = "/" + parts.joined(separator: "/") + "/Vectors/\(name).txt"
    if unsafe getenv("IGUDAR_WRITE_VECTORS") != nil {
      let file = unsafe try #require(fopen(path, "w"))
      defer { _ = unsafe fclose(file) }
      for line in lines { unsafe fputs("\(line.name) = \(line.value)\n", file) }
      return lines
    }
    let committed = try Self.read(path)
    #expect(committed.map(\.name) == lines.map(\.name))
    for (mine, theirs) in zip(lines, committed) {
      #expect(mine.value == theirs.value, "\(name): \(mine.name)")
    }
    return committed
  }

  private static func read(_ path: String) throws -> [(name: String, value: String)] {
    let file = unsafe try #require(fopen(path, "r"), "no vectors \(path)")
    defer { _ = unsafe fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return try String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      let equals = try #require(words.firstIndex(of: "="), "\(line)")
      return (
        words[..<equals].joined(separator: " "), words[(equals + 1)...].joined(separator: " ")
      )
    }
  }
}

/// Bytes that are made from good ones by replacing a range, and the error that they must give.
struct RejectedBytes {
  let name: String
  let bytes: [UInt8]
  let error: String

  init(_ name: String, _ bytes: [UInt8], _ error: String = "malformed") {
    self.name = name
    self.bytes = bytes
    self.error = error
  }

  /// One change to good bytes.
  init(
    _ name: String, _ range: Range<Int>, _ replacement: [UInt8], of bytes: [UInt8],
    _ error: String = "malformed"
  ) {
    var bytes = bytes
    bytes.replaceSubrange(range, with: replacement)
    self.init(name, bytes, error)
  }
}

/// The name of the damage that the body throws, or "none".
func damageName(_ body: () throws(Damage) -> Void) -> String {
  do {
    try body()
    return "none"
  } catch .malformed {
    return "malformed"
  } catch .unknownCritical {
    return "unknownCritical"
  } catch {
    return "\(error)"
  }
}

/// The bytes of an even number of hex digits in a vector.
func vectorBytes(_ hex: some StringProtocol) throws -> [UInt8] {
  try #require(bytesFromHex(String(hex)), "\(hex) is not hex")
}
