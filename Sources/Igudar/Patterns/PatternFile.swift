// Files of patterns, one a line, as restic reads them: white space around a line goes, empty lines
// and comments are left out, and variables of the environment are filled in as Go's os.Expand does.

/// Reads files of patterns.
public enum PatternFile {
  /// The patterns of a file's bytes; `environment` gives the value of a variable, nil if unset.
  public static func patterns(
    in bytes: [UInt8], environment: ([UInt8]) -> [UInt8]?
  ) -> [[UInt8]] {
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    let text = bytes.starts(with: mark) ? bytes[mark.count...] : bytes[...]
    return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let line = trimmed(line)
      guard let first = line.first, first != UInt8(ascii: "#") else { return nil }
      return expanded(line, environment)
    }
  }

  /// The text with `$NAME` and `${NAME}` replaced; `$$` is a dollar.
  static func expanded(_ text: [UInt8], _ environment: ([UInt8]) -> [UInt8]?) -> [UInt8] {
    var result: [UInt8] = []
    var place = 0
    while place < text.count {
      guard text[place] == UInt8(ascii: "$"), place + 1 < text.count else {
        result.append(text[place])
        place += 1
        continue
      }
      let (name, width) = variable(text[(place + 1)...])
      place += 1 + width
      if name == [UInt8(ascii: "$")] || (name.isEmpty && width == 0) {
        result.append(UInt8(ascii: "$"))
      } else if !name.isEmpty {
        result += environment(name) ?? []
      }
    }
    return result
  }

  /// The name behind a dollar and how many bytes it takes with its braces; no name but a width
  /// means bytes that are swallowed.
  private static func variable(_ text: ArraySlice<UInt8>) -> (name: [UInt8], width: Int) {
    guard let first = text.first else { return ([], 0) }
    if first == UInt8(ascii: "{") {
      guard let end = text.firstIndex(of: UInt8(ascii: "}")) else { return ([], 1) }
      let name = text[(text.startIndex + 1)..<end]
      return (Array(name), name.count + 2)
    }
    if isSpecial(first) { return ([first], 1) }
    let name = Array(text.prefix { isNameByte($0) })
    return (name, name.count)
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    "*#$@!?-0123456789".utf8.contains(byte)
  }

  private static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "_"), 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: false
    }
  }
}
