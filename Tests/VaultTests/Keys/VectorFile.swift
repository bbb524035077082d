// The committed vectors of FORMAT.md section 19. Each file is made by a function under a seeded
// randomness; a test makes it again and compares. IGUDAR_WRITE_VECTORS=1 writes the files anew,
// which is right only when the format itself has changed.

import Glibc
import Testing

@testable import Vault

/// Lines `name = value` of one file.
struct VectorFile {
  private(set) var lines: [(name: String, value: String)] = []

  mutating func add(_ name: String, text: String) { lines.append((name, text)) }
  mutating func add(_ name: String, _ bytes: [UInt8]) { add(name, text: hexString(bytes)) }
  mutating func add(_ name: String, _ number: Int) { add(name, text: String(number)) }
  mutating func add(_ name: String, _ key: SecretKey) { add(name, key.revealed) }

  var text: String { lines.map { "\($0.name) = \($0.value)\n" }.joined() }

  /// The value of a line, or a failed test.
  func value(_ name: String) throws -> String {
    try #require(lines.first { $0.name == name }?.value, "no line \(name)")
  }

  func bytes(_ name: String) throws -> [UInt8] {
    try #require(bytesFromHex(value(name)), "\(name) is not in hex")
  }

  func number(_ name: String) throws -> Int { try #require(Int(value(name))) }

  func key(_ name: String) throws -> SecretKey {
    let bytes = try bytes(name)
    return unsafe SecretKey(copying: bytes.span.bytes)
  }

  // MARK: Files

  private static func path(_ name: String) -> String {
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/Vectors/\(name).txt"
  }

  init() {}

  /// The committed file.
  init(reading name: String) throws {
    let text = try #require(Self.read(Self.path(name)), "no vectors \(name)")
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: " ", maxSplits: 1 << 20)
      let equals = try #require(parts.firstIndex(of: "="), "\(line)")
      add(
        parts[..<equals].joined(separator: " "),
        text: parts[(equals + 1)...].joined(separator: " "))
    }
  }

  /// Compares this with the committed file, or writes it when asked to.
  func compare(with name: String) throws {
    if unsafe getenv("IGUDAR_WRITE_VECTORS") != nil {
      try Self.write(text, to: Self.path(name))
      return
    }
    let committed = try VectorFile(reading: name)
    #expect(committed.lines.map(\.name) == lines.map(\.name))
    for (mine, theirs) in zip(lines, committed.lines) {
      #expect(mine.value == theirs.value, "\(name): \(mine.name)")
    }
  }

  private static func read(_ path: String) -> String? {
    guard let file = unsafe fopen(path, "r") else { return nil }
    defer { _ = unsafe fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = unsafe fgetc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func write(_ text: String, to path: String) throws {
    let file = unsafe try #require(fopen(path, "w"))
    defer { _ = unsafe fclose(file) }
    unsafe fputs(text, file)
  }
}

extension SecretKey {
  /// The bytes, which only a test may see.
  var revealed: [UInt8] { unsafe withBytes { unsafe Array($0) } }
}

extension SecretBytes {
  /// The bytes, which only a test may see.
  var revealed: [UInt8] { unsafe withBytes { unsafe Array($0) } }

  convenience init(_ bytes: [UInt8]) { unsafe self.init(copying: bytes.span.bytes) }
  convenience init(_ text: String) { self.init(Array(text.utf8)) }
}

/// One change to a sealed thing, and the error that it must give.
struct Mutation {
  let name: String
  let offset: Int
  let replacement: [UInt8]
  let error: String

  /// Flips the lowest bit of the byte at an offset.
  static func flip(_ name: String, _ offset: Int, of bytes: [UInt8], _ error: String) -> Mutation {
    Mutation(name: name, offset: offset, replacement: [bytes[offset] ^ 1], error: error)
  }

  static func set(_ name: String, _ offset: Int, _ replacement: [UInt8], _ error: String)
    -> Mutation
  {
    Mutation(name: name, offset: offset, replacement: replacement, error: error)
  }

  func apply(to bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    bytes.replaceSubrange(offset..<(offset + replacement.count), with: replacement)
    return bytes
  }
}

extension VectorFile {
  /// A file of mutations: `field = offset hex error`, replacing bytes of a line of another file.
  init(mutations: [Mutation], of line: String) {
    add("mutations", text: line)
    for mutation in mutations {
      add(
        mutation.name,
        text: "\(mutation.offset) \(hexString(mutation.replacement)) \(mutation.error)")
    }
  }
}

/// The name of an error's case, as mutation files write it.
func errorName(_ error: any Error) -> String {
  switch error {
  case VaultError.damaged(_, let damage): damage.name
  case let damage as Damage: damage.name
  default: Mirror(reflecting: error).children.first?.label ?? "\(error)"
  }
}

extension Damage {
  /// The name of the case, as vector files write it.
  var name: String {
    switch self {
    case .badMagic: "badMagic"
    case .badLength: "badLength"
    case .badPadding: "badPadding"
    case .badCommitment: "badCommitment"
    case .badSignature: "badSignature"
    case .notAuthentic: "notAuthentic"
    case .badChain: "badChain"
    case .badName: "badName"
    case .badChunk: "badChunk"
    case .badCompression: "badCompression"
    case .unknownWriter: "unknownWriter"
    default: Mirror(reflecting: self).children.first?.label ?? "\(self)"
    }
  }
}

/// The name of the error that the body throws, or "none".
func errorThrown(by body: () throws -> Void) -> String {
  do {
    try body()
    return "none"
  } catch {
    return errorName(error)
  }
}
