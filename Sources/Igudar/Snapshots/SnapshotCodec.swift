// The snapshot record of FORMAT.md section 13: one value, one encoding.

import Platform
package import Vault

extension Snapshot {
  /// The record.
  package var encoded: [UInt8] {
    var record = RecordWriter()
    record.field(1, critical: true, root.encoded)
    record.field(2, critical: true) { $0.time(time) }
    if let start { record.field(3, critical: false) { $0.time(start) } }
    if let end { record.field(4, critical: false) { $0.time(end) } }
    record.text(5, host)
    record.text(6, user)
    if let uid { record.varintField(7, critical: false, UInt64(uid), keepZero: true) }
    if let gid { record.varintField(8, critical: false, UInt64(gid), keepZero: true) }
    record.listField(9, critical: false, paths) { $0.prefixed($1.bytes) }
    record.listField(10, critical: false, tags) { $0.prefixed($1) }
    record.listField(11, critical: false, excludes) { $0.prefixed($1) }
    if let parent { record.field(12, critical: false) { $0.id(parent) } }
    record.text(13, program)
    record.text(14, description)
    record.listField(15, critical: false, counts.list) { $0.varint($1) }
    record.varintField(16, critical: false, unreadableCount)
    record.varintField(17, critical: false, UInt64(domain))
    if let original { record.field(18, critical: false) { $0.id(original) } }
    if zone != 0 { record.field(19, critical: false) { $0.zigzag(Int64(zone)) } }
    record.unknown(unknown)
    return record.bytes
  }

  /// Decodes a record.
  package init(decoding record: RawSpan) throws(Damage) {
    var reader = RecordReader(record)
    guard let first = try reader.next(), first.number == 1, first.isCritical else {
      throw .malformed("a snapshot without root")
    }
    let root = try Entry(decoding: first.value, isRoot: true)
    guard let second = try reader.next(), second.number == 2, second.isCritical else {
      throw .malformed("a snapshot without time")
    }
    self.init(root: root, time: try second.time())
    while let field = try reader.next() { try read(field) }
  }

  private mutating func read(_ field: RecordReader.Field) throws(Damage) {
    guard field.number > 19 else {
      guard !field.isCritical else { throw .malformed("a field of the wrong kind") }
      try readKnown(field)
      return
    }
    unknown.append(try field.unknown())
  }

  private mutating func readKnown(_ field: RecordReader.Field) throws(Damage) {
    switch field.number {
    case 3: start = try field.time()
    case 4: end = try field.time()
    case 5: host = try field.text()
    case 6: user = try field.text()
    case 7: uid = try field.number32()
    case 8: gid = try field.number32()
    case 9: paths = try field.texts().map { FilePath($0) }
    case 10: tags = try field.texts()
    case 11: excludes = try field.texts()
    case 12: parent = try field.snapshotID()
    case 13: program = try field.text()
    case 14: description = try field.text()
    case 15:
      var reader = field.reader
      counts = try SnapshotCounts(from: &reader)
      try reader.finish()
    case 16: unreadableCount = try field.nonZero()
    case 17:
      domain = try field.number32()
      guard domain != 0 else { throw .malformed("a zero is written") }
    case 18: original = try field.snapshotID()
    case 19:
      var reader = field.reader
      let minutes = try reader.zigzag()
      try reader.finish()
      guard minutes != 0, -1440...1440 ~= minutes else { throw .malformed("a time zone") }
      zone = Int(minutes)
    default: throw .malformed("a field of the wrong kind")
    }
  }
}

extension RecordWriter {
  mutating func text(_ number: UInt64, _ value: [UInt8]) {
    if !value.isEmpty { field(number, critical: false, value) }
  }
}

extension RecordReader.Field {
  /// A list of byte strings that is left out when empty.
  func texts() throws(Damage) -> [[UInt8]] {
    var reader = self.reader
    let count = try reader.count(itemMinimum: 1)
    guard count > 0 else { throw .malformed("an empty list is written") }
    var texts: [[UInt8]] = []
    for _ in 0..<count { texts.append(try reader.prefixedArray()) }
    try reader.finish()
    return texts
  }

  func number32() throws(Damage) -> UInt32 {
    guard let value = UInt32(exactly: try varint()) else { throw .malformed("above 2^32") }
    return value
  }

  /// A number that is left out when zero.
  func nonZero() throws(Damage) -> UInt64 {
    let value = try varint()
    guard value != 0 else { throw .malformed("a zero is written") }
    return value
  }

  func snapshotID() throws(Damage) -> SnapshotID {
    guard value.byteCount == 32 else { throw .malformed("an identifier without 32 bytes") }
    return SnapshotID(bytes: value)
  }
}
