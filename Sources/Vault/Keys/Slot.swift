// A slot of FORMAT.md section 6: 512 bytes that give the root key to whoever has the secret. A
// parsed slot has the right form; only opening it, or its information, says that it is genuine.

/// One way to unlock a repository.
package struct Slot: Sendable {
  package static let size = 512

  /// What a slot opens with.
  package enum Kind: UInt8, Sendable {
    case passphrase = 1
    case keyFile = 2
  }

  package let bytes: [UInt8]
  package let id: SlotID
  package let kind: Kind
  package let suite: Suite
  /// Zero for key files.
  package let cost: Argon2Cost
  package let owner: PublicKey

  private static let magic: StaticString = "igudarSL"
  private static let version: UInt16 = 1
  private static let ownerRole: UInt8 = 1
  private static let commitmentRange = 112..<144
  private static let headerSize = 144
  private static let informationNonceOffset = 192

  private var salt: [UInt8] { Array(bytes[40..<56]) }
  private var nonce: [UInt8] { Array(bytes[56..<80]) }

  // MARK: Reading

  /// The slot in an object's bytes; the costs are not judged yet.
  package init(parsing bytes: [UInt8], id: SlotID) throws(Damage) {
    guard bytes.count == Self.size else { throw .badLength }
    var reader = unsafe ByteReader(bytes.span.bytes)
    guard try Array(copying: reader.raw(8)) == Self.magic.bytes else { throw .badMagic }
    let version = try reader.u16()
    guard version == Self.version else { throw .badVersion(UInt64(version)) }
    let (kind, suite) = (try reader.u8(), try reader.u8())
    let (role, derivation) = (try reader.u8(), try reader.u8())
    guard let kind = Kind(rawValue: kind), derivation == kind.rawValue else {
      throw .malformed("slot type \(kind) with key derivation \(derivation)")
    }
    guard let suite = Suite(rawValue: suite) else { throw .malformed("suite \(suite)") }
    guard role == Self.ownerRole else { throw .malformed("slot role \(role)") }
    try reader.zeros(2)
    guard try reader.id(SlotID.self) == id else {
      throw .malformed("stored under another slot's name")
    }
    cost = Argon2Cost(memory: try reader.u32(), passes: try reader.u32())
    guard kind == .passphrase || cost == Argon2Cost(memory: 0, passes: 0) else {
      throw .malformed("a key file with a cost")
    }
    _ = try reader.raw(16 + 24)
    owner = try reader.id(PublicKey.self)
    self.bytes = bytes
    self.id = id
    self.kind = kind
    self.suite = suite
  }

  /// The root key, or nil if the secret is not this slot's.
  ///
  /// A passphrase costs what the slot says, once the limits allow it. Throws `.limit` where they
  /// do not, `.damaged` for a slot that was changed after it was made.
  package func open(
    with secret: Secret, repository: RepositoryID, limits: Argon2Cost.Limits
  ) throws(VaultError) -> SecretKey? {
    guard let pwk = try Self.key(secret, kind, cost, salt, limits) else { return nil }
    let expected = Self.commitment(pwk, Array(bytes[..<Self.headerSize]))
    let commitment = Array(bytes[Self.commitmentRange])
    guard unsafe Hash.isEqual(expected.span.bytes, commitment.span.bytes) else { return nil }
    try suite.requireAvailable()
    let kek = Self.kek(pwk, repository, id)
    let aad = bytes[..<Self.headerSize] + repository.bytes
    let sealed = unsafe bytes.span.bytes.extracting(
      Self.headerSize..<Self.informationNonceOffset)
    guard
      let root = AEAD.open(suite, key: kek, nonce: nonce, aad: Array(aad), secret: sealed)
    else { throw .damaged(object: objectName, .notAuthentic) }
    return unsafe root.withBytes { unsafe SecretKey(copying: $0.bytes) }
  }

  /// What the slot says about itself; succeeds only for a slot that was made with the root key
  /// and of which nothing was changed.
  package func information(
    rootKey: SecretKey, repository: RepositoryID
  ) throws(Damage) -> SlotInformation {
    guard suite.isAvailable else { throw .malformed("sealed with a cipher that is not here") }
    let key = Self.informationKey(rootKey, repository, id)
    let offset = Self.informationNonceOffset
    let sealed = unsafe bytes.span.bytes.extracting((offset + 24)..<Self.size)
    let plain = AEAD.open(
      suite, key: key, nonce: Array(bytes[offset..<(offset + 24)]),
      aad: bytes[..<offset] + repository.bytes, sealed: sealed)
    guard let plain else { throw .notAuthentic }
    return try SlotInformation.decode(plain)
  }

  var objectName: String { "slots/\(id.hex)" }

  // MARK: Making

  /// A new slot for a root key.
  ///
  /// Throws `.limit` for a cost outside what the format allows.
  package static func make(
    for rootKey: SecretKey, secret: Secret, cost: Argon2Cost, suite: Suite,
    repository: RepositoryID, owner: PublicKey, information: SlotInformation,
    randomness: some Randomness
  ) throws(VaultError) -> Slot {
    let id = randomness.identifier(SlotID.self)
    let salt = randomness.bytes(16)
    let nonce = randomness.bytes(AEAD.nonceSize)
    let (kind, cost) = secret.kindAndCost(cost)
    guard let pwk = try key(secret, kind, cost, salt, .format) else {
      preconditionFailure("the kind is the secret's")
    }
    var writer = ByteWriter(capacity: size)
    writer.raw(magic.bytes)
    writer.u16(version)
    for byte in [kind.rawValue, suite.rawValue, ownerRole, kind.rawValue] { writer.u8(byte) }
    writer.zeros(2)
    writer.raw(id.bytes)
    writer.u32(cost.memory)
    writer.u32(cost.passes)
    writer.raw(salt)
    writer.raw(nonce)
    writer.id(owner)
    let zeroed = writer.bytes + [UInt8](repeating: 0, count: 32)
    writer.raw(commitment(pwk, zeroed))
    writer.raw(
      unsafe rootKey.withBytes { root in
        unsafe AEAD.seal(
          suite, key: kek(pwk, repository, id), nonce: nonce,
          aad: writer.bytes + repository.bytes, secret: root)
      })
    let informationNonce = randomness.bytes(AEAD.nonceSize)
    let sealed = AEAD.seal(
      suite, key: informationKey(rootKey, repository, id), nonce: informationNonce,
      aad: writer.bytes + repository.bytes, plain: information.encoded())
    return try Slot(made: writer.bytes + informationNonce + sealed, id: id)
  }

  private init(made bytes: [UInt8], id: SlotID) throws(VaultError) {
    do throws(Damage) {
      try self.init(parsing: bytes, id: id)
    } catch {
      throw .verificationFailed("slots/\(id.hex): \(error)")
    }
  }

  // MARK: Keys

  // Nil where the secret is of another kind than the slot.
  private static func key(
    _ secret: Secret, _ kind: Kind, _ cost: Argon2Cost, _ salt: [UInt8],
    _ limits: Argon2Cost.Limits
  ) throws(VaultError) -> SecretKey? {
    switch (secret, kind) {
    case (.passphrase(let passphrase), .passphrase):
      guard limits.allow(cost) else {
        throw .limit("a passphrase that costs \(cost.memory) KiB, \(cost.passes) passes")
      }
      return try cost.key(from: passphrase, salt: salt)
    case (.keyFile(let file), .keyFile):
      return Hash.derive(file, .keyFile, salt)
    default:
      return nil
    }
  }

  private static func kek(
    _ pwk: SecretKey, _ repository: RepositoryID, _ id: SlotID
  ) -> SecretKey {
    Hash.derive(pwk, .slotKEK, repository.bytes + id.bytes)
  }

  private static func informationKey(
    _ rootKey: SecretKey, _ repository: RepositoryID, _ id: SlotID
  ) -> SecretKey {
    Hash.derive(rootKey, .slotInformation, repository.bytes + id.bytes)
  }

  private static func commitment(_ pwk: SecretKey, _ header: [UInt8]) -> [UInt8] {
    var header = header
    for index in commitmentRange { header[index] = 0 }
    return Hash.keyed(key: pwk, label: .slotCommitment, header)
  }
}

extension Secret {
  fileprivate func kindAndCost(_ cost: Argon2Cost) -> (Slot.Kind, Argon2Cost) {
    switch self {
    case .passphrase: (.passphrase, cost)
    case .keyFile: (.keyFile, Argon2Cost(memory: 0, passes: 0))
    }
  }
}
