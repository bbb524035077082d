import Testing

@testable import Vault

@Suite struct KeyRingTests {
  static func keyring(
    _ seed: UInt64 = 1, suite: Vault::Suite = .xchacha20Poly1305,
    chunker: ChunkerParameters = .standard
  ) -> KeyRing {
    KeyRing(generating: suite, chunker: chunker, randomness: SeededRandomness(seed))
  }

  @Test func decodesWhatItEncodes() throws {
    let sizes = try #require(ChunkerParameters(minimum: 100, target: 4096, maximum: 10_000))
    let ring = Self.keyring(suite: .aes256GCM, chunker: sizes)
    let bytes = ring.encoded()
    let again = try KeyRing.decode(bytes)
    #expect(again.encoded().isEqual(to: bytes))
    #expect(again.ownerPublicKey == ring.ownerPublicKey)
    #expect(again.currentEpoch.suite == .aes256GCM)
    #expect(again.currentEpoch.readerPublic == ring.currentEpoch.readerPublic)
    #expect(again.currentEpoch.indexKey.isEqual(to: ring.currentEpoch.indexKey))
    #expect(again.currentDomain.chunker == sizes)
    #expect(again.currentDomain.treeCutKey.isEqual(to: ring.currentDomain.treeCutKey))
    #expect(again.epoch(0) != nil && again.epoch(1) == nil && again.domain(1) == nil)
  }

  @Test func everyKeyIsAnother() {
    let ring = Self.keyring()
    let (epoch, domain) = (ring.currentEpoch, ring.currentDomain)
    let keys = [
      ring.owner.seed, epoch.indexKey, epoch.journalKey, epoch.psk, domain.chunkIDKey,
      domain.chunkerKey, domain.treeCutKey,
    ]
    #expect(Set(keys.map(\.revealed)).count == keys.count)
  }

  @Test func damageIsRefusedOrChangesAKey() throws {
    let bytes = Self.keyring().encoded().revealed
    for end in 0..<bytes.count {
      #expect(throws: Damage.self, "cut at \(end)") {
        try KeyRing.decode(SecretBytes(Array(bytes[..<end])))
      }
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 0x80
      guard let ring = try? KeyRing.decode(SecretBytes(changed)) else { continue }
      #expect(ring.encoded().revealed == changed, "byte \(index) was ignored")
    }
  }

  @Test func readersKeysMustBelongTogether() {
    let epoch = Self.keyring().currentEpoch
    let foreign = EpochKeys(
      number: 0, suite: .xchacha20Poly1305, indexKey: epoch.indexKey,
      journalKey: epoch.journalKey, readerSecret: epoch.psk, readerPublic: epoch.readerPublic,
      psk: epoch.psk)
    #expect(throws: Damage.self) { try decode(foreign) }
    let weak = EpochKeys(
      number: 0, suite: .xchacha20Poly1305, indexKey: epoch.indexKey,
      journalKey: epoch.journalKey, readerSecret: nil, readerPublic: .zero, psk: epoch.psk)
    #expect(throws: Damage.self) { try decode(weak) }
  }

  private func decode(_ epoch: EpochKeys) throws -> EpochKeys {
    let bytes = epoch.encoded().revealed
    return try unsafe EpochKeys.decode(bytes.span.bytes)
  }

  @Test func vectors() throws {
    let ring = Self.keyring(9)
    let root = SecretKey.random(SeededRandomness(10))
    let repository = RepositoryID(bytes: Array(0..<16))
    var file = VectorFile()
    file.add("repository", repository.bytes)
    file.add("root key", root)
    file.add("owner seed", ring.owner.seed)
    file.add("owner public key", ring.ownerPublicKey.bytes)
    file.add("index key", ring.currentEpoch.indexKey)
    file.add("journal key", ring.currentEpoch.journalKey)
    file.add("reader secret key", try #require(ring.currentEpoch.readerSecret))
    file.add("reader public key", ring.currentEpoch.readerPublic.bytes)
    file.add("pre-shared key", ring.currentEpoch.psk)
    file.add("chunk-ID key", ring.currentDomain.chunkIDKey)
    file.add("chunker key", ring.currentDomain.chunkerKey)
    file.add("tree-cut key", ring.currentDomain.treeCutKey)
    file.add("payload", ring.encoded().revealed)
    let path = "keyring/0000000000000000"
    file.add("path", text: path)
    let stored = SealedObject.seal(
      secret: ring.encoded(), as: .keyring, path: path, key: root, suite: .xchacha20Poly1305,
      epoch: 0, repository: repository, randomness: SeededRandomness(11))
    file.add("object", stored)
    try file.compare(with: "keyring")

    let committed = try VectorFile(reading: "keyring")
    let payload = try SealedObject.open(
      secret: committed.bytes("object"), as: .keyring, path: committed.value("path"),
      key: committed.key("root key"), repository: RepositoryID(bytes: committed.bytes("repository"))
    )
    #expect(payload.revealed == (try committed.bytes("payload")))
    #expect(
      try KeyRing.decode(payload).currentDomain.chunkerKey.revealed
        == committed.bytes("chunker key"))
  }
}
