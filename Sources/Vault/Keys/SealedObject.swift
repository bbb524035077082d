// The common form of keyrings, index segments and journal entries, FORMAT.md section 7. What is
// opened was checked whole: magic, version, zero bytes, commitment, authenticity, length, padding.

internal import CSodium

/// Sealing and opening of keyrings, index segments and journal entries.
package enum SealedObject {
  /// What a sealed object is.
  package enum Kind: Sendable, CaseIterable {
    case keyring
    case segment
    case journalEntry

    var magic: StaticString {
      switch self {
      case .keyring: "igudarKR"
      case .segment: "igudarIX"
      case .journalEntry: "igudarJR"
      }
    }

    /// No object of this kind is larger, in stored bytes.
    package var sizeLimit: Int { self == .keyring ? 1 << 20 : 64 << 20 }

    /// No payload is longer.
    package var payloadLimit: Int { sizeLimit - SealedObject.overhead }
  }

  package static let headerSize = 80
  package static let minimumSize = 4096
  /// Header, payload length and tag.
  package static let overhead = headerSize + 8 + AEAD.tagSize

  static let version: UInt16 = 1
  private static let nonce = [UInt8](repeating: 0, count: AEAD.nonceSize)

  /// The stored size for a payload's length.
  package static func size(payload length: Int) -> Int {
    max(minimumSize, padme(overhead + length))
  }

  // MARK: Sealing

  /// The stored bytes of an object; the payload must not be longer than the kind's limit.
  package static func seal(
    _ payload: [UInt8], as kind: Kind, path: String, key: SecretKey, suite: Suite,
    epoch: UInt32, repository: RepositoryID, randomness: some Randomness
  ) -> [UInt8] {
    // The plain text is laid out where it will be sealed, so that it is never held twice.
    let size = size(payload: payload.count)
    precondition(size <= kind.sizeLimit, "the payload is longer than FORMAT.md allows")
    let sealing = Sealing(
      kind: kind, path: path, key: key, suite: suite, epoch: epoch, repository: repository,
      randomness: randomness)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { output, count in
      let output = UnsafeMutableRawBufferPointer(output)
      let plain = unsafe UnsafeMutableRawBufferPointer(
        rebasing: output[headerSize..<(size - AEAD.tagSize)])
      unsafe payload.withUnsafeBytes { unsafe layOut($0, in: plain) }
      unsafe sealing.seal(UnsafeRawBufferPointer(plain), into: output)
      count = size
    }
  }

  /// The same for a payload that must not leave secret memory unsealed.
  package static func seal(
    secret payload: SecretBytes, as kind: Kind, path: String, key: SecretKey, suite: Suite,
    epoch: UInt32, repository: RepositoryID, randomness: some Randomness
  ) -> [UInt8] {
    let size = size(payload: payload.count)
    precondition(size <= kind.sizeLimit, "the payload is longer than FORMAT.md allows")
    let plain = unsafe SecretBytes(capacity: size - headerSize - AEAD.tagSize) { plain in
      unsafe payload.withBytes { unsafe layOut($0, in: plain) }
      return plain.count
    }
    let sealing = Sealing(
      kind: kind, path: path, key: key, suite: suite, epoch: epoch, repository: repository,
      randomness: randomness)
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { output, count in
      unsafe plain.withBytes { plain in
        unsafe sealing.seal(plain, into: UnsafeMutableRawBufferPointer(output))
      }
      count = size
    }
  }

  // u64 payload length ‖ payload ‖ zeros
  private static func layOut(
    _ payload: UnsafeRawBufferPointer, in plain: UnsafeMutableRawBufferPointer
  ) {
    unsafe plain.storeBytes(of: UInt64(payload.count).littleEndian, as: UInt64.self)
    let body = unsafe UnsafeMutableRawBufferPointer(rebasing: plain[8...])
    unsafe body.copyMemory(from: payload)
    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: body[payload.count...])
    unsafe rest.initializeMemory(as: UInt8.self, repeating: 0)
  }

  /// Header and keys of one object that is being sealed.
  private struct Sealing {
    let suite: Suite
    let header: [UInt8]
    let aad: [UInt8]
    let key: SecretKey

    init(
      kind: Kind, path: String, key: SecretKey, suite: Suite, epoch: UInt32,
      repository: RepositoryID, randomness: some Randomness
    ) {
      self.suite = suite
      let salt = randomness.bytes(32)
      var header = ByteWriter(capacity: headerSize)
      header.raw(kind.magic.bytes)
      header.u16(version)
      header.u8(suite.rawValue)
      header.u8(0)
      header.u32(epoch)
      header.raw(salt)
      self.key = SealedObject.sealingKey(key, kind, salt)
      header.raw(Hash.keyed(key: self.key, label: .sealCommitment, header.bytes))
      self.header = header.bytes
      aad = SealedObject.aad(header.bytes, kind, path, repository)
    }

    func seal(_ plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
      unsafe output.copyBytes(from: header)
      unsafe aad.withUnsafeBytes { aad in
        unsafe nonce.withUnsafeBytes { nonce in
          guard let nonce = nonce.baseAddress, let output = output.baseAddress else { return }
          unsafe AEAD.seal(
            suite, key: key, nonce: nonce, aad: aad, plain: plain, into: output + headerSize)
        }
      }
    }
  }

  fileprivate static func sealingKey(
    _ key: SecretKey, _ kind: Kind, _ salt: [UInt8]
  ) -> SecretKey {
    Hash.derive(key, .sealKey, kind.magic.bytes + salt)
  }

  fileprivate static func aad(
    _ header: [UInt8], _ kind: Kind, _ path: String, _ repository: RepositoryID
  ) -> [UInt8] {
    // A segment's name depends on its bytes, so only the folder is bound.
    header + repository.bytes + Array((kind == .segment ? "index/" : path).utf8)
  }

  // MARK: Opening

  /// The payload of an object, which is opened in place: hand over the only copy of a large one.
  package static func open(
    _ stored: consuming [UInt8], as kind: Kind, path: String, key: SecretKey,
    repository: RepositoryID
  ) throws(Damage) -> [UInt8] {
    let header = try unsafe Header(stored.span.bytes, kind)
    let opening = try header.opening(stored.count, kind, path, key, repository)
    let result = unsafe stored.withUnsafeMutableBytes { stored -> Result<Int, Damage> in
      let plain = unsafe UnsafeMutableRawBufferPointer(rebasing: stored[headerSize...])
      return unsafe opening.open(UnsafeRawBufferPointer(plain), into: plain)
    }
    let length = try result.get()
    stored.removeSubrange((headerSize + 8 + length)...)
    stored.removeSubrange(..<(headerSize + 8))
    return stored
  }

  /// The same into secret memory.
  package static func open(
    secret stored: [UInt8], as kind: Kind, path: String, key: SecretKey, repository: RepositoryID
  ) throws(Damage) -> SecretBytes {
    let header = try unsafe Header(stored.span.bytes, kind)
    let opening = try header.opening(stored.count, kind, path, key, repository)
    var result = Result<Int, Damage>.failure(.notAuthentic)
    let plain = unsafe SecretBytes(capacity: stored.count - headerSize) { plain in
      unsafe stored.withUnsafeBytes { stored in
        let sealed = unsafe UnsafeRawBufferPointer(rebasing: stored[headerSize...])
        result = unsafe opening.open(sealed, into: plain)
      }
      return plain.count
    }
    let length = try result.get()
    return unsafe plain.withBytes { plain in
      unsafe SecretBytes(
        copying: UnsafeRawBufferPointer(rebasing: plain[8..<(8 + length)]).bytes)
    }
  }

  /// The number of the epoch in an object's header, before anything of it is authenticated.
  package static func epoch(of stored: RawSpan, as kind: Kind) throws(Damage) -> UInt32 {
    try Header(stored, kind).epoch
  }

  /// What the first bytes of an object say behind its magic.
  private struct SealFields {
    let suite: UInt8
    let epoch: UInt32
    let salt: [UInt8]

    init(_ reader: inout ByteReader) throws(Damage) {
      let version = try reader.u16()
      guard version == SealedObject.version else { throw .badVersion(UInt64(version)) }
      suite = try reader.u8()
      try reader.zeros(1)
      epoch = try reader.u32()
      salt = try Array(copying: reader.raw(32))
    }

    /// Of the first bytes alone, whatever their magic.
    init?(_ seal: [UInt8]) {
      var reader = unsafe ByteReader(seal.span.bytes)
      do throws(Damage) {
        _ = try reader.raw(8)
        self = try Self(&reader)
      } catch { return nil }
    }
  }

  /// A header whose fixed parts were checked.
  private struct Header {
    let suite: Suite
    let epoch: UInt32
    let salt: [UInt8]
    let commitment: [UInt8]
    let bytes: [UInt8]

    init(_ stored: RawSpan, _ kind: Kind) throws(Damage) {
      guard stored.byteCount >= 8 else { throw .badLength }
      var reader = ByteReader(stored)
      guard try Array(copying: reader.raw(8)) == kind.magic.bytes else { throw .badMagic }
      let size = stored.byteCount
      guard size >= minimumSize, size <= kind.sizeLimit, padme(size) == size else {
        throw .badLength
      }
      let fields = try SealFields(&reader)
      epoch = fields.epoch
      salt = fields.salt
      commitment = try Array(copying: reader.raw(32))
      guard let suite = Suite(rawValue: fields.suite) else {
        throw .malformed("suite \(fields.suite)")
      }
      self.suite = suite
      bytes = Array(copying: stored.extracting(0..<headerSize))
    }

    /// The keys, once the commitment says that they are the right ones.
    func opening(
      _ size: Int, _ kind: Kind, _ path: String, _ key: SecretKey, _ repository: RepositoryID
    ) throws(Damage) -> Opening {
      let key = sealingKey(key, kind, salt)
      let expected = Hash.keyed(key: key, label: .sealCommitment, Array(bytes[..<48]))
      guard unsafe Hash.isEqual(expected.span.bytes, commitment.span.bytes) else {
        throw .badCommitment
      }
      guard suite.isAvailable else { throw .malformed("sealed with a cipher that is not here") }
      return Opening(
        suite: suite, key: key, aad: aad(bytes, kind, path, repository), size: size)
    }
  }

  /// Keys of one object that is being opened.
  private struct Opening {
    let suite: Suite
    let key: SecretKey
    let aad: [UInt8]
    let size: Int

    /// Opens into memory of at least the sealed size; the result is the payload's length.
    func open(
      _ sealed: UnsafeRawBufferPointer, into plain: UnsafeMutableRawBufferPointer
    ) -> Result<Int, Damage> {
      guard let base = plain.baseAddress else { return .failure(.badLength) }
      let isAuthentic = unsafe aad.withUnsafeBytes { aad in
        unsafe nonce.withUnsafeBytes { nonce in
          guard let nonce = nonce.baseAddress else { return false }
          return unsafe AEAD.open(
            suite, key: key, nonce: nonce, aad: aad, sealed: sealed, into: base)
        }
      }
      guard isAuthentic else { return .failure(.notAuthentic) }
      let room = sealed.count - AEAD.tagSize - 8
      let length = unsafe UInt64(littleEndian: base.load(as: UInt64.self))
      guard length <= UInt64(room), SealedObject.size(payload: Int(length)) == size else {
        return .failure(.badLength)
      }
      let padding = unsafe (base + 8 + Int(length)).assumingMemoryBound(to: UInt8.self)
      guard unsafe sodium_is_zero(padding, room - Int(length)) == 1 else {
        return .failure(.badPadding)
      }
      return .success(Int(length))
    }
  }
}

