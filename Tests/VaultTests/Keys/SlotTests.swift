import Platform
import Testing

@testable import Vault

/// Costs that a test can pay.
let testCost = Argon2Cost(memory: 8, passes: 1)

@Suite struct SlotTests {
  private let repository = RepositoryID(bytes: Array(0..<16))
  private let owner = KeyRingTests.keyring().ownerPublicKey
  private let root = SecretKey.random(SeededRandomness(30))
  private let information = SlotInformation(
    label: Array("laptop".utf8), host: Array("argan".utf8), user: Array("tafsut".utf8),
    created: Timestamp(seconds: 1_700_000_000, nanoseconds: 5))

  private func slot(
    _ secret: Secret, suite: Vault::Suite = .xchacha20Poly1305, cost: Argon2Cost = testCost
  ) throws -> Slot {
    try Slot.make(
      for: root, secret: secret, cost: cost, suite: suite, repository: repository, owner: owner,
      information: information, randomness: SeededRandomness(31))
  }

  private func open(
    _ slot: Slot, _ secret: Secret, limits: Argon2Cost.Limits = .format
  ) throws -> SecretKey? {
    try slot.open(with: secret, repository: repository, limits: limits)
  }

  private func keyFile(_ first: UInt8) -> Secret {
    unsafe .keyFile(SecretKey(copying: Array(first..<(first + 32)).span.bytes))
  }

