// Format object, slot, sealed objects, keyring, note. Where an attacker without keys would fail at
// once, the target signs or seals the input, as a writer who lost his mind could.

import Igudar
import Platform
import Vault

extension FuzzTarget {
  static let keys = [
    FuzzTarget("format", seeds: formatSeeds, run: runFormat),
    FuzzTarget("slot", seeds: slotSeeds, run: runSlot),
    FuzzTarget("sealed", seeds: sealedSeeds, run: runSealed),
    FuzzTarget("sealed-plain", seeds: sealedPlainSeeds, run: runSealedPlain),
    FuzzTarget("keyring", seeds: keyringSeeds, run: runKeyring),
    FuzzTarget("note", seeds: noteSeeds, run: runNote),
  ]

  // MARK: format: the owner's key and signature are put in

  private static func formatSeeds() -> [[UInt8]] {
    [Suite.xchacha20Poly1305, .aes256GCM].compactMap { suite in
      let format = try? FormatObject(
        packSize: FormatObject.standardPackSize, repository: Fixed.repository,
        features: FeatureSets(for: suite), owner: Fixed.keyring.ownerPublicKey)
      return format?.signed(by: Fixed.keyring.owner)
    }
  }

  private static func runFormat(_ input: [UInt8]) throws(Finding) -> Bool {
    _ = try? FormatObject.decode(input)
    var bytes = input
    if bytes.count == FormatObject.size {
      bytes.replaceSubrange(64..<96, with: Fixed.keyring.ownerPublicKey.bytes)
      let message = Array("igudar format v1".utf8) + bytes[..<128]
      bytes.replaceSubrange(128..<192, with: Fixed.keyring.owner.sign(message))
    }
    guard let format = try? FormatObject.decode(bytes) else { return false }
    try promise(format.signed(by: Fixed.keyring.owner) == bytes, "a format object has two forms")
    return true
  }

  // MARK: slot: 512 bytes of a slot, or 280 of its information, which are sealed

  private static let slotSecret = Secret.keyFile(.random(SeededRandomness(5)))
  private static let validSlot = try? Slot.make(
    for: Fixed.rootKey, secret: slotSecret, cost: .standard, suite: .xchacha20Poly1305,
    repository: Fixed.repository, owner: Fixed.keyring.ownerPublicKey,
    information: SlotInformation(
      label: Array("key".utf8), host: Array("host".utf8), user: Array("user".utf8),
      created: .init(seconds: 1_700_000_000, nanoseconds: 5)),
    randomness: SeededRandomness(6))

  private static func slotSeeds() -> [[UInt8]] {
    let information: [UInt8] =
      [9, 0, 2, 3] + Array("key".utf8) + [8, 2, 2, 0] + [UInt8](repeating: 0, count: 269)
    return [validSlot?.bytes ?? [], information]
  }

  private static func runSlot(_ input: [UInt8]) throws(Finding) -> Bool {
    var bytes = input
    if input.count == 280, let valid = validSlot { bytes = forgedSlot(valid, input) }
    guard bytes.count >= 32 else { return false }
    let id = SlotID(bytes: Array(bytes[16..<32]))
    guard let slot = try? Slot(parsing: bytes, id: id) else { return false }
    try promise(slot.bytes == bytes, "a slot is not its bytes")
    let root = try? slot.open(
      with: slotSecret, repository: Fixed.repository, limits: .standard)
    if let root {
      try promise(root.isEqual(to: Fixed.rootKey), "a slot gives another root key")
    }
    let isGenuine =
      (try? slot.information(rootKey: Fixed.rootKey, repository: Fixed.repository)) != nil
    return isGenuine && root != nil
  }

  private static func forgedSlot(_ valid: Slot, _ information: [UInt8]) -> [UInt8] {
    let key = Hash.derive(
      Fixed.rootKey, .slotInformation, Fixed.repository.bytes + valid.id.bytes)
    let sealed = AEAD.seal(
      valid.suite, key: key, nonce: Array(valid.bytes[192..<216]),
      aad: valid.bytes[..<192] + Fixed.repository.bytes, plain: information)
    return valid.bytes[..<216] + sealed
  }

  // MARK: sealed: a kind, then the stored bytes

  private static func path(_ kind: SealedObject.Kind) -> String {
    switch kind {
    case .keyring: "keyring/0000000000000000"
    case .segment: "index/"
    case .journalEntry: "journal/0000000000000007"
    }
  }