extension SealedObject {
  /// Seals a segment or journal entry under the keyring's current epoch.
  package static func seal(
    _ payload: [UInt8], as kind: Kind, path: String, keyring: KeyRing, repository: RepositoryID,
    randomness: some Randomness
  ) -> [UInt8] {
    let epoch = keyring.currentEpoch
    return seal(
      payload, as: kind, path: path, key: epoch.key(for: kind), suite: epoch.suite,
      epoch: epoch.number, repository: repository, randomness: randomness)
  }

  /// How many bytes at the beginning of an object are not given by its payload and the keys.
  package static let sealSize = 48

  /// The cipher that the first bytes of an object name.
  static func suite(of seal: [UInt8]) -> Suite? {
    SealFields(seal).flatMap { Suite(rawValue: $0.suite) }
  }

  /// Seals a payload as it was sealed before, given the first bytes of that object.
  ///
  /// All others come out the same. Nil if they are no such bytes.
  package static func seal(
    _ payload: [UInt8], as kind: Kind, path: String, again seal: [UInt8], keyring: KeyRing,
    repository: RepositoryID
  ) -> [UInt8]? {
    guard seal.count == sealSize, size(payload: payload.count) <= kind.sizeLimit,
      let fields = SealFields(seal), let suite = Suite(rawValue: fields.suite), suite.isAvailable,
      let epoch = keyring.epoch(fields.epoch)
    else { return nil }
    let stored = self.seal(
      payload, as: kind, path: path, key: epoch.key(for: kind), suite: suite, epoch: fields.epoch,
      repository: repository, randomness: GivenSalt(salt: fields.salt))
    return stored.starts(with: seal) ? stored : nil
  }

  private struct GivenSalt: Randomness {
    let salt: [UInt8]

    func fill(_ buffer: UnsafeMutableRawBufferPointer) { unsafe buffer.copyBytes(from: salt) }
  }

  /// Opens a segment or journal entry with the key of the epoch that it names.
  package static func open(
    _ stored: consuming [UInt8], as kind: Kind, path: String, keyring: KeyRing,
    repository: RepositoryID
  ) throws(Damage) -> [UInt8] {
    let number = try unsafe epoch(of: stored.span.bytes, as: kind)
    guard let epoch = keyring.epoch(number) else {
      throw .malformed("epoch \(number) is not in the keyring")
    }
    return try open(
      stored, as: kind, path: path, key: epoch.key(for: kind), repository: repository)
  }
}

extension EpochKeys {
  fileprivate func key(for kind: SealedObject.Kind) -> SecretKey {
    precondition(kind != .keyring, "the keyring is sealed under the root key")
    return kind == .segment ? indexKey : journalKey
  }
}

extension StaticString {
  /// The characters as bytes.
  var bytes: [UInt8] {
    unsafe Array(UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
  }
}
