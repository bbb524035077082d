// The fields of a whole record, to be asked for by number. For small records whose fields are
// wanted in any order; the order and form of the fields were checked when it was made.

/// All fields of one record.
struct RecordFields: Sendable {
  private struct Field: Sendable {
    let number: UInt64
    let isCritical: Bool
    let value: [UInt8]
  }

  private var fields: [Field] = []

  init(_ record: RawSpan) throws(Damage) {
    var reader = RecordReader(record)
    while let field = try reader.next() {
      fields.append(
        Field(number: field.number, isCritical: field.isCritical, value: field.array()))
    }
  }

  /// The value of a field, empty if it is not there.
  func bytes(_ number: UInt64) -> [UInt8] {
    fields.first { $0.number == number }?.value ?? []
  }

  /// The value of a field that must be there and say something.
  func required(_ number: UInt64) throws(Damage) -> [UInt8] {
    let value = bytes(number)
    guard !value.isEmpty else { throw .malformed("field \(number) is missing") }
    return value
  }

  /// The value of a field that is one varint, zero if it is not there.
  func varint(_ number: UInt64) throws(Damage) -> UInt64 {
    let value = bytes(number)
    guard !value.isEmpty else { return 0 }
    var reader = unsafe ByteReader(value.span.bytes)
    let result = try reader.varint()
    try reader.finish()
    return result
  }

  /// The items of a list field, each read by a closure and taking at least `itemMinimum` bytes.
  func list<Item>(
    _ number: UInt64, itemMinimum: Int,
    _ read: (inout ByteReader) throws(Damage) -> Item
  ) throws(Damage) -> [Item] {
    let value = bytes(number)
    guard !value.isEmpty else { return [] }
    var reader = unsafe ByteReader(value.span.bytes)
    let count = try reader.count(itemMinimum: itemMinimum)
    var items: [Item] = []
    items.reserveCapacity(count)
    for _ in 0..<count { items.append(try read(&reader)) }
    try reader.finish()
    return items
  }

  /// A strictly ascending list of names.
  func identifiers<Kind>(_ number: UInt64) throws(Damage) -> [Identifier32<Kind>] {
    let names = try list(number, itemMinimum: 32) { (reader) throws(Damage) in
      try reader.id(Identifier32<Kind>.self)
    }
    try requireAscending(names)
    return names
  }

  /// Fields that this program does not know; they stand behind those that it does.
  func unknown(above last: UInt64) throws(Damage) -> [UnknownField] {
    var kept: [UnknownField] = []
    for field in fields where field.number > last {
      if field.isCritical { throw .unknownCritical(field.number) }
      kept.append(UnknownField(number: field.number, value: field.value))
    }
    return kept
  }
}

/// Rejects a list that does not strictly ascend.
func requireAscending<Item: Comparable>(_ items: [Item]) throws(Damage) {
  for index in items.indices.dropFirst() where items[index - 1] >= items[index] {
    throw .malformed("a list does not ascend")
  }
}

extension RecordWriter {
  /// A critical list of names; left out when empty.
  mutating func identifiers<Kind>(_ number: UInt64, _ names: [Identifier32<Kind>]) {
    listField(number, critical: true, names) { $0.id($1) }
  }

  /// A byte string; left out when empty.
  mutating func bytesField(_ number: UInt64, critical: Bool, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    field(number, critical: critical, value)
  }
}
