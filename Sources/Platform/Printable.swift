// Bytes for terminals: what is not text, and what would steer a terminal, is escaped.

/// Valid UTF-8 as it is; control characters, invalid bytes and backslashes before them as \xNN.
package func printable(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(decoding: bytes, as: UTF8.self) }
  var text = ""
  var decoder = UTF8()
  var iterator = bytes.makeIterator()
  var consumed = 0
  decoding: while true {
    switch decoder.decode(&iterator) {
    case .scalarValue(let scalar):
      let size = UTF8.width(scalar)
      if isSafe(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        for byte in bytes[consumed..<consumed + size] { text += escaped(byte) }
      }
      consumed += size
    case .emptyInput: break decoding
    case .error:
      text += escaped(bytes[consumed])
      consumed += 1
      iterator = Array(bytes[consumed...]).makeIterator()
      decoder = UTF8()
    }
  }
  return text
}

private func escaped(_ byte: UInt8) -> String {
  let digits = Array("0123456789abcdef")
  return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
}

// Neither control characters nor those that turn the direction of text around.
private func isSafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7f..<0xa0, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff: false
  default: true
  }
}
