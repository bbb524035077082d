// An extended attribute; access control lists are among them. Large values are chunks.

public import Vault

/// An extended attribute of an entry.
public struct ExtendedAttribute: Hashable, Sendable {
  /// The value of an attribute.
  public enum Value: Hashable, Sendable {
    /// The bytes themselves, at most 64 KiB; FORMAT.md section 12 says when they are a chunk.
    case inline([UInt8])
    /// A chunk of data, 1 byte to 64 KiB.
    case chunk(ChunkID, length: UInt32)
  }

  /// The full name with its namespace, 1 to 255 bytes without NUL.
  public var name: [UInt8]
  /// The value.
  public var value: Value

  /// An attribute.
  public init(name: [UInt8], value: Value) {
    self.name = name
    self.value = value
  }

  /// The largest value that an entry holds itself, in bytes.
  package static let inlineLimit = 1024
  /// How many bytes of values an entry holds itself at most, in the order of names.
  package static let inlineTotal = 65536

  var encodedSize: Int {
    let named = varintSize(UInt64(name.count)) + name.count + 1
    return switch value {
    case .inline(let bytes): named + varintSize(UInt64(bytes.count)) + bytes.count
    case .chunk(_, let length): named + varintSize(UInt64(length)) + 32
    }
  }

  func write(to writer: inout ByteWriter) {
    writer.prefixed(name)
    switch value {
    case .inline(let bytes):
      writer.u8(0)
      writer.prefixed(bytes)
    case .chunk(let id, let length):
      writer.u8(1)
      writer.varint(UInt64(length))
      writer.id(id)
    }
  }
}

extension ExtendedAttribute {
  /// Checks the value of an entry's attribute field without keeping anything.
  static func checkList(_ span: RawSpan) throws(Damage) {
    var reader = ByteReader(span)
    let count = try reader.count(itemMinimum: 4)
    guard count > 0 else { throw .malformed("an empty list is written") }
    guard count <= TreeLimits.attributeCount else { throw .malformed("too many attributes") }
    var last = RawSpan()
    for index in 0..<count {
      let name = try reader.prefixed()
      guard name.byteCount <= 255, !name.isEmpty, !name.contains(0) else {
        throw .malformed("an attribute's name")
      }
      guard index == 0 || last.precedes(name) else { throw .malformed("attributes out of order") }
      last = name
      try skipValue(&reader)
    }
    try reader.finish()
  }

  private static func skipValue(_ reader: inout ByteReader) throws(Damage) {
    switch try reader.u8() {
    case 0:
      let length = try reader.varint(atMost: TreeLimits.attribute)
      _ = try reader.raw(length)
    case 1:
      guard try reader.varint(atMost: TreeLimits.attribute) > 0 else {
        throw .malformed("an empty chunk")
      }
      _ = try reader.raw(32)
    default: throw .malformed("an attribute's form")
    }
  }

  /// Reads a list that was checked before.
  static func list(checked span: RawSpan) throws(Damage) -> [Self] {
    var reader = ByteReader(span)
    let count = try reader.count(itemMinimum: 4)
    var attributes: [Self] = []
    attributes.reserveCapacity(count)
    for _ in 0..<count {
      let name = try reader.prefixedArray()
      if try reader.u8() == 0 {
        attributes.append(Self(name: name, value: .inline(try reader.prefixedArray())))
      } else {
        let length = try UInt32(reader.varint(atMost: TreeLimits.attribute))
        let id = try reader.id(ChunkID.self)
        attributes.append(Self(name: name, value: .chunk(id, length: length)))
      }
    }
    return attributes
  }
}
