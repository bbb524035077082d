// The key of one run (a backup, a prune): agreed between a pair that lives only as long as it
// takes to make it and the readers' public key, and mixed with the pre-shared key. Every pack and
// note of the run takes its own keys from it.

/// The keys of one run, on the side that writes or the side that reads.
package final class RunKeys: Sendable {
  /// The number of the key exchange in headers.
  package static let kem = KeyExchange.kem

  package let repository: RepositoryID
  /// The number of the epoch.
  package let epoch: UInt32
  package let suite: Suite
  package let publicKey: PublicKey
  package let runKey: SecretKey

  /// Keys that were agreed before.
  init(
    epoch: UInt32, suite: Suite, repository: RepositoryID, publicKey: PublicKey, runKey: SecretKey
  ) {
    self.repository = repository
    self.epoch = epoch
    self.suite = suite
    self.publicKey = publicKey
    self.runKey = runKey
  }

  private convenience init(
    epoch: EpochKeys, suite: Suite, repository: RepositoryID, publicKey: PublicKey,
    shared: SecretKey
  ) {
    var message = SecretWriter(capacity: 256)
    var header = Self.identification(repository, epoch: epoch.number, suite, publicKey)
    header.id(epoch.readerPublic)
    unsafe message.raw(header.bytes.span.bytes)
    unsafe shared.withBytes { unsafe message.raw($0.bytes) }
    self.init(
      epoch: epoch.number, suite: suite, repository: repository, publicKey: publicKey,
      runKey: unsafe message.bytes.withBytes { unsafe Hash.derive(epoch.psk, .runKey, $0) })
  }

  /// Repository, u32 epoch, u8 suite, u8 KEM, public key: which run it is.
  static func identification(
    _ repository: RepositoryID, epoch: UInt32, _ suite: Suite, _ publicKey: PublicKey
  ) -> ByteWriter {
    var writer = ByteWriter()
    writer.raw(repository.bytes)
    writer.u32(epoch)
    writer.u8(suite.rawValue)
    writer.u8(kem)
    writer.id(publicKey)
    return writer
  }

  /// New keys for a run that writes; the secret half of the pair is gone on return.
  package static func fresh(
    for epoch: EpochKeys, repository: RepositoryID, randomness: some Randomness
  ) -> RunKeys {
    let secret = SecretKey.random(randomness)
    let publicKey = KeyExchange.publicKey(of: secret)
    let shared = KeyExchange.shared(
      runSecret: secret, run: publicKey, reader: epoch.readerPublic)
    guard let shared else { preconditionFailure("the keyring was checked when it was decoded") }
    return RunKeys(
      epoch: epoch, suite: epoch.suite, repository: repository, publicKey: publicKey,
      shared: shared)
  }

  /// The keys of a run that somebody wrote, from the header of one of its packs or notes.
  ///
  /// `object` names what the header belongs to in errors. Throws `.notSupported` where the
  /// keyring may write only, `.newer` for another key exchange, `.damaged` for a weak key.
  package static func opening(
    publicKey: PublicKey, epoch: EpochKeys, suite: Suite, kem: UInt8, repository: RepositoryID,
    object: String = "run key"
  ) throws(VaultError) -> RunKeys {
    guard kem == KeyExchange.kem else { throw .newer("\(object): key exchange \(kem)") }
    guard let secret = epoch.readerSecret else {
      throw .notSupported("this key may add to the repository, not read from it")
    }
    let shared = KeyExchange.shared(
      readerSecret: secret, reader: epoch.readerPublic, run: publicKey)
    guard let shared else { throw .damaged(object: object, .malformed("a weak public key")) }
    return RunKeys(
      epoch: epoch, suite: suite, repository: repository, publicKey: publicKey, shared: shared)
  }

  /// A key of this run.
  package func derive(_ label: Label, _ message: [UInt8]) -> SecretKey {
    Hash.derive(runKey, label, message)
  }

  /// 32 bytes of this run that are no secret: a commitment.
  package func commitment(_ label: Label, _ header: [UInt8]) -> [UInt8] {
    Hash.keyed(key: runKey, label: label, header)
  }
}
