// Keys of runs that were agreed before, kept sealed, so that opening the notes of a thousand snapshots
// is not a thousand key exchanges: to open a sealed key costs a thirtieth of one. What seals them takes
// both secrets that a run key takes, so a cache tells nothing to whoever lacks either.

/// A place for sealed run keys; one that loses or refuses them costs time only.
package protocol RunKeyCache: Sendable {
  /// What was kept for a run; nil when nothing is at hand.
  func sealedRunKey(of run: PublicKey) -> [UInt8]?

  /// Keeps sealed run keys.
  func store(sealedRunKeys keys: [PublicKey: [UInt8]])
}

/// A cache that keeps nothing.
package struct NoRunKeyCache: RunKeyCache {
  package init() {}
  package func sealedRunKey(of run: PublicKey) -> [UInt8]? { nil }
  package func store(sealedRunKeys keys: [PublicKey: [UInt8]]) {}
}

/// What seals the run keys of one epoch in a cache.
struct RunKeySeal: Sendable {
  private let key: SecretKey
  private let epoch: EpochKeys
  private let repository: RepositoryID

  /// Nil for a keyring that cannot read: it has nothing to remember.
  init?(epoch: EpochKeys, repository: RepositoryID) {
    guard let secret = epoch.readerSecret else { return nil }
    self.epoch = epoch
    self.repository = repository
    key = unsafe secret.withBytes { unsafe Hash.derive(epoch.psk, .runCache, $0) }
  }

  /// 72 bytes: a nonce and the sealed key.
  func seal(_ run: RunKeys, randomness: some Randomness) -> [UInt8] {
    let nonce = randomness.bytes(AEAD.nonceSize)
    let sealed = unsafe run.runKey.withBytes { runKey in
      unsafe AEAD.seal(
        .xchacha20Poly1305, key: key, nonce: nonce, aad: aad(run.publicKey, run.suite),
        secret: runKey)
    }
    return nonce + sealed
  }

  /// The keys of a run; nil unless they were sealed for just this one.
  func open(_ stored: [UInt8], of run: PublicKey, suite: Suite) -> RunKeys? {
    guard stored.count == AEAD.nonceSize + SecretKey.size + AEAD.tagSize else { return nil }
    let plain = unsafe AEAD.open(
      .xchacha20Poly1305, key: key, nonce: Array(stored[..<AEAD.nonceSize]),
      aad: aad(run, suite), secret: stored.span.bytes.extracting(AEAD.nonceSize..<stored.count))
    guard let plain else { return nil }
    let runKey = unsafe plain.withBytes { unsafe SecretKey(copying: $0.bytes) }
    return RunKeys(
      epoch: epoch.number, suite: suite, repository: repository, publicKey: run, runKey: runKey)
  }

  private func aad(_ run: PublicKey, _ suite: Suite) -> [UInt8] {
    RunKeys.identification(repository, epoch: epoch.number, suite, run).bytes
  }
}
