// Characters in names that are bytes: valid UTF-8 sequences, and every other byte by itself.

extension RawSpan {
  func byte(at place: Int) -> UInt8 {
    unsafe unsafeLoad(fromByteOffset: place, as: UInt8.self)
  }

  /// The character that begins at a place, U+FFFD with width 1 where the bytes are not UTF-8.
  func character(at place: Int) -> (scalar: UInt32, width: Int) {
    let first = UInt32(byte(at: place))
    let invalid: (UInt32, Int) = (0xfffd, 1)
    let width: Int
    var scalar: UInt32
    switch first {
    case 0..<0x80: return (first, 1)
    case 0xc2...0xdf: (width, scalar) = (2, first & 0x1f)
    case 0xe0...0xef: (width, scalar) = (3, first & 0x0f)
    case 0xf0...0xf4: (width, scalar) = (4, first & 0x07)
    default: return invalid
    }
    guard place + width <= byteCount else { return invalid }
    for index in 1..<width {
      let next = UInt32(byte(at: place + index))
      guard next & 0xc0 == 0x80 else { return invalid }
      scalar = scalar << 6 | next & 0x3f
    }
    let least: UInt32 = width == 2 ? 0x80 : width == 3 ? 0x800 : 0x10000
    guard scalar >= least, scalar < 0x110000, !(0xd800...0xdfff ~= scalar) else { return invalid }
    return (scalar, width)
  }

  /// Whether lower case changes nothing for sure: ASCII without capitals.
  var isPlainLowerCase: Bool {
    for place in 0..<byteCount {
      let byte = byte(at: place)
      if byte >= 0x80 || 0x41...0x5a ~= byte { return false }
    }
    return true
  }

  /// The bytes with every character in lower case; what is not UTF-8 stays.
  var lowerCased: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    var place = 0
    while place < byteCount {
      let (scalar, width) = character(at: place)
      let isValid = scalar != 0xfffd || width > 1
      let lower = Unicode.Scalar(scalar)?.properties.lowercaseMapping.unicodeScalars.first
      if isValid, let lower {
        bytes.append(contentsOf: Array(String(lower).utf8))
      } else {
        bytes.append(byte(at: place))
      }
      place += width
    }
    return bytes
  }
}
