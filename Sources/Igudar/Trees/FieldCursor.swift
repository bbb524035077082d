// The hot loop of reading trees: a cursor over an entry that is small enough to be inlined into the
// one function that uses it. `ByteReader` does the same for everything else.

import Platform
import Vault

/// A cursor over the fields of an entry.
struct FieldCursor: ~Escapable {
  let span: RawSpan
  private(set) var offset = 0

  @_lifetime(copy span)
  init(_ span: RawSpan) {
    self.span = span
  }

  var isAtEnd: Bool { offset == span.byteCount }

  @inline(__always)
  mutating func u8() throws(Damage) -> UInt8 {
    guard offset < span.byteCount else { throw .malformed("too short") }
    defer { offset += 1 }
    return span.byte(at: offset)
  }

  /// A varint in its shortest form.
  @inline(__always)
  mutating func varint() throws(Damage) -> UInt64 {
    let first = try u8()
    return first < 0x80 ? UInt64(first) : try longVarint(UInt64(first & 0x7f))
  }

  private mutating func longVarint(_ first: UInt64) throws(Damage) -> UInt64 {
    var value = first
    var shift: UInt64 = 7
    while true {
      let byte = try u8()
      guard shift < 63 || byte <= 1 else { throw .malformed("varint above 64 bits") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 {
        guard byte != 0 else { throw .malformed("varint not in its shortest form") }
        return value
      }
      shift += 7
    }
  }

  @inline(__always)
  mutating func varint(atMost limit: Int) throws(Damage) -> Int {
    let value = try varint()
    guard value <= UInt64(limit) else { throw .malformed("\(value) is above \(limit)") }
    return Int(value)
  }

  /// A varint that is left out when zero, so that zero is not written.
  mutating func number(atMost limit: UInt64 = .max) throws(Damage) -> UInt64 {
    let value = try varint()
    guard value != 0 else { throw .malformed("a zero is written") }
    guard value <= limit else { throw .malformed("\(value) is above \(limit)") }
    return value
  }

  mutating func time() throws(Damage) -> Timestamp {
    let zigzag = try varint()
    let seconds = Int64(bitPattern: zigzag >> 1) ^ -Int64(bitPattern: zigzag & 1)
    return Timestamp(seconds: seconds, nanoseconds: UInt32(try varint(atMost: 999_999_999)))
  }

  /// Where the next bytes are.
  mutating func pass(_ length: Int) throws(Damage) -> EntryRange {
    guard length <= span.byteCount - offset else { throw .malformed("too short") }
    defer { offset += length }
    return EntryRange(start: UInt32(offset), count: UInt32(length))
  }

  /// Where the next bytes are; there must be some.
  mutating func range(_ length: Int) throws(Damage) -> EntryRange {
    guard length > 0 else { throw .malformed("an empty value is written") }
    return try pass(length)
  }

  mutating func chunkID() throws(Damage) -> ChunkID {
    ChunkID(bytes: span.extracting(try pass(32).range))
  }
}
