// One entry of the journal as FORMAT.md section 13 lays it out: who wrote it, when, what it
// follows, what it says, and the signature over all of that with repository and number.

/// An entry of the journal, and the hash of its stored bytes.
package struct JournalEntry: Hashable, Sendable {
  /// Its place in the journal, from 0.
  package let number: UInt64
  /// The hash of its stored bytes, which the next entry repeats; a commit's snapshot ID.
  package let hash: ObjectHash
  /// The hash of the stored bytes of the entry before, zero for entry 0.
  package let previous: ObjectHash
  package let writer: PublicKey
  /// When the writer says it wrote this, in nanoseconds since 1970; never used for safety.
  package let time: Int64
  /// The newest summary before this entry, nil if there is none.
  package let newestSummary: UInt64?
  package let body: JournalBody

  /// The snapshot that a commit entry is.
  package var snapshotID: SnapshotID { SnapshotID(words: hash.words) }

  var isSummary: Bool { if case .summary = body { true } else { false } }

  /// The path of an entry, which its sealing is bound to and messages name.
  package static func path(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return "journal/" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// The payload of a journal entry before anybody looked at the body.
package struct JournalPayload: ~Escapable {
  /// Bytes before the body.
  package static let headerSize = 81
  /// Bytes behind the body.
  package static let signatureSize = 64

  package let previous: ObjectHash
  package let writer: PublicKey
  package let time: Int64
  package let newestSummary: UInt64?
  package let type: UInt8
  package let body: RawSpan
  package let signature: RawSpan
  private let signed: RawSpan

  /// Takes a payload apart; nothing in it is trusted yet.
  @_lifetime(copy payload)
  package init(_ payload: RawSpan) throws(Damage) {
    guard payload.byteCount >= Self.headerSize + Self.signatureSize else { throw .badLength }
    var reader = ByteReader(payload)
    previous = try reader.id(ObjectHash.self)
    writer = try reader.id(PublicKey.self)
    time = try reader.i64()
    let summary = try reader.u64()
    newestSummary = summary == .max ? nil : summary
    type = try reader.u8()
    body = try reader.raw(reader.remaining - Self.signatureSize)
    signature = try reader.raw(Self.signatureSize)
    signed = payload.extracting(0..<payload.byteCount - Self.signatureSize)
  }

  /// What the signature signs.
  package func signingInput(number: UInt64, repository: RepositoryID) -> [UInt8] {
    Self.signingInput(Array(copying: signed), number: number, repository: repository)
  }

  /// What the signature of a payload signs, given the bytes before it.
  package static func signingInput(
    _ unsigned: [UInt8], number: UInt64, repository: RepositoryID
  ) -> [UInt8] {
    var writer = ByteWriter(capacity: unsigned.count + 40)
    writer.raw(Array("igudar entry v1 ".utf8))
    writer.id(repository)
    writer.u64(number)
    writer.raw(unsigned)
    return writer.bytes
  }

  /// The bytes of a payload before its signature.
  package static func unsigned(
    previous: ObjectHash, writer key: PublicKey, time: Int64, newestSummary: UInt64?,
    body: JournalBody
  ) -> [UInt8] {
    let record = body.record
    var writer = ByteWriter(capacity: headerSize + record.count + signatureSize)
    writer.id(previous)
    writer.id(key)
    writer.i64(time)
    writer.u64(newestSummary ?? .max)
    writer.u8(body.type)
    writer.raw(record)
    return writer.bytes
  }
}
