// Bodies of journal entries as records, both ways. Whatever decodes encodes to the same bytes
// again: decoding ends with that comparison, so a second form of one body is rejected.

extension JournalBody {
  /// The record of the body.
  package var record: [UInt8] {
    switch self {
    case .commit(let body): body.record
    case .tombstone(let body): body.record
    case .revive(let body): body.record
    case .amend(let body): body.record
    case .condemn(let body): body.record
    case .sweep(let body): body.record
    case .policy(let body): body.record
    case .summary(let body): body.record
    case .access(let body): body.record
    }
  }

  /// Decodes the record of a body; nil if this program does not know the type.
  package static func decode(type: UInt8, record: RawSpan) throws(Damage) -> JournalBody? {
    guard (commitType...accessType).contains(type) else { return nil }
    let fields = try RecordFields(record)
    let body: JournalBody
    switch type {
    case commitType: body = try .commit(Commit(fields))
    case 2: body = try .tombstone(Tombstone(fields))
    case 3: body = try .revive(Revive(fields))
    case amendType: body = try .amend(Amend(fields))
    case 5: body = try .condemn(Condemn(fields))
    case 6: body = try .sweep(Sweep(fields))
    case 7: body = try .policy(Policy(fields))
    case 8: body = try .summary(JournalSummary(fields))
    case accessType: body = try .access(Access(fields))
    default: return nil
    }
    try requireCanonical(body.record, record)
    return body
  }

  static func requireCanonical(_ encoded: [UInt8], _ given: RawSpan) throws(Damage) {
    guard encoded == Array(copying: given) else { throw .malformed("not in its only form") }
  }
}

extension JournalBody.Commit {
  package var record: [UInt8] {
    var writer = RecordWriter()
    writer.identifiers(1, segments)
    writer.identifiers(2, rescuedPacks)
    writer.varintField(3, critical: true, isPartial ? 1 : 0)
    writer.field(4, critical: true, note)
    writer.field(5, critical: true, run.bytes)
    writer.unknown(unknown)
    return writer.bytes
  }

  /// Decodes the record of a commit.
  package init(record: RawSpan) throws(Damage) {
    self = try Self(RecordFields(record))
    try JournalBody.requireCanonical(self.record, record)
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    let flags = try fields.varint(3)
    guard flags <= 1 else { throw .unknownCritical(3) }
    let run = try fields.required(5)
    guard run.count == 16 else { throw .malformed("a run ID has 16 bytes") }
    self.init(
      segments: try fields.identifiers(1), rescuedPacks: try fields.identifiers(2),
      isPartial: flags == 1, note: try fields.required(4), run: RunID(bytes: run),
      unknown: try fields.unknown(above: 5))
  }
}

extension JournalBody.Tombstone {
  fileprivate var record: [UInt8] {
    var writer = RecordWriter()
    writer.identifiers(1, snapshots)
    writer.bytesField(2, critical: false, reason)
    writer.unknown(unknown)
    return writer.bytes
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    self.init(
      snapshots: try fields.identifiers(1), reason: fields.bytes(2),
      unknown: try fields.unknown(above: 2))
  }
}

extension JournalBody.Revive {
  fileprivate var record: [UInt8] {
    var writer = RecordWriter()
    writer.identifiers(1, snapshots)
    writer.unknown(unknown)
    return writer.bytes
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    self.init(snapshots: try fields.identifiers(1), unknown: try fields.unknown(above: 1))
  }
}

extension JournalBody.Amend {
  package var record: [UInt8] {
    var writer = RecordWriter()
    writer.field(1, critical: true, snapshot.bytes)
    writer.field(2, critical: true, note)
    writer.unknown(unknown)
    return writer.bytes
  }

  /// Decodes the record of an amendment.
  package init(record: RawSpan) throws(Damage) {
    self = try Self(RecordFields(record))
    try JournalBody.requireCanonical(self.record, record)
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    let snapshot = try fields.required(1)
    guard snapshot.count == 32 else { throw .malformed("a snapshot ID has 32 bytes") }
    self.init(
      snapshot: SnapshotID(bytes: snapshot), note: try fields.required(2),
      unknown: try fields.unknown(above: 2))
  }
}

extension JournalBody.Condemn {
  fileprivate var record: [UInt8] {
    var writer = RecordWriter()
    writer.identifiers(1, packs)
    writer.identifiers(2, segments)
    writer.identifiers(3, newSegments)
    writer.identifiers(4, rescuedPacks)
    writer.unknown(unknown)
    return writer.bytes
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    self.init(
      packs: try fields.identifiers(1), segments: try fields.identifiers(2),
      newSegments: try fields.identifiers(3), rescuedPacks: try fields.identifiers(4),
      unknown: try fields.unknown(above: 4))
  }
}

extension JournalBody.Sweep {
  fileprivate var record: [UInt8] {
    var writer = RecordWriter()
    writer.identifiers(1, packs)
    writer.identifiers(2, segments)
    writer.unknown(unknown)
    return writer.bytes
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    self.init(
      packs: try fields.identifiers(1), segments: try fields.identifiers(2),
      unknown: try fields.unknown(above: 2))
  }
}

extension JournalBody.Policy {
  fileprivate var record: [UInt8] {
    var writer = RecordWriter()
    writer.identifiers(1, admitted)
    writer.identifiers(2, revoked)
    writer.bytesField(3, critical: false, retention)
    writer.unknown(unknown)
    return writer.bytes
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    self.init(
      admitted: try fields.identifiers(1), revoked: try fields.identifiers(2),
      retention: fields.bytes(3), unknown: try fields.unknown(above: 3))
  }
}

extension JournalBody.Access {
  fileprivate var record: [UInt8] {
    var writer = RecordWriter()
    writer.varintField(1, critical: false, action)
    writer.bytesField(2, critical: false, note)
    writer.unknown(unknown)
    return writer.bytes
  }

  fileprivate init(_ fields: RecordFields) throws(Damage) {
    self.init(
      action: try fields.varint(1), note: fields.bytes(2),
      unknown: try fields.unknown(above: 2))
  }
}
