// The keys of one deduplication domain: chunks are cut and named under them.

/// The keys of one domain of a repository.
package struct DomainKeys: Sendable {
  package let number: UInt32
  package let chunkIDKey: SecretKey
  package let chunkerKey: SecretKey
  package let treeCutKey: SecretKey
  package let chunker: ChunkerParameters

  // Chunker 1 is gear-prf.
  private static let gearPRF: UInt64 = 1

  static func fresh(
    number: UInt32, chunker: ChunkerParameters, randomness: some Randomness
  ) -> DomainKeys {
    DomainKeys(
      number: number, chunkIDKey: .random(randomness), chunkerKey: .random(randomness),
      treeCutKey: .random(randomness), chunker: chunker)
  }

  func encoded() -> SecretBytes {
    var writer = SecretWriter(capacity: 256)
    writer.field(1, critical: true, varint: UInt64(number))
    writer.field(2, critical: true, chunkIDKey)
    writer.field(3, critical: true, chunkerKey)
    writer.field(4, critical: true, treeCutKey)
    writer.field(5, critical: true, varint: Self.gearPRF)
    writer.field(6, critical: true, varint: UInt64(chunker.minimum))
    writer.field(7, critical: true, varint: UInt64(chunker.target))
    writer.field(8, critical: true, varint: UInt64(chunker.maximum))
    return writer.bytes
  }

  static func decode(_ bytes: RawSpan) throws(Damage) -> DomainKeys {
    var record = RecordReader(bytes)
    var number: UInt32?
    var id, chunkerKey, treeCut: SecretKey?
    var chunker: UInt64?
    var minimum = 0
    var target = 0
    var maximum = 0
    while let field = try record.next() {
      if field.number <= 8 { try field.requireMark(critical: true) }
      switch field.number {
      case 1: number = try UInt32(field.value(atMost: UInt64(UInt32.max)))
      case 2: id = try field.key()
      case 3: chunkerKey = try field.key()
      case 4: treeCut = try field.key()
      case 5: chunker = try field.varint()
      case 6: minimum = try Int(field.value(atMost: 8 << 20))
      case 7: target = try Int(field.value(atMost: 8 << 20))
      case 8: maximum = try Int(field.value(atMost: 8 << 20))
      default: _ = try field.unknown()
      }
    }
    guard let number, let id, let chunkerKey, let treeCut else {
      throw .malformed("a domain lacks a key")
    }
    guard
      chunker == gearPRF,
      let sizes = ChunkerParameters(minimum: minimum, target: target, maximum: maximum)
    else { throw .malformed("a domain has an unknown chunker or sizes that do not fit") }
    return DomainKeys(
      number: number, chunkIDKey: id, chunkerKey: chunkerKey, treeCutKey: treeCut, chunker: sizes)
  }
}
