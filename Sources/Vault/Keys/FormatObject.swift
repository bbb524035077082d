// The object `format` of FORMAT.md section 5: what a repository is, in clear, signed by its owner.
// A decoded value has a valid signature, a known version and no unknown incompatible feature.

/// Feature bits; what a program must do about unknown ones differs from set to set.
package struct FeatureSets: Hashable, Sendable {
  /// Unknown ones: do nothing with the repository.
  package var incompatible: UInt64 = 0
  /// Unknown ones: do not write.
  package var readOnly: UInt64 = 0
  /// Unknown ones: do not delete.
  package var pruneOnly: UInt64 = 0
  /// Unknown ones do not matter.
  package var compatible: UInt64 = 0

  /// Suite 2 is used.
  package static let suite2: UInt64 = 1
  private static let knownIncompatible = suite2

  package init() {}

  package init(for suite: Suite) {
    incompatible = suite == .aes256GCM ? Self.suite2 : 0
  }

  func requireReadable() throws(VaultError) {
    try Self.require(incompatible & ~Self.knownIncompatible, "reading")
  }

  /// Throws `.newer` where this program must not write.
  package func requireWritable() throws(VaultError) {
    try Self.require(readOnly, "writing")
  }

  /// Throws `.newer` where this program must not delete.
  package func requirePrunable() throws(VaultError) {
    try requireWritable()
    try Self.require(pruneOnly, "pruning")
  }

  private static func require(_ unknown: UInt64, _ action: String) throws(VaultError) {
    guard unknown == 0 else {
      throw .newer("\(action) needs the feature bit \(unknown.trailingZeroBitCount)")
    }
  }
}

/// What the object `format` says.
package struct FormatObject: Hashable, Sendable {
  package static let size = 192
  /// Its name, for messages.
  package static let name = "format"
  package static let standardPackSize = 16 << 20

  /// The size of a full pack in bytes.
  package let packSize: Int
  package let repository: RepositoryID
  package let features: FeatureSets
  package let owner: PublicKey

  private static let magic: StaticString = "igudarFM"
  private static let version: UInt16 = 1
  private static let signatureOffset = 128
  private static let context = Array("igudar format v1".utf8)

  /// Throws `.limit` unless the pack size is a power of two from 4 MiB to 128 MiB.
  package init(
    packSize: Int, repository: RepositoryID, features: FeatureSets, owner: PublicKey
  ) throws(VaultError) {
    guard Self.isPackSize(packSize) else {
      throw .limit("the pack size is a power of two from 4 MiB to 128 MiB")
    }
    self.packSize = packSize
    self.repository = repository
    self.features = features
    self.owner = owner
  }

  private static func isPackSize(_ size: Int) -> Bool {
    size >= 4 << 20 && size <= 128 << 20 && size & (size - 1) == 0
  }

  /// The 192 bytes, signed by the owner.
  package func signed(by key: SigningKey) -> [UInt8] {
    precondition(key.publicKey == owner, "the owner signs")
    var writer = ByteWriter(capacity: Self.size)
    writer.raw(Self.magic.bytes)
    writer.u16(Self.version)
    writer.u16(UInt16(Self.size))
    writer.u32(UInt32(packSize))
    writer.raw(repository.bytes)
    writer.u64(features.incompatible)
    writer.u64(features.readOnly)
    writer.u64(features.pruneOnly)
    writer.u64(features.compatible)
    writer.id(owner)
    writer.zeros(32)
    writer.raw(key.sign(Self.context + writer.bytes))
    return writer.bytes
  }

  /// What the bytes say; throws `.newer` and `.damaged`.
  package static func decode(_ bytes: [UInt8]) throws(VaultError) -> FormatObject {
    let format: FormatObject
    do throws(Damage) {
      format = try parse(bytes)
    } catch .badVersion(let version) {
      throw .newer("repository format version \(version)")
    } catch {
      throw .damaged(object: name, error)
    }
    try format.features.requireReadable()
    return format
  }

  private init(parsing reader: inout ByteReader) throws(Damage) {
    let packSize = Int(try reader.u32())
    repository = try reader.id(RepositoryID.self)
    var features = FeatureSets()
    features.incompatible = try reader.u64()
    features.readOnly = try reader.u64()
    features.pruneOnly = try reader.u64()
    features.compatible = try reader.u64()
    self.features = features
    owner = try reader.id(PublicKey.self)
    self.packSize = packSize
  }

  private static func parse(_ bytes: [UInt8]) throws(Damage) -> FormatObject {
    var reader = unsafe ByteReader(bytes.span.bytes)
    guard reader.remaining >= 12 else { throw .badLength }
    guard try Array(copying: reader.raw(8)) == magic.bytes else { throw .badMagic }
    let version = try reader.u16()
    guard version == Self.version else { throw .badVersion(UInt64(version)) }
    guard try reader.u16() == size, bytes.count == size else { throw .badLength }
    let format = try FormatObject(parsing: &reader)
    let signature = Array(bytes[signatureOffset...])
    guard format.owner.verify(signature, of: context + bytes[..<signatureOffset]) else {
      throw .badSignature
    }
    guard isPackSize(format.packSize) else { throw .malformed("pack size \(format.packSize)") }
    try reader.zeros(32)
    return format
  }
}
