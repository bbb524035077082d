import Testing

@testable import Vault

@Suite struct SealedObjectTests {
  private let repository = RepositoryID(bytes: Array(0..<16))
  private let ring = KeyRingTests.keyring()
  private let path = "journal/0000000000000007"

  private func seal(
    _ payload: [UInt8], _ kind: SealedObject.Kind = .journalEntry,
    _ suite: Vault::Suite = .xchacha20Poly1305, seed: UInt64 = 3
  ) -> [UInt8] {
    SealedObject.seal(
      payload, as: kind, path: path, key: ring.currentEpoch.journalKey, suite: suite, epoch: 0,
      repository: repository, randomness: SeededRandomness(seed))
  }

  private func open(_ stored: [UInt8], _ kind: SealedObject.Kind = .journalEntry) throws -> [UInt8]
  {
    try SealedObject.open(
      stored, as: kind, path: path, key: ring.currentEpoch.journalKey, repository: repository)
  }

  @Test(arguments: Vault::Suite.allCases.filter(\.isAvailable), [0, 1, 3992, 3993, 100_000])
  func opensWhatItSealed(suite: Vault::Suite, size: Int) throws {
    let payload = SeededRandomness(4).bytes(size)
    for kind in SealedObject.Kind.allCases {
      let stored = seal(payload, kind, suite)
      #expect(stored.count == SealedObject.size(payload: size))
      #expect(stored.count == max(4096, padme(104 + size)))
      #expect(try open(stored, kind) == payload)
      let secret = SealedObject.seal(
        secret: SecretBytes(payload), as: kind, path: path, key: ring.currentEpoch.journalKey,
        suite: suite, epoch: 0, repository: repository, randomness: SeededRandomness(3))
      #expect(secret == stored)
      let opened = try SealedObject.open(
        secret: stored, as: kind, path: path, key: ring.currentEpoch.journalKey,
        repository: repository)
      #expect(opened.revealed == payload)
    }
  }

  @Test func aStoreSeesNoDifferenceOfNearSizes() {
    #expect(seal([]).count == seal([UInt8](repeating: 1, count: 3000)).count)
  }

  @Test func opensOnlyInItsPlace() throws {
    let stored = seal([1, 2, 3])
    let key = ring.currentEpoch.journalKey
    func error(
      _ kind: SealedObject.Kind = .journalEntry, path: String? = nil, key other: SecretKey? = nil,
      repository other2: RepositoryID? = nil
    ) -> String {
      errorThrown {
        _ = try SealedObject.open(
          stored, as: kind, path: path ?? self.path, key: other ?? key,
          repository: other2 ?? repository)
      }
    }
    #expect(error() == "none")
    #expect(error(.segment) == "badMagic")
    #expect(error(path: "journal/0000000000000008") == "notAuthentic")
    #expect(error(key: ring.currentEpoch.indexKey) == "badCommitment")
    #expect(error(repository: RepositoryID(bytes: Array(1..<17))) == "notAuthentic")
  }

  @Test func segmentsAreBoundToTheirFolderOnly() throws {
    let stored = SealedObject.seal(
      [5], as: .segment, path: "index/", keyring: ring, repository: repository,
      randomness: SeededRandomness(5))
    let opened = try SealedObject.open(
      stored, as: .segment, path: "index/abc", keyring: ring, repository: repository)
    #expect(opened == [5])
    #expect(throws: Damage.badMagic) {
      try SealedObject.open(
        stored, as: .journalEntry, path: "index/", keyring: ring, repository: repository)
    }
  }

  @Test func dishonestPaddingIsRefused() throws {
    // What an owner of the key could write, but never does.
    let key = ring.currentEpoch.journalKey
    func forge(size: Int, length: UInt64, lastByte: UInt8 = 0) -> String {
      let good = seal([UInt8](repeating: 1, count: size - 104))
      let header = Array(good[..<80])
      var plain = ByteWriter()
      plain.u64(length)
      plain.zeros(size - 104)
      if lastByte != 0 { plain.bytes[plain.bytes.count - 1] = lastByte }
      let sealing = Hash.derive(key, .sealKey, Array("igudarJR".utf8) + header[16..<48])
      let sealed = AEAD.seal(
        .xchacha20Poly1305, key: sealing, nonce: [UInt8](repeating: 0, count: 24),
        aad: header + repository.bytes + Array(path.utf8), plain: plain.bytes)
      return errorThrown { _ = try open(header + sealed) }
    }
    #expect(forge(size: 4096, length: 5) == "none")
    #expect(forge(size: 4096, length: 5, lastByte: 1) == "badPadding")
    #expect(forge(size: 4096, length: 3993) == "badLength")
    #expect(forge(size: 4096, length: .max) == "badLength")
    #expect(forge(size: 8192, length: 5) == "badLength")
  }

  @Test(arguments: [0, 1, 7, 8, 79, 80, 104, 4095])
  func truncatedObjectsAreRefused(size: Int) {
    let stored = seal([1, 2, 3])
    #expect(errorThrown { _ = try open(Array(stored[..<size])) } == "badLength")
    #expect(errorThrown { _ = try open(stored + [0]) } == "badLength")
  }

  @Test func vectors() throws {
    var file = VectorFile()
    file.add("repository", repository.bytes)
    file.add("epoch", 0)
    file.add("index key", ring.currentEpoch.indexKey)
    file.add("journal key", ring.currentEpoch.journalKey)
    let payload = Array("a payload that is short".utf8)
    file.add("payload", payload)
    file.add("segment path", text: "index/")
    file.add(
      "segment",
      SealedObject.seal(
        payload, as: .segment, path: "index/", keyring: ring, repository: repository,
        randomness: SeededRandomness(6)))
    file.add("journal path", text: path)
    let stored = seal(payload)
    file.add("journal", stored)
    if Vault::Suite.aes256GCM.isAvailable {
      file.add("journal under suite 2", seal(payload, .journalEntry, .aes256GCM))
      try file.compare(with: "sealed-object")
    }

    let mutations = [
      Mutation.flip("magic", 7, of: stored, "badMagic"),
      .set("kind", 0, Array("igudarIX".utf8), "badMagic"),
      .set("version", 8, [2, 0], "badVersion"),
      .set("suite", 10, [2], "badCommitment"),
      .set("unknown suite", 10, [3], "malformed"),
      .set("zero", 11, [1], "badPadding"),
      .set("epoch", 12, [1, 0, 0, 0], "badCommitment"),
      .flip("salt", 16, of: stored, "badCommitment"),
      .flip("commitment", 48, of: stored, "badCommitment"),
      .flip("ciphertext", 80, of: stored, "notAuthentic"),
      .flip("padding", 4000, of: stored, "notAuthentic"),
      .flip("tag", 4095, of: stored, "notAuthentic"),
    ]
    try VectorFile(mutations: mutations, of: "journal of sealed-object.txt")
      .compare(with: "sealed-object-mutations")
    for mutation in mutations {
      let error = errorThrown { _ = try open(mutation.apply(to: stored)) }
      #expect(error == mutation.error, "\(mutation.name)")
    }
  }
}
