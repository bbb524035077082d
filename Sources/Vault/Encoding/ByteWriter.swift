// Builds the byte strings of FORMAT.md section 1: little-endian integers, varints, prefixed bytes.

package import Platform

/// A growing byte string in the notation of FORMAT.md.
package struct ByteWriter: Sendable {
  package var bytes: [UInt8] = []

  package init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  package mutating func u8(_ value: UInt8) { bytes.append(value) }
  package mutating func u16(_ value: UInt16) { integer(value) }
  package mutating func u32(_ value: UInt32) { integer(value) }
  package mutating func u64(_ value: UInt64) { integer(value) }
  package mutating func i64(_ value: Int64) { integer(value) }

  /// The low 24 bits; the rest must be zero.
  package mutating func u24(_ value: UInt32) {
    precondition(value < 1 << 24, "a u24 has 24 bits")
    u8(UInt8(truncatingIfNeeded: value))
    u8(UInt8(truncatingIfNeeded: value >> 8))
    u8(UInt8(truncatingIfNeeded: value >> 16))
  }

  private mutating func integer<Value: FixedWidthInteger>(_ value: Value) {
    var rest = value
    for _ in 0..<(Value.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  package mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  package mutating func zigzag(_ value: Int64) {
    varint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
  }

  package mutating func raw(_ more: [UInt8]) { bytes.append(contentsOf: more) }

  package mutating func raw(span: RawSpan) {
    unsafe span.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
  }

  /// Varint length, then the bytes.
  package mutating func prefixed(_ more: [UInt8]) {
    varint(UInt64(more.count))
    raw(more)
  }

  package mutating func prefixed(span: RawSpan) {
    varint(UInt64(span.byteCount))
    raw(span: span)
  }

  package mutating func time(_ time: Timestamp) {
    zigzag(time.seconds)
    varint(UInt64(time.nanoseconds))
  }

  package mutating func id<Kind>(_ id: Identifier32<Kind>) {
    u64(id.words.0.byteSwapped)
    u64(id.words.1.byteSwapped)
    u64(id.words.2.byteSwapped)
    u64(id.words.3.byteSwapped)
  }

  package mutating func id<Kind>(_ id: Identifier16<Kind>) {
    u64(id.words.0.byteSwapped)
    u64(id.words.1.byteSwapped)
  }

  package mutating func zeros(_ count: Int) {
    bytes.append(contentsOf: repeatElement(0, count: count))
  }
}

/// The length of a varint in bytes, 1 to 10.
package func varintSize(_ value: UInt64) -> Int {
  max(1, (64 - value.leadingZeroBitCount + 6) / 7)
}
