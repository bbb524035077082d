// Records of FORMAT.md section 1: typed optional fields in ascending order, each with a critical
// bit that says whether a reader that does not know it must give up.

package import Platform

/// Builds a record; fields are added in ascending order.
package struct RecordWriter: Sendable {
  private var writer = ByteWriter()
  private var last: UInt64?

  package init() {}

  package var bytes: [UInt8] { writer.bytes }

  package mutating func field(_ number: UInt64, critical: Bool, _ value: [UInt8]) {
    if let last { precondition(number > last, "fields of a record ascend") }
    last = number
    writer.varint(number << 1 | (critical ? 1 : 0))
    writer.prefixed(value)
  }

  /// A field whose value is one varint; left out when zero unless `keepZero`.
  package mutating func varintField(
    _ number: UInt64, critical: Bool, _ value: UInt64, keepZero: Bool = false
  ) {
    guard value != 0 || keepZero else { return }
    var inner = ByteWriter()
    inner.varint(value)
    field(number, critical: critical, inner.bytes)
  }

  /// A field made by a closure.
  package mutating func field(
    _ number: UInt64, critical: Bool, _ build: (inout ByteWriter) -> Void
  ) {
    var inner = ByteWriter()
    build(&inner)
    field(number, critical: critical, inner.bytes)
  }

  /// A list field; left out when the list is empty.
  package mutating func listField<Item>(
    _ number: UInt64, critical: Bool, _ items: [Item], _ write: (inout ByteWriter, Item) -> Void
  ) {
    guard !items.isEmpty else { return }
    field(number, critical: critical) { inner in
      inner.varint(UInt64(items.count))
      for item in items { write(&inner, item) }
    }
  }

  /// Fields that a reader kept because it did not know them.
  package mutating func unknown(_ fields: [UnknownField]) {
    for unknown in fields { field(unknown.number, critical: false, unknown.value) }
  }
}

/// A field that this version does not know and keeps as it is.
package struct UnknownField: Hashable, Sendable {
  package let number: UInt64
  package let value: [UInt8]

  package init(number: UInt64, value: [UInt8]) {
    self.number = number
    self.value = value
  }
}

/// Reads a record field by field.
package struct RecordReader: ~Escapable {
  private var reader: ByteReader
  private var last: UInt64 = 0

  @_lifetime(copy span)
  package init(_ span: RawSpan) {
    reader = ByteReader(span)
  }

  /// One field of a record.
  package struct Field: ~Escapable {
    package let number: UInt64
    package let isCritical: Bool
    package let value: RawSpan

    @_lifetime(copy value)
    init(number: UInt64, isCritical: Bool, value: RawSpan) {
      self.number = number
      self.isCritical = isCritical
      self.value = value
    }

    /// A cursor over the value.
    package var reader: ByteReader {
      @_lifetime(copy self)
      get { ByteReader(value) }
    }

    /// The value as one varint and nothing else.
    package func varint() throws(Damage) -> UInt64 {
      var inner = reader
      let number = try inner.varint()
      try inner.finish()
      return number
    }

    /// The value as one time and nothing else.
    package func time() throws(Damage) -> Timestamp {
      var inner = reader
      let time = try inner.time()
      try inner.finish()
      return time
    }

    package func array() -> [UInt8] { Array(copying: value) }

    /// Bytes that are left out when empty.
    package func text() throws(Damage) -> [UInt8] {
      guard !value.isEmpty else { throw .malformed("an empty value is written") }
      return array()
    }

    /// Refuses a known field that is not marked as the format says.
    package func requireMark(critical: Bool) throws(Damage) {
      guard isCritical == critical else { throw .malformed("field \(number) is marked wrongly") }
    }

    /// What to do with a field that is not known: keep it, or give up if it is critical.
    package func unknown() throws(Damage) -> UnknownField {
      if isCritical { throw .unknownCritical(number) }
      return UnknownField(number: number, value: array())
    }
  }

  /// The next field, nil at the end.
  @_lifetime(copy self)
  package mutating func next() throws(Damage) -> Field? {
    if reader.isAtEnd { return nil }
    let key = try reader.varint()
    let number = key >> 1
    guard number > last else { throw .malformed("fields out of order") }
    last = number
    let value = try reader.prefixed()
    return Field(number: number, isCritical: key & 1 == 1, value: value)
  }
}
