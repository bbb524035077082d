// The keys of one epoch: what seals index and journal, and what packs and notes are sealed to.

/// The keys of one epoch of a repository.
package struct EpochKeys: Sendable {
  package let number: UInt32
  package let suite: Suite
  package let indexKey: SecretKey
  package let journalKey: SecretKey
  /// Absent on a machine that may write and not read.
  package let readerSecret: SecretKey?
  package let readerPublic: PublicKey
  /// The pre-shared key.
  package let psk: SecretKey

  static func fresh(number: UInt32, suite: Suite, randomness: some Randomness) -> EpochKeys {
    let reader = SecretKey.random(randomness)
    return EpochKeys(
      number: number, suite: suite, indexKey: .random(randomness),
      journalKey: .random(randomness), readerSecret: reader,
      readerPublic: KeyExchange.publicKey(of: reader), psk: .random(randomness))
  }

  func encoded() -> SecretBytes {
    var writer = SecretWriter(capacity: 256)
    writer.field(1, critical: true, varint: UInt64(number))
    writer.field(2, critical: true, varint: UInt64(suite.rawValue))
    writer.field(3, critical: true, indexKey)
    writer.field(4, critical: true, journalKey)
    if let readerSecret { writer.field(5, critical: false, readerSecret) }
    unsafe writer.field(6, critical: true, readerPublic.bytes.span.bytes)
    writer.field(7, critical: true, psk)
    return writer.bytes
  }

  static func decode(_ bytes: RawSpan) throws(Damage) -> EpochKeys {
    var record = RecordReader(bytes)
    var number: UInt32?
    var suite: Suite?
    var index, journal, secret, psk: SecretKey?
    var reader: PublicKey?
    while let field = try record.next() {
      if field.number <= 7 { try field.requireMark(critical: field.number != 5) }
      switch field.number {
      case 1: number = try UInt32(field.value(atMost: UInt64(UInt32.max)))
      case 2: suite = try Suite(rawValue: UInt8(field.value(atMost: 255)))
      case 3: index = try field.key()
      case 4: journal = try field.key()
      case 5: secret = try field.key()
      case 6: reader = try PublicKey(bytes: field.bytes(32))
      case 7: psk = try field.key()
      default: _ = try field.unknown()
      }
    }
    guard let number, let suite, let index, let journal, let reader, let psk else {
      throw .malformed("an epoch lacks a key or has an unknown suite")
    }
    guard isStrong(reader), secret.map({ KeyExchange.publicKey(of: $0) == reader }) ?? true else {
      throw .malformed("an epoch's reader keys do not belong together")
    }
    return EpochKeys(
      number: number, suite: suite, indexKey: index, journalKey: journal, readerSecret: secret,
      readerPublic: reader, psk: psk)
  }

  // A weak point gives no shared secret with anybody.
  private static func isStrong(_ key: PublicKey) -> Bool {
    let other = SecretKey.random(SystemRandomness())
    return KeyExchange.shared(
      runSecret: other, run: KeyExchange.publicKey(of: other), reader: key) != nil
  }
}

extension RecordReader.Field {
  /// The value as a varint up to a limit.
  func value(atMost limit: UInt64) throws(Damage) -> UInt64 {
    let value = try varint()
    guard value <= limit else { throw .malformed("\(value) is above \(limit)") }
    return value
  }

  /// The value, which must have this length.
  @_lifetime(copy self)
  func bytes(_ count: Int) throws(Damage) -> RawSpan {
    guard value.byteCount == count else { throw .malformed("a key has the wrong length") }
    return value
  }

  /// The value as a key.
  func key() throws(Damage) -> SecretKey {
    try SecretKey(copying: bytes(SecretKey.size))
  }
}
