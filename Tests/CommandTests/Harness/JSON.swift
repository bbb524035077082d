// A small reader of JSON, so that tests look at what the program prints as a script would.

/// A JSON value.
enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSON])
  case object([String: JSON])

  struct Malformed: Error {
    let text: String
  }

  /// Reads one document.
  init(_ text: some StringProtocol) throws {
    var reader = JSONReader(text)
    self = try reader.value()
    try reader.end()
  }

  /// Reads one document from each line.
  static func lines(_ text: String) throws -> [JSON] {
    try text.split(separator: "\n").map { try JSON($0) }
  }

  /// A member of an object.
  subscript(key: String) -> JSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// An element of a list.
  subscript(index: Int) -> JSON? {
    if case .list(let elements) = self, index < elements.count { elements[index] } else { nil }
  }

  var keys: Set<String> {
    if case .object(let members) = self { Set(members.keys) } else { [] }
  }

  var count: Int {
    if case .list(let elements) = self { elements.count } else { 0 }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  var number: Double? {
    if case .number(let number) = self { number } else { nil }
  }
}

private struct JSONReader {
  private var rest: Substring.UnicodeScalarView
  private let whole: String

  init(_ text: some StringProtocol) {
    whole = String(text)
    rest = whole[...].unicodeScalars
  }

  private var malformed: JSON.Malformed { JSON.Malformed(text: whole) }

  mutating func end() throws {
    skipSpace()
    guard rest.isEmpty else { throw malformed }
  }

  mutating func value() throws -> JSON {
    skipSpace()
    switch rest.first {
    case "{":
      let members = try list("{", "}") { try $0.member() }
      return .object(Dictionary(uniqueKeysWithValues: members))
    case "[": return .list(try list("[", "]") { try $0.value() })
    case "\"": return .text(try string())
    case "n": return try word("null", .null)
    case "t": return try word("true", .bool(true))
    case "f": return try word("false", .bool(false))
    default:
      let digits = String(rest.prefix { "+-.0123456789eE".unicodeScalars.contains($0) })
      guard let number = Double(digits) else { throw malformed }
      rest = rest.dropFirst(digits.unicodeScalars.count)
      return .number(number)
    }
  }

  private mutating func skipSpace() {
    rest = rest.drop { " \n\r\t".unicodeScalars.contains($0) }
  }

  private mutating func take(_ scalar: Unicode.Scalar) throws {
    skipSpace()
    guard rest.popFirst() == scalar else { throw malformed }
  }

  private mutating func word(_ word: String, _ value: JSON) throws -> JSON {
    for scalar in word.unicodeScalars { try take(scalar) }
    return value
  }

  private mutating func list<Element>(
    _ open: Unicode.Scalar, _ close: Unicode.Scalar,
    _ element: (inout JSONReader) throws -> Element
  ) throws -> [Element] {
    try take(open)
    var elements: [Element] = []
    skipSpace()
    while rest.first != close {
      elements.append(try element(&self))
      skipSpace()
      if rest.first == close { break }
      try take(",")
    }
    try take(close)
    return elements
  }

  private mutating func member() throws -> (String, JSON) {
    skipSpace()
    let key = try string()
    try take(":")
    return (key, try value())
  }

  private mutating func string() throws -> String {
    try take("\"")
    var text = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == "\"" { return String(text) }
      text.append(scalar == "\\" ? try escaped() : scalar)
    }
    throw malformed
  }

  private mutating func escaped() throws -> Unicode.Scalar {
    switch rest.popFirst() {
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "u":
      let digits = String(rest.prefix(4))
      rest = rest.dropFirst(4)
      guard let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
        throw malformed
      }
      return scalar
    case let scalar?: return scalar
    case nil: throw malformed
    }
  }
}
