// The clear 160 bytes at both ends of a pack, FORMAT.md section 10.

/// The header of a pack.
package struct PackHeader: Sendable {
  package static let size = 160
  package static let commitmentOffset = 104
  package static let endSize = 8
  package static let footerSize = 48
  /// Footer, header copy and end magic.
  package static let tailSize = footerSize + size + endSize
  private static let magic = Array("igudarPK".utf8)
  package static let endMagic = Array("igudarPE".utf8)

  package let suite: Suite
  package let epoch: UInt32
  package let runPublicKey: PublicKey
  package let salt: [UInt8]
  /// All 160 bytes, commitment included.
  package let bytes: [UInt8]

  /// A header for a new pack of a run; the commitment is made with the run's key.
  package init(repository: RepositoryID, run: RunKeys, salt: [UInt8]) {
    precondition(salt.count == 32, "a pack's salt has 32 bytes")
    suite = run.suite
    epoch = run.epoch
    runPublicKey = run.publicKey
    self.salt = salt
    let clear = Self.encode(repository: repository, run: run, salt: salt, commitment: .zero)
    let commitment = Self.commitment(run: run, clear: clear)
    bytes = Self.encode(repository: repository, run: run, salt: salt, commitment: commitment)
  }

  private static func encode(
    repository: RepositoryID, run: RunKeys, salt: [UInt8], commitment: Identifier32<Never>
  ) -> [UInt8] {
    var writer = ByteWriter(capacity: size)
    writer.raw(magic)
    writer.u16(1)
    writer.u8(run.suite.rawValue)
    writer.u8(RunKeys.kem)
    writer.u16(UInt16(size))
    writer.u16(0)
    writer.id(repository)
    writer.u32(run.epoch)
    writer.u32(0)
    writer.id(run.publicKey)
    writer.raw(salt)
    writer.id(commitment)
    writer.zeros(24)
    return writer.bytes
  }

  private static func commitment(run: RunKeys, clear: [UInt8]) -> Identifier32<Never> {
    Identifier32(bytes: Hash.keyed(key: run.runKey, label: .packCommitment, clear))
  }

  /// Reads a header without checking its commitment, which needs the run's key.
  package init(decoding span: RawSpan, repository: RepositoryID) throws(Damage) {
    var reader = ByteReader(span)
    guard reader.remaining == Self.size else { throw .badLength }
    guard Array(copying: try reader.raw(8)) == Self.magic else { throw .badMagic }
    let version = try reader.u16()
    guard version == 1 else { throw .badVersion(UInt64(version)) }
    guard let suite = Suite(rawValue: try reader.u8()) else { throw .malformed("unknown suite") }
    guard try reader.u8() == RunKeys.kem else { throw .malformed("unknown KEM") }
    guard try reader.u16() == UInt16(Self.size) else { throw .malformed("header length") }
    guard try reader.u16() == 0 else { throw .malformed("unknown flags") }
    guard try reader.id(RepositoryID.self) == repository else {
      throw .malformed("of another repository")
    }
    self.suite = suite
    epoch = try reader.u32()
    try reader.zeros(4)
    runPublicKey = try reader.id(PublicKey.self)
    salt = Array(copying: try reader.raw(32))
    _ = try reader.raw(32)
    try reader.zeros(24)
    bytes = Array(copying: span)
  }

  /// Whether the commitment was made with this run's key over this header, in constant time.
  package func isCommitted(to run: RunKeys) -> Bool {
    var clear = bytes
    for index in 0..<32 { clear[Self.commitmentOffset + index] = 0 }
    let expected = Self.commitment(run: run, clear: clear).bytes
    let found = bytes[Self.commitmentOffset..<Self.commitmentOffset + 32]
    return unsafe Hash.isEqual(expected.span.bytes, found.span.bytes)
  }
}
