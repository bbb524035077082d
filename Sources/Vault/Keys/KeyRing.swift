// The keyring of FORMAT.md section 8: everything that the root key protects. It is in plain text
// only in secret memory. Version 1 writes one keyring and never changes it, so fields that it
// does not know need not be kept.

/// The keys of a repository.
package final class KeyRing: Sendable {
  package let owner: SigningKey
  /// Ascending by number, never empty.
  package let epochs: [EpochKeys]
  /// Ascending by number, never empty.
  package let domains: [DomainKeys]
  package let currentEpoch: EpochKeys
  package let currentDomain: DomainKeys

  package var ownerPublicKey: PublicKey { owner.publicKey }

  private init(
    owner: SigningKey, epochs: [EpochKeys], domains: [DomainKeys], currentEpoch: UInt32,
    currentDomain: UInt32
  ) throws(Damage) {
    guard
      let epoch = epochs.first(where: { $0.number == currentEpoch }),
      let domain = domains.first(where: { $0.number == currentDomain })
    else { throw .malformed("the keyring lacks its current epoch or domain") }
    self.owner = owner
    self.epochs = epochs
    self.domains = domains
    self.currentEpoch = epoch
    self.currentDomain = domain
  }

  /// New random keys: one epoch, one domain, both number 0.
  package init(
    generating suite: Suite, chunker: ChunkerParameters, randomness: some Randomness
  ) {
    owner = SigningKey(seed: .random(randomness))
    currentEpoch = .fresh(number: 0, suite: suite, randomness: randomness)
    currentDomain = .fresh(number: 0, chunker: chunker, randomness: randomness)
    epochs = [currentEpoch]
    domains = [currentDomain]
  }

  /// The epoch with this number.
  package func epoch(_ number: UInt32) -> EpochKeys? {
    epochs.first { $0.number == number }
  }

  /// The domain with this number.
  package func domain(_ number: UInt32) -> DomainKeys? {
    domains.first { $0.number == number }
  }

  // MARK: Codec

  /// The payload of a keyring object.
  package func encoded() -> SecretBytes {
    var writer = SecretWriter(capacity: 256 + 256 * (epochs.count + domains.count))
    writer.field(1, critical: true, owner.seed)
    writer.field(2, critical: true, Self.list(epochs.map { $0.encoded() }))
    writer.field(3, critical: true, Self.list(domains.map { $0.encoded() }))
    writer.field(4, critical: true, varint: UInt64(currentEpoch.number))
    writer.field(5, critical: true, varint: UInt64(currentDomain.number))
    return writer.bytes
  }

  private static func list(_ items: [SecretBytes]) -> SecretBytes {
    var writer = SecretWriter(capacity: items.reduce(10) { $0 + $1.count + 10 })
    writer.varint(UInt64(items.count))
    for item in items { writer.prefixed(item) }
    return writer.bytes
  }

  /// The keyring in a payload; the inverse of `encoded`.
  package static func decode(_ payload: SecretBytes) throws(Damage) -> KeyRing {
    try unsafe payload.withBytes { payload throws(Damage) in
      try unsafe decode(payload.bytes)
    }
  }

  private static func decode(_ payload: RawSpan) throws(Damage) -> KeyRing {
    var record = RecordReader(payload)
    var seed: SecretKey?
    var epochs: [EpochKeys] = []
    var domains: [DomainKeys] = []
    var currentEpoch: UInt32?
    var currentDomain: UInt32?
    while let field = try record.next() {
      if field.number <= 5 { try field.requireMark(critical: true) }
      switch field.number {
      case 1: seed = try field.key()
      case 2: epochs = try list(of: field.value)
      case 3: domains = try list(of: field.value)
      case 4: currentEpoch = try UInt32(field.value(atMost: UInt64(UInt32.max)))
      case 5: currentDomain = try UInt32(field.value(atMost: UInt64(UInt32.max)))
      default: _ = try field.unknown()
      }
    }
    guard let seed, let currentEpoch, let currentDomain else {
      throw .malformed("the keyring lacks a field")
    }
    return try KeyRing(
      owner: SigningKey(seed: seed), epochs: epochs, domains: domains,
      currentEpoch: currentEpoch, currentDomain: currentDomain)
  }

  private static func list<Keys: NumberedKeys>(of value: RawSpan) throws(Damage) -> [Keys] {
    var reader = ByteReader(value)
    var items: [Keys] = []
    for _ in 0..<(try reader.count(itemMinimum: 1)) {
      let item = try Keys.decode(reader.prefixed())
      if let last = items.last, last.number >= item.number {
        throw .malformed("epochs or domains out of order")
      }
      items.append(item)
    }
    try reader.finish()
    return items
  }
}

/// Keys that a keyring lists by number.
protocol NumberedKeys {
  var number: UInt32 { get }
  static func decode(_ bytes: RawSpan) throws(Damage) -> Self
}

extension EpochKeys: NumberedKeys {}
extension DomainKeys: NumberedKeys {}