  private static func sealedSeeds() -> [[UInt8]] {
    SealedObject.Kind.allCases.enumerated().map { index, kind in
      [UInt8(index)]
        + SealedObject.seal(
          Array("payload".utf8), as: kind, path: path(kind), key: Fixed.rootKey,
          suite: .xchacha20Poly1305, epoch: 0, repository: Fixed.repository,
          randomness: SeededRandomness(UInt64(7 + index)))
    }
  }

  private static func runSealed(_ input: [UInt8]) throws(Finding) -> Bool {
    var parts = InputReader(input)
    let kind = SealedObject.Kind.allCases[Int(parts.byte()) % SealedObject.Kind.allCases.count]
    return try open(parts.remainder(), kind) != nil
  }

  private static func open(
    _ stored: [UInt8], _ kind: SealedObject.Kind
  ) throws(Finding) -> [UInt8]? {
    let payload = try? SealedObject.open(
      stored, as: kind, path: path(kind), key: Fixed.rootKey, repository: Fixed.repository)
    let secret = try? SealedObject.open(
      secret: stored, as: kind, path: path(kind), key: Fixed.rootKey,
      repository: Fixed.repository)
    try promise((payload == nil) == (secret == nil), "two ways to open disagree")
    guard let payload, let secret else { return nil }
    let isSame = unsafe secret.withBytes { unsafe payload.elementsEqual($0) }
    try promise(isSame, "two ways to open give other bytes")
    try promise(
      SealedObject.size(payload: payload.count) == stored.count, "a payload of another size")
    return payload
  }

  // MARK: sealed-plain: what a sealed object has inside, length and padding included

  private static func sealedPlainSeeds() -> [[UInt8]] {
    [[], [7, 0, 0, 0, 0, 0, 0, 0] + Array("payload".utf8)]
  }

  private static func runSealedPlain(_ input: [UInt8]) throws(Finding) -> Bool {
    var header = ByteWriter()
    header.raw(Array("igudarJR".utf8))
    header.u16(1)
    header.u8(Suite.xchacha20Poly1305.rawValue)
    header.u8(0)
    header.u32(0)
    let salt = SeededRandomness(8).bytes(32)
    header.raw(salt)
    let key = Hash.derive(Fixed.rootKey, .sealKey, Array("igudarJR".utf8) + salt)
    header.raw(Hash.keyed(key: key, label: .sealCommitment, header.bytes))
    let size = max(SealedObject.minimumSize, padme(96 + input.count))
    let plain = input + [UInt8](repeating: 0, count: size - 96 - input.count)
    let sealed = AEAD.seal(
      .xchacha20Poly1305, key: key, nonce: [UInt8](repeating: 0, count: 24),
      aad: header.bytes + Fixed.repository.bytes + Array(path(.journalEntry).utf8), plain: plain)
    guard let payload = try open(header.bytes + sealed, .journalEntry) else { return false }
    try promise(plain[8...].starts(with: payload), "a payload that was not sealed")
    try promise(plain[(8 + payload.count)...].allSatisfy { $0 == 0 }, "padding was accepted")
    return true
  }

  // MARK: keyring

  private static func keyringSeeds() -> [[UInt8]] {
    [unsafe Fixed.keyring.encoded().withBytes { unsafe Array($0) }]
  }

  private static func runKeyring(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let ring = try? KeyRing.decode(SecretBytes(copying: input.rawSpan)) else { return false }
    // Unknown fields are not kept, so only the second form must be the first.
    let encoded = ring.encoded()
    let again = try? KeyRing.decode(encoded)
    try promise(again?.encoded().isEqual(to: encoded) == true, "a keyring has two forms")
    return true
  }

  // MARK: note: the entry's type, then the note

  private static func noteSeeds() -> [[UInt8]] {
    [
      [1]
        + Note.seal(
          Array("record".utf8), for: 1, run: Fixed.run, randomness: SeededRandomness(9))
    ]
  }

  private static func runNote(_ input: [UInt8]) throws(Finding) -> Bool {
    var parts = InputReader(input)
    let type = parts.byte()
    let record = try? Note.open(
      parts.remainder(), for: type,
      runs: RunKeyring(keyring: Fixed.keyring, repository: Fixed.repository))
    return record != nil
  }
}
