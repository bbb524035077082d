import Testing

@testable import Vault

@Suite struct NoteTests {
  private let repository = RepositoryID(bytes: Array(0..<16))
  private let ring = KeyRingTests.keyring()

  private func run(_ seed: UInt64 = 20, _ ring: KeyRing? = nil) -> RunKeys {
    RunKeys.fresh(
      for: (ring ?? self.ring).currentEpoch, repository: repository,
      randomness: SeededRandomness(seed))
  }

  private func open(
    _ note: [UInt8], entryType: UInt8 = 1, ring: KeyRing? = nil, repository: RepositoryID? = nil
  ) throws -> [UInt8] {
    try Note.open(
      note, for: entryType,
      runs: RunKeyring(keyring: ring ?? self.ring, repository: repository ?? self.repository))
  }

  @Test func readersAgreeOnTheRunKey() throws {
    let writer = run()
    let reader = try RunKeys.opening(
      publicKey: writer.publicKey, epoch: ring.currentEpoch, suite: writer.suite, kem: 1,
      repository: repository)
    #expect(reader.runKey.isEqual(to: writer.runKey))
    #expect(!run(21).runKey.isEqual(to: writer.runKey))
    #expect(run(21).publicKey != writer.publicKey)
  }

  @Test func runKeysThatCannotBeMade() {
    let epoch = ring.currentEpoch
    func error(_ epoch: EpochKeys, _ key: PublicKey, kem: UInt8 = 1) -> String {
      errorThrown {
        _ = try RunKeys.opening(
          publicKey: key, epoch: epoch, suite: .xchacha20Poly1305, kem: kem, repository: repository)
      }
    }
    let writeOnly = EpochKeys(
      number: 0, suite: epoch.suite, indexKey: epoch.indexKey, journalKey: epoch.journalKey,
      readerSecret: nil, readerPublic: epoch.readerPublic, psk: epoch.psk)
    #expect(error(epoch, .zero) == "malformed")
    #expect(error(epoch, run().publicKey, kem: 2) == "newer")
    #expect(error(writeOnly, run().publicKey) == "notSupported")
  }

  @Test(arguments: [0, 1, 5000])
  func opensWhatItSealed(size: Int) throws {
    let record = SeededRandomness(22).bytes(size)
    let note = Note.seal(record, for: 1, run: run(), randomness: SeededRandomness(23))
    #expect(note.count == 104 + size + 16)
    #expect(try open(note) == record)
    #expect(errorThrown { _ = try open(note, entryType: 4) } == "notAuthentic")
    #expect(
      errorThrown { _ = try open(note, repository: RepositoryID(bytes: Array(1..<17))) }
        == "badCommitment")
    #expect(errorThrown { _ = try open(note, ring: KeyRingTests.keyring(2)) } == "badCommitment")
    for end in [0, 103, 104, 119] {
      #expect(errorThrown { _ = try open(Array(note[..<end])) } == "badLength")
    }
    #expect(errorThrown { _ = try open(note + [0]) } == "notAuthentic")
  }

  @Test(.enabled(if: Vault::Suite.aes256GCM.isAvailable)) func opensUnderSuite2() throws {
    let ring = KeyRingTests.keyring(suite: .aes256GCM)
    let note = Note.seal([1, 2], for: 9, run: run(20, ring), randomness: SeededRandomness(23))
    #expect(try open(note, entryType: 9, ring: ring) == [1, 2])
  }

  @Test func vectors() throws {
    let writer = run()
    let record = Array("what only readers read".utf8)
    let note = Note.seal(record, for: 1, run: writer, randomness: SeededRandomness(24))
    var file = VectorFile()
    file.add("repository", repository.bytes)
    file.add("reader secret key", try #require(ring.currentEpoch.readerSecret))
    file.add("reader public key", ring.currentEpoch.readerPublic.bytes)
    file.add("pre-shared key", ring.currentEpoch.psk)
    file.add("run public key", writer.publicKey.bytes)
    file.add("run key", writer.runKey)
    file.add("entry type", 1)
    file.add("record", record)
    file.add("note", note)
    try file.compare(with: "note")

    let mutations = [
      Mutation.set("epoch", 0, [1, 0, 0, 0], "malformed"),
      .set("suite", 4, [2], "badCommitment"),
      .set("unknown suite", 4, [3], "malformed"),
      .set("KEM", 5, [2], "newer"),
      .set("zero", 6, [0, 1], "badPadding"),
      .flip("run public key", 8, of: note, "badCommitment"),
      .set("weak run public key", 8, [UInt8](repeating: 0, count: 32), "malformed"),
      .flip("salt", 40, of: note, "badCommitment"),
      .flip("commitment", 72, of: note, "badCommitment"),
      .flip("ciphertext", 104, of: note, "notAuthentic"),
      .flip("tag", note.count - 1, of: note, "notAuthentic"),
    ]
    try VectorFile(mutations: mutations, of: "note of note.txt").compare(with: "note-mutations")
    for mutation in mutations {
      let error = errorThrown { _ = try open(mutation.apply(to: note)) }
      #expect(error == mutation.error, "\(mutation.name)")
    }
  }
}
