// Hex digits, as names of objects and people write them.

/// Lower-case hex digits of the bytes.
package func hexString(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef".utf8)
  var text: [UInt8] = []
  text.reserveCapacity(bytes.count * 2)
  for byte in bytes {
    text.append(digits[Int(byte >> 4)])
    text.append(digits[Int(byte & 15)])
  }
  return String(decoding: text, as: UTF8.self)
}

/// The bytes of an even number of hex digits; nil where something else stands among them.
package func bytesFromHex(_ text: String) -> [UInt8]? {
  func digit(_ character: UInt8) -> UInt8? {
    switch character {
    case 0x30...0x39: character - 0x30
    case 0x41...0x46: character - 0x41 + 10
    case 0x61...0x66: character - 0x61 + 10
    default: nil
    }
  }
  let characters = Array(text.utf8)
  guard characters.count.isMultiple(of: 2) else { return nil }
  var bytes: [UInt8] = []
  bytes.reserveCapacity(characters.count / 2)
  for index in stride(from: 0, to: characters.count, by: 2) {
    guard let high = digit(characters[index]), let low = digit(characters[index + 1]) else {
      return nil
    }
    bytes.append(high << 4 | low)
  }
  return bytes
}