  @Test(arguments: Vault::Suite.allCases.filter(\.isAvailable))
  func opensWithItsSecretOnly(suite: Vault::Suite) throws {
    let passphrase = try slot(.passphrase(SecretBytes("agadir")), suite: suite)
    let file = try slot(keyFile(1), suite: suite)
    #expect(passphrase.bytes.count == 512 && file.bytes.count == 512)
    #expect(try open(passphrase, .passphrase(SecretBytes("agadir")))?.isEqual(to: root) == true)
    #expect(try open(file, keyFile(1))?.isEqual(to: root) == true)
    for wrong in ["Agadir", "agadir\n", "", "agadir\0"] {
      #expect(try open(passphrase, .passphrase(SecretBytes(wrong))) == nil)
    }
    #expect(try open(passphrase, keyFile(1)) == nil)
    #expect(try open(file, keyFile(2)) == nil)
    #expect(try open(file, .passphrase(SecretBytes("agadir"))) == nil)
    let elsewhere = RepositoryID(bytes: Array(1..<17))
    #expect(throws: VaultError.self) {
      try file.open(with: keyFile(1), repository: elsewhere, limits: .format)
    }
  }

  @Test func anEmptyPassphraseIsOne() throws {
    let slot = try slot(.passphrase(SecretBytes("")))
    #expect(try open(slot, .passphrase(SecretBytes("")))?.isEqual(to: root) == true)
    #expect(try open(slot, .passphrase(SecretBytes(" "))) == nil)
  }

  @Test func hostileCostsAreNotPaid() throws {
    let honest = try slot(.passphrase(SecretBytes("agadir")))
    let costs: [(UInt32, UInt32)] = [
      (7, 1), (0, 1), (4 << 20 + 1, 1), (.max, 1), (8, 0), (8, 33), (8, .max),
    ]
    for (memory, passes) in costs {
      var writer = ByteWriter()
      writer.u32(memory)
      writer.u32(passes)
      var bytes = honest.bytes
      bytes.replaceSubrange(32..<40, with: writer.bytes)
      let hostile = try Slot(parsing: bytes, id: honest.id)
      let error = errorThrown { _ = try open(hostile, .passphrase(SecretBytes("agadir"))) }
      #expect(error == "limit", "\(memory) KiB, \(passes) passes")
    }
    let error = errorThrown {
      _ = try open(honest, .passphrase(SecretBytes("agadir")), limits: .standard)
    }
    #expect(error == "limit", "8 KiB is less than a program accepts")
    #expect(throws: VaultError.self) {
      try slot(keyFileFree, cost: Argon2Cost(memory: 1, passes: 1))
    }
  }

  private var keyFileFree: Secret { .passphrase(SecretBytes("x")) }

  @Test func tellsWhoMadeIt() throws {
    let slot = try slot(keyFile(1))
    #expect(try slot.information(rootKey: root, repository: repository) == information)
    #expect(throws: Damage.notAuthentic) {
      try slot.information(rootKey: SecretKey.random(SeededRandomness(1)), repository: repository)
    }
    let long = SlotInformation(
      label: [UInt8](repeating: 0x61, count: 1000), host: [UInt8](repeating: 0x62, count: 61),
      user: [], created: Timestamp(seconds: .min, nanoseconds: 999_999_999))
    let read = try SlotInformation.decode(long.encoded())
    #expect(read.label.count == 60 && read.host.count == 60 && read.user.isEmpty)
    #expect(read.created == long.created)
    #expect(long.encoded().count == 280)
  }

  /// The record inside, which nothing but the root key protects, obeys the rules of records.
  @Test func informationOfAnotherFormIsRefused() {
    func error(_ record: [UInt8], last: UInt8 = 0) -> String {
      let zeros = [UInt8](repeating: 0, count: SlotInformation.size - 3 - record.count)
      return errorThrown {
        _ = try SlotInformation.decode([UInt8(record.count), 0] + record + zeros + [last])
      }
    }
    #expect(error([2, 1, 0x61, 8, 2, 2, 0]) == "none")
    #expect(error([3, 1, 0x61]) == "malformed", "a label marked critical")
    #expect(error([2, 0]) == "malformed", "an empty label")
    #expect(error([2, 1, 0x61, 2, 1, 0x61]) == "malformed", "a label twice")
    #expect(error([0, 1, 0x61]) == "malformed", "a field 0")
    #expect(error([8, 3, 2, 0, 0]) == "malformed", "a time and more")
    #expect(error([11, 1, 1]) == "unknownCritical")
    #expect(error([2, 1, 0x61], last: 1) == "badPadding")
  }

  @Test(arguments: [
    (32, true), (64, false), (31, false), (33, false), (0, false), (65, false),
  ])
  func keyFilesAre32Bytes(size: Int, isKey: Bool) {
    let contents = SecretBytes([UInt8](repeating: 0xff, count: size))
    #expect((Secret(keyFile: contents) != nil) == isKey)
  }

  @Test func keyFilesCanBeHex() throws {
    let digits = hexString(Array(1..<33))
    for text in [digits, digits + "\n", digits + "\r\n", digits.uppercased()] {
      let secret = try #require(Secret(keyFile: SecretBytes(text)), "\(text)")
      let slot = try slot(keyFile(1))
      #expect(try open(slot, secret)?.isEqual(to: root) == true)
    }
    for text in [digits + "\n\n", digits.dropLast() + "g", digits.dropLast() + "\n", digits + "00"]
    {
      #expect(Secret(keyFile: SecretBytes(text)) == nil)
    }
  }

  @Test func vectors() throws {
    let passphrase = try slot(
      .passphrase(SecretBytes("agadir")), cost: Argon2Cost(memory: 64, passes: 3))
    let file = try slot(keyFile(1))
    var vectors = VectorFile()
    vectors.add("repository", repository.bytes)
    vectors.add("root key", root)
    vectors.add("owner public key", owner.bytes)
    vectors.add("passphrase", Array("agadir".utf8))
    vectors.add("label", information.label)
    vectors.add("host", information.host)
    vectors.add("user", information.user)
    vectors.add("created seconds", 1_700_000_000)
    vectors.add("created nanoseconds", 5)
    vectors.add("passphrase memory", 64)
    vectors.add("passphrase passes", 3)
    let pwk = try passphrase.cost.key(
      from: SecretBytes("agadir"), salt: Array(passphrase.bytes[40..<56]))
    vectors.add("passphrase PWK", pwk)
    vectors.add("passphrase slot", passphrase.bytes)
    vectors.add("key file", Array(1..<33))
    vectors.add("key file slot", file.bytes)
    try vectors.compare(with: "slot")

    let mutations = mutations(of: passphrase.bytes)
    try VectorFile(mutations: mutations, of: "passphrase slot of slot.txt")
      .compare(with: "slot-mutations")
    for mutation in mutations {
      let error = errorThrown { try use(mutation.apply(to: passphrase.bytes), passphrase.id) }
      #expect(error == mutation.error, "\(mutation.name)")
    }
    for size in [0, 511, 513] {
      let bytes = Array((passphrase.bytes + [0])[..<size])
      #expect(errorThrown { try use(bytes, passphrase.id) } == "badLength")
    }
    let other = SlotID(bytes: Array(0..<16))
    #expect(errorThrown { try use(passphrase.bytes, other) } == "malformed")
  }

  private func mutations(of bytes: [UInt8]) -> [Mutation] {
    [
      .flip("magic", 7, of: bytes, "badMagic"),
      .set("version", 8, [2, 0], "badVersion"),
      .set("type", 10, [2], "malformed"),
      .set("unknown type", 10, [3], "malformed"),
      .set("suite", 11, [2], "wrongKey"),
      .set("unknown suite", 11, [3], "malformed"),
      .set("role", 12, [2], "malformed"),
      .set("key derivation", 13, [2], "malformed"),
      .set("zero", 14, [0, 1], "badPadding"),
      .flip("slot ID", 16, of: bytes, "malformed"),
      .set("memory", 32, [65], "wrongKey"),
      .set("memory out of bounds", 32, [7], "limit"),
      .set("passes", 36, [2], "wrongKey"),
      .set("passes out of bounds", 36, [33], "limit"),
      .flip("salt", 40, of: bytes, "wrongKey"),
      .flip("nonce", 56, of: bytes, "wrongKey"),
      .flip("owner's public key", 80, of: bytes, "wrongKey"),
      .flip("commitment", 112, of: bytes, "wrongKey"),
      .flip("root key", 144, of: bytes, "notAuthentic"),
      .flip("tag of the root key", 191, of: bytes, "notAuthentic"),
      .flip("information nonce", 192, of: bytes, "notAuthentic"),
      .flip("information", 216, of: bytes, "notAuthentic"),
      .flip("tag of the information", 511, of: bytes, "notAuthentic"),
    ]
  }

  /// What a reader does with a slot, its information included.
  private func use(_ bytes: [UInt8], _ id: SlotID) throws {
    let slot = try Slot(parsing: bytes, id: id)
    guard let root = try open(slot, .passphrase(SecretBytes("agadir"))) else {
      throw VaultError.wrongKey
    }
    _ = try slot.information(rootKey: root, repository: repository)
  }
}
