// Notes of FORMAT.md section 13: what only readers may read in a journal entry that every writer
// can open. A note is as long as its record; the entry around it is padded.

/// Sealing and opening of notes.
package enum Note {
  package static let headerSize = 104

  private static let commitmentOffset = 72
  private static let nonce = [UInt8](repeating: 0, count: AEAD.nonceSize)

  /// A note in an entry of this type.
  package static func seal(
    _ record: [UInt8], for entryType: UInt8, run: RunKeys, randomness: some Randomness
  ) -> [UInt8] {
    let salt = randomness.bytes(32)
    var header = ByteWriter(capacity: headerSize)
    header.u32(run.epoch)
    header.u8(run.suite.rawValue)
    header.u8(RunKeys.kem)
    header.u16(0)
    header.id(run.publicKey)
    header.raw(salt)
    let zeroed = header.bytes + [UInt8](repeating: 0, count: 32)
    header.raw(run.commitment(.noteCommitment, zeroed))
    let sealed = AEAD.seal(
      run.suite, key: run.derive(.noteKey, salt), nonce: nonce,
      aad: aad(header.bytes, run.repository, entryType), plain: record)
    return header.bytes + sealed
  }

  /// The record in a note; `object` names the journal entry in errors.
  package static func open(
    _ note: [UInt8], for entryType: UInt8, runs: RunKeyring, object: String = "note"
  ) throws(VaultError) -> [UInt8] {
    guard note.count >= headerSize + AEAD.tagSize else {
      throw .damaged(object: object, .badLength)
    }
    let header = Array(note[..<headerSize])
    let run = try runKeys(header, runs, object)
    let zeroed = header[..<commitmentOffset] + [UInt8](repeating: 0, count: 32)
    let expected = run.commitment(.noteCommitment, Array(zeroed))
    let commitment = Array(header[commitmentOffset...])
    guard unsafe Hash.isEqual(expected.span.bytes, commitment.span.bytes) else {
      throw .damaged(object: object, .badCommitment)
    }
    try run.suite.requireAvailable()
    let key = run.derive(.noteKey, Array(header[40..<commitmentOffset]))
    let aad = aad(header, runs.repository, entryType)
    let sealed = unsafe note.span.bytes.extracting(headerSize..<note.count)
    let record = AEAD.open(run.suite, key: key, nonce: nonce, aad: aad, sealed: sealed)
    guard let record else { throw .damaged(object: object, .notAuthentic) }
    return record
  }

  /// The epoch that a note says it is of.
  static func epoch(of note: [UInt8]) -> UInt32? {
    var reader = unsafe ByteReader(note.span.bytes)
    return try? reader.u32()
  }

  private static func runKeys(
    _ header: [UInt8], _ runs: RunKeyring, _ object: String
  ) throws(VaultError) -> RunKeys {
    let epoch: UInt32
    let suite: Suite
    let publicKey: PublicKey
    do throws(Damage) {
      (epoch, suite, publicKey) = try parse(header)
    } catch {
      throw .damaged(object: object, error)
    }
    return try runs.run(publicKey, epoch: epoch, suite: suite, kem: header[5], object: object)
  }

  private static func parse(_ header: [UInt8]) throws(Damage) -> (UInt32, Suite, PublicKey) {
    var reader = unsafe ByteReader(header.span.bytes)
    let epoch = try reader.u32()
    let suiteNumber = try reader.u8()
    _ = try reader.u8()
    try reader.zeros(2)
    guard let suite = Suite(rawValue: suiteNumber) else {
      throw .malformed("suite \(suiteNumber)")
    }
    return (epoch, suite, try reader.id(PublicKey.self))
  }

  private static func aad(
    _ header: [UInt8], _ repository: RepositoryID, _ entryType: UInt8
  ) -> [UInt8] {
    header + repository.bytes + [entryType]
  }
}
