// JSON written by hand: keys stay in the order given (`message_type` first), nothing is held twice,
// and FoundationEssentials stays out of the binary (it costs 0.9 ms at every start and 7.5 MB of a
// static binary, measured). Text is UTF-8, slashes are not escaped. File names are bytes: one that is
// not UTF-8 is written with U+FFFD and followed by `<key>_base64` that holds its true bytes.

/// A JSON object under construction.
struct JSONObject: JSONWritable {
  private var text: [UInt8] = []

  init() {}

  /// An object that opens with restic's `message_type`.
  init(message type: String) {
    add("message_type", type)
  }

  /// Adds a member; nil adds nothing.
  mutating func add(_ key: String, _ value: (some JSONWritable)?) {
    guard let value else { return }
    if !text.isEmpty { text.append(UInt8(ascii: ",")) }
    key.write(to: &text)
    text.append(UInt8(ascii: ":"))
    value.write(to: &text)
  }

  /// Adds a number unless it is zero, as restic omits empty fields.
  mutating func addUnlessZero<Number: BinaryInteger & JSONWritable>(_ key: String, _ value: Number)
  {
    if value != 0 { add(key, value) }
  }

  /// Adds a list unless it is empty.
  mutating func addUnlessEmpty(_ key: String, _ values: [some JSONWritable]) {
    if !values.isEmpty { add(key, values) }
  }

  /// Adds a file name or path, and its bytes in base64 when it is not UTF-8.
  mutating func add(_ key: String, path: [UInt8]) {
    if path.allSatisfy(isPlain) {
      add(key, PlainText(bytes: path))
      return
    }
    add(key, String(decoding: path, as: UTF8.self))
    if !isUTF8(path) { add(key + "_base64", base64(path)) }
  }

  /// Adds a list of paths; beside it a list in base64 when one of them is not UTF-8.
  mutating func add(_ key: String, paths: [[UInt8]]) {
    add(key, paths.map { String(decoding: $0, as: UTF8.self) })
    if !paths.allSatisfy(isUTF8) { add(key + "_base64", paths.map(base64)) }
  }

  /// Adds all members of another object.
  mutating func add(membersOf other: JSONObject) {
    guard !other.text.isEmpty else { return }
    if !text.isEmpty { text.append(UInt8(ascii: ",")) }
    text.append(contentsOf: other.text)
  }

  /// The object as text, without a newline.
  var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.count + 3)
    write(to: &result)
    return result
  }

  func write(to output: inout [UInt8]) {
    output.append(UInt8(ascii: "{"))
    output.append(contentsOf: text)
    output.append(UInt8(ascii: "}"))
  }
}

/// What can stand as a value in JSON.
protocol JSONWritable {
  func write(to output: inout [UInt8])
}

/// `null`, where a script expects the key.
struct JSONNull: JSONWritable {
  func write(to output: inout [UInt8]) { output.append(contentsOf: "null".utf8) }
}

extension Bool: JSONWritable {
  func write(to output: inout [UInt8]) {
    output.append(contentsOf: self ? "true".utf8 : "false".utf8)
  }
}

extension JSONWritable where Self: BinaryInteger {
  func write(to output: inout [UInt8]) { output.append(contentsOf: String(self).utf8) }
}

extension Int: JSONWritable {}
extension Int32: JSONWritable {}
extension Int64: JSONWritable {}
extension UInt32: JSONWritable {}
extension UInt64: JSONWritable {}

extension Double: JSONWritable {
  /// Shortest text that reads back as the same number; 0 for what JSON cannot say.
  func write(to output: inout [UInt8]) {
    let isWhole = rounded() == self && magnitude < 0x1p53
    let text = isFinite ? (isWhole ? String(Int64(self)) : String(self)) : "0"
    output.append(contentsOf: text.utf8)
  }
}

extension Array: JSONWritable where Element: JSONWritable {
  func write(to output: inout [UInt8]) {
    output.append(UInt8(ascii: "["))
    for (index, element) in enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      element.write(to: &output)
    }
    output.append(UInt8(ascii: "]"))
  }
}

/// Text in which nothing needs escaping.
private struct PlainText: JSONWritable {
  let bytes: [UInt8]

  func write(to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    output.append(contentsOf: bytes)
    output.append(UInt8(ascii: "\""))
  }
}

/// True for the ASCII that stands for itself in JSON.
private func isPlain(_ byte: UInt8) -> Bool {
  byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
}

extension String: JSONWritable {
  func write(to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    if utf8.allSatisfy(isPlain) {
      output.append(contentsOf: utf8)
      output.append(UInt8(ascii: "\""))
      return
    }
    for byte in utf8 {
      switch byte {
      case 0x22: output.append(contentsOf: #"\""#.utf8)
      case 0x5C: output.append(contentsOf: #"\\"#.utf8)
      case 0x0A: output.append(contentsOf: #"\n"#.utf8)
      case 0x0D: output.append(contentsOf: #"\r"#.utf8)
      case 0x09: output.append(contentsOf: #"\t"#.utf8)
      case 0..<0x20, 0x7F: output.append(contentsOf: escape(byte))
      default: output.append(byte)
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private func escape(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    return Array(#"\u00"#.utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }
}

private func isUTF8(_ bytes: [UInt8]) -> Bool {
  String(validating: bytes, as: UTF8.self) != nil
}

/// RFC 4648 base64 with padding.
func base64(_ bytes: [UInt8]) -> String {
  let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let padding = 3 - group.count
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * padding)
    for index in 0..<(4 - padding) { text.append(alphabet[bits >> (18 - 6 * index) & 63]) }
    text.append(contentsOf: repeatElement(UInt8(ascii: "="), count: padding))
  }
  return String(decoding: text, as: UTF8.self)
}
