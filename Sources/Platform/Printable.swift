// Bytes for terminals: what is not text, and what would steer a terminal, is escaped.

/// Valid UTF-8 as it is; control characters, marks of direction and invalid bytes as \xNN.
package func printable(_ bytes: some Sequence<UInt8>) -> String {
  let bytes = Array(bytes)
  if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) { return String(decoding: bytes, as: UTF8.self) }
  var text = ""
  var parser = UTF8.ForwardParser()
  var iterator = bytes.makeIterator()
  var position = 0
  while true {
    switch parser.parseScalar(from: &iterator) {
    case .valid(let encoded):
      let scalar = UTF8.decode(encoded)
      if isSafe(scalar) {
        text.unicodeScalars.append(scalar)
      } else {
        for byte in encoded { text += escaped(byte) }
      }
      position += encoded.count
    case .error(let length):
      for byte in bytes[position..<position + length] { text += escaped(byte) }
      position += length
    case .emptyInput: return text
    }
  }
}

private func escaped(_ byte: UInt8) -> String {
  let digits = Array("0123456789abcdef")
  return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
}

// Neither control characters nor those that turn the direction of text around.
private func isSafe(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.value {
  case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff:
    false
  default: true
  }
}
