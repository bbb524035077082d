// Reads the byte strings of FORMAT.md section 1. Every length is checked against what is left
// before anything is taken, and non-canonical forms are rejected.

package import Platform

/// A cursor over hostile bytes.
package struct ByteReader: ~Escapable {
  package let span: RawSpan
  package private(set) var offset = 0

  @_lifetime(copy span)
  package init(_ span: RawSpan) {
    self.span = span
  }

  package var remaining: Int { span.byteCount - offset }
  package var isAtEnd: Bool { remaining == 0 }

  /// Rejects bytes behind the end of what was expected.
  package func finish() throws(Damage) {
    guard isAtEnd else { throw .malformed("\(remaining) bytes too many") }
  }

  private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _: Value.Type
  ) throws(Damage) -> Value {
    let size = Value.bitWidth / 8
    guard remaining >= size else { throw .malformed("too short") }
    defer { offset += size }
    return unsafe Value(
      littleEndian: span.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  package mutating func u8() throws(Damage) -> UInt8 { try integer(UInt8.self) }
  package mutating func u16() throws(Damage) -> UInt16 { try integer(UInt16.self) }
  package mutating func u32() throws(Damage) -> UInt32 { try integer(UInt32.self) }
  package mutating func u64() throws(Damage) -> UInt64 { try integer(UInt64.self) }
  package mutating func i64() throws(Damage) -> Int64 { try integer(Int64.self) }

  package mutating func u24() throws(Damage) -> UInt32 {
    let low = try u16()
    return try UInt32(low) | UInt32(u8()) << 16
  }

  /// A varint in its shortest form.
  package mutating func varint() throws(Damage) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while true {
      let byte = try u8()
      if shift == 63 && byte > 1 { throw .malformed("varint above 64 bits") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 {
        if byte == 0 && shift > 0 { throw .malformed("varint not in its shortest form") }
        return value
      }
      shift += 7
      if shift > 63 { throw .malformed("varint above 64 bits") }
    }
  }

  package mutating func zigzag() throws(Damage) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
  }

  /// A varint that must fit and stay at or below a limit.
  package mutating func varint(atMost limit: Int) throws(Damage) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else { throw .malformed("\(value) is above \(limit)") }
    return Int(value)
  }

  @_lifetime(copy self)
  package mutating func raw(_ count: Int) throws(Damage) -> RawSpan {
    guard count >= 0, count <= remaining else { throw .malformed("too short") }
    let start = offset
    offset += count
    return span.extracting(start..<start + count)
  }

  /// Varint length, then that many bytes.
  @_lifetime(copy self)
  package mutating func prefixed() throws(Damage) -> RawSpan {
    let count = try varint(atMost: remaining)
    return try raw(count)
  }

  package mutating func prefixedArray() throws(Damage) -> [UInt8] {
    try Array(copying: prefixed())
  }

  /// The count of a list whose items take at least `itemMinimum` bytes each.
  package mutating func count(itemMinimum: Int) throws(Damage) -> Int {
    let count = try varint(atMost: Int(UInt32.max))
    guard count <= remaining / max(1, itemMinimum) else {
      throw .malformed("list longer than its bytes")
    }
    return count
  }

  package mutating func time() throws(Damage) -> Timestamp {
    let seconds = try zigzag()
    let nanoseconds = try varint(atMost: 999_999_999)
    return Timestamp(seconds: seconds, nanoseconds: UInt32(nanoseconds))
  }

  package mutating func id<Kind>(_: Identifier32<Kind>.Type) throws(Damage) -> Identifier32<Kind> {
    try Identifier32(bytes: raw(32))
  }

  package mutating func id<Kind>(_: Identifier16<Kind>.Type) throws(Damage) -> Identifier16<Kind> {
    try Identifier16(bytes: raw(16))
  }

  /// Rejects anything but zeros in the next bytes.
  package mutating func zeros(_ count: Int) throws(Damage) {
    let bytes = try raw(count)
    for index in 0..<count where unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) != 0
    {
      throw .badPadding
    }
  }
}

extension Array<UInt8> {
  /// The bytes of a span.
  package init(copying span: RawSpan) {
    self = unsafe span.withUnsafeBytes { unsafe [UInt8]($0) }
  }
}
