// Makes JSON readable: takes compact JSON piece by piece, gives it back with line breaks and
// indentation. A piece may end anywhere, so that large documents pass through in parts.

/// Indents compact JSON on its way.
struct JSONIndenter {
  private var depth = 0
  private var isInText = false
  private var isEscaped = false
  /// A bracket was opened and nothing stands in it yet.
  private var isFresh = false

  /// The next piece, indented.
  mutating func indented(_ compact: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(compact.count + compact.count / 2)
    for byte in compact { take(byte, &result) }
    return result
  }

  private mutating func take(_ byte: UInt8, _ result: inout [UInt8]) {
    if isInText {
      result.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInText = false
      }
      return
    }
    let closes = byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    if closes {
      depth -= 1
      if !isFresh { breakLine(&result) }
    } else if isFresh {
      breakLine(&result)
    }
    isFresh = false
    result.append(byte)
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
      isFresh = true
    case UInt8(ascii: ","): breakLine(&result)
    case UInt8(ascii: ":"): result.append(UInt8(ascii: " "))
    case UInt8(ascii: "\""): isInText = true
    default: break
    }
  }

  private func breakLine(_ result: inout [UInt8]) {
    result.append(UInt8(ascii: "\n"))
    result.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * depth))
  }
}
