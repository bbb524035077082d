import Testing

@testable import Vault

@Suite struct FormatObjectTests {
  private let owner = KeyRingTests.keyring().owner
  private let repository = RepositoryID(bytes: Array(0..<16))

  private func format(
    _ features: FeatureSets = FeatureSets(), packSize: Int = 16 << 20
  ) throws -> FormatObject {
    try FormatObject(
      packSize: packSize, repository: repository, features: features, owner: owner.publicKey)
  }

  @Test func decodesWhatItEncodes() throws {
    for size in [4 << 20, 16 << 20, 128 << 20] {
      let format = try format(FeatureSets(for: .aes256GCM), packSize: size)
      let bytes = format.signed(by: owner)
      #expect(bytes.count == 192)
      #expect(try FormatObject.decode(bytes) == format)
    }
    for size in [0, 2 << 20, 5 << 20, 256 << 20] {
      #expect(throws: VaultError.self) { try format(packSize: size) }
    }
  }

  @Test func unknownFeaturesAreRefusedAsTheirSetSays() throws {
    var features = FeatureSets()
    features.incompatible = 2
    let bytes = try format(features).signed(by: owner)
    #expect(errorThrown { _ = try FormatObject.decode(bytes) } == "newer")

    features = FeatureSets()
    features.compatible = .max
    var read = try FormatObject.decode(format(features).signed(by: owner)).features
    try read.requireWritable()
    try read.requirePrunable()

    features.pruneOnly = 1
    read = try FormatObject.decode(format(features).signed(by: owner)).features
    try read.requireWritable()
    #expect(throws: VaultError.self) { try read.requirePrunable() }

    features.readOnly = 1 << 63
    read = try FormatObject.decode(format(features).signed(by: owner)).features
    #expect(throws: VaultError.self) { try read.requireWritable() }
  }

  @Test func vectors() throws {
    let bytes = try format().signed(by: owner)
    var file = VectorFile()
    file.add("repository", repository.bytes)
    file.add("owner seed", owner.seed)
    file.add("owner public key", owner.publicKey.bytes)
    file.add("pack size", 16 << 20)
    file.add("format", bytes)
    file.add("format with suite 2", try format(FeatureSets(for: .aes256GCM)).signed(by: owner))
    try file.compare(with: "format")

    let mutations = [
      Mutation.flip("magic", 7, of: bytes, "badMagic"),
      .set("version", 8, [2, 0], "newer"),
      .set("length", 10, [193, 0], "badLength"),
      .set("pack size", 12, [0, 0, 0, 2], "badSignature"),
      .flip("repository ID", 16, of: bytes, "badSignature"),
      .set("incompat", 32, [1], "badSignature"),
      .set("unknown incompat", 32, [2], "badSignature"),
      .set("ro_compat", 40, [1], "badSignature"),
      .set("prune_compat", 48, [1], "badSignature"),
      .set("compat", 56, [1], "badSignature"),
      .flip("owner's public key", 64, of: bytes, "badSignature"),
      .set("zero", 127, [1], "badSignature"),
      .flip("signature", 128, of: bytes, "badSignature"),
      .flip("signature's end", 191, of: bytes, "badSignature"),
    ]
    try VectorFile(mutations: mutations, of: "format of format.txt")
      .compare(with: "format-mutations")
    for mutation in mutations {
      let error = errorThrown { _ = try FormatObject.decode(mutation.apply(to: bytes)) }
      #expect(error == mutation.error, "\(mutation.name)")
    }
    for size in [0, 11, 127, 191] {
      #expect(errorThrown { _ = try FormatObject.decode(Array(bytes[..<size])) } == "badLength")
    }
    #expect(errorThrown { _ = try FormatObject.decode(bytes + [0]) } == "badLength")
  }

  @Test func signedNonsenseIsRefused() throws {
    // What only the owner could make: a signature over values that the format forbids.
    let bytes = try format().signed(by: owner)
    func signed(_ offset: Int, _ replacement: [UInt8]) -> [UInt8] {
      let changed = Mutation.set("", offset, replacement, "").apply(to: bytes)[..<128]
      return changed + owner.sign(Array("igudar format v1".utf8) + changed)
    }
    let packSize = signed(12, [1, 0, 0, 0])
    #expect(errorThrown { _ = try FormatObject.decode(packSize) } == "malformed")
    let zero = signed(100, [1])
    #expect(errorThrown { _ = try FormatObject.decode(zero) } == "badPadding")
  }
}
