// The body of a summary entry: the whole state of the journal up to the entry before, so that a
// new reader can begin there. All lists ascend strictly by their first item.

/// The whole state of a journal as a body.
package struct JournalSummary: Hashable, Sendable {
  /// One commit that is not swept.
  package struct CommitRow: Hashable, Sendable {
    package let number: UInt64
    package let hash: ObjectHash
    package let time: Int64
    package let writer: PublicKey
    /// 0 live, 1 forgotten, 2 superseded.
    package let standing: UInt8
    /// The number of the entry that ended the commit's life, 0 while it lives.
    package let endedBy: UInt64
    package let body: [UInt8]
  }

  /// One amendment of a commit above.
  package struct AmendmentRow: Hashable, Sendable {
    package let number: UInt64
    package let body: [UInt8]
  }

  /// One segment or pack.
  package struct ObjectRow: Hashable, Sendable {
    package let name: ObjectHash
    /// 0 named (segments only), 1 condemned, 2 swept, 3 condemned before anything named it.
    package let standing: UInt8
    /// The number of the entry that says so, 0 for named ones.
    package let by: UInt64
  }

  /// When a condemn entry was written, in nanoseconds since 1970.
  package struct CondemnTime: Hashable, Sendable {
    package let number: UInt64
    package let time: Int64
  }

  package let commits: [CommitRow]
  package let amendments: [AmendmentRow]
  package let segments: [ObjectRow]
  package let packs: [ObjectRow]
  package let writers: [PublicKey]
  package let condemnTimes: [CondemnTime]
  package let unknown: [UnknownField]
}

extension JournalSummary {
  /// The record of the summary.
  package var record: [UInt8] {
    var writer = RecordWriter()
    writer.listField(1, critical: true, commits) { $1.write(to: &$0) }
    writer.listField(2, critical: true, amendments) { $1.write(to: &$0) }
    writer.listField(3, critical: true, segments) { $1.write(to: &$0) }
    writer.listField(4, critical: true, packs) { $1.write(to: &$0) }
    writer.identifiers(5, writers)
    writer.listField(6, critical: true, condemnTimes) { $1.write(to: &$0) }
    writer.unknown(unknown)
    return writer.bytes
  }

  init(_ fields: RecordFields) throws(Damage) {
    commits = try fields.list(1, itemMinimum: 90) { (reader) throws(Damage) in
      try CommitRow(from: &reader)
    }
    amendments = try fields.list(2, itemMinimum: 9) { (reader) throws(Damage) in
      try AmendmentRow(from: &reader)
    }
    segments = try fields.list(3, itemMinimum: 41) { (reader) throws(Damage) in
      try ObjectRow(from: &reader)
    }
    packs = try fields.list(4, itemMinimum: 41) { (reader) throws(Damage) in
      try ObjectRow(from: &reader)
    }
    writers = try fields.identifiers(5)
    condemnTimes = try fields.list(6, itemMinimum: 16) { (reader) throws(Damage) in
      CondemnTime(number: try reader.u64(), time: try reader.i64())
    }
    unknown = try fields.unknown(above: 6)
    try requireAscending(commits.map(\.number))
    try requireAscending(amendments.map(\.number))
    try requireAscending(segments.map(\.name))
    try requireAscending(packs.map(\.name))
    try requireAscending(condemnTimes.map(\.number))
  }
}

extension JournalSummary.CommitRow {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.u64(number)
    writer.id(hash)
    writer.i64(time)
    writer.id(self.writer)
    writer.u8(standing)
    writer.u64(endedBy)
    writer.prefixed(body)
  }

  fileprivate init(from reader: inout ByteReader) throws(Damage) {
    number = try reader.u64()
    hash = try reader.id(ObjectHash.self)
    time = try reader.i64()
    writer = try reader.id(PublicKey.self)
    standing = try reader.u8()
    endedBy = try reader.u64()
    body = try reader.prefixedArray()
  }
}

extension JournalSummary.AmendmentRow {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.u64(number)
    writer.prefixed(body)
  }

  fileprivate init(from reader: inout ByteReader) throws(Damage) {
    number = try reader.u64()
    body = try reader.prefixedArray()
  }
}

extension JournalSummary.ObjectRow {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.id(name)
    writer.u8(standing)
    writer.u64(by)
  }

  fileprivate init(from reader: inout ByteReader) throws(Damage) {
    name = try reader.id(ObjectHash.self)
    standing = try reader.u8()
    by = try reader.u64()
  }
}

extension JournalSummary.CondemnTime {
  fileprivate func write(to writer: inout ByteWriter) {
    writer.u64(number)
    writer.i64(time)
  }
}
