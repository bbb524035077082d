// The keys of the runs whose packs and notes were met. A key exchange costs far more than a look-up: a
// run has many packs, and a repository many runs.

import Platform

/// Opens run keys by what a header says, and remembers them: some here, the others in a cache.
package final class RunKeyring: @unchecked Sendable {
  package let repository: RepositoryID
  private let keyring: KeyRing
  private let cache: any RunKeyCache
  private let randomness: any Randomness
  private let seals: [UInt32: RunKeySeal]
  private let lock = Lock()
  // Guarded by the lock, both of them.
  private var runs: [PublicKey: RunKeys] = [:]
  // Agreed here and not stored yet, sealed.
  private var fresh: [PublicKey: [UInt8]] = [:]

  private static let capacity = 256
  // Fewer are not worth a write transaction; more are not kept at once.
  private static let worthStoring = 16
  private static let freshLimit = 8192

  package init(
    keyring: KeyRing, repository: RepositoryID, cache: any RunKeyCache = NoRunKeyCache(),
    randomness: any Randomness = SystemRandomness()
  ) {
    self.keyring = keyring
    self.repository = repository
    self.cache = cache
    self.randomness = randomness
    seals = keyring.epochs.reduce(into: [:]) { seals, epoch in
      seals[epoch.number] = RunKeySeal(epoch: epoch, repository: repository)
    }
  }

  /// Whether the chunks of a domain can be proven with this keyring.
  func hasDomain(_ number: UInt32) -> Bool { keyring.domain(number) != nil }

  /// The keys of the run that wrote this header.
  package func run(of header: PackHeader, object: String) throws(VaultError) -> RunKeys {
    try run(
      header.runPublicKey, epoch: header.epoch, suite: header.suite, kem: RunKeys.kem,
      object: object)
  }

  /// The keys of the run with this public key.
  ///
  /// `object` names what says so in errors: `damaged` for an unknown epoch or a weak key, `newer` for
  /// another key exchange, `notSupported` where the keyring may write only.
  func run(
    _ publicKey: PublicKey, epoch number: UInt32, suite: Suite, kem: UInt8, object: String
  ) throws(VaultError) -> RunKeys {
    if let known = lock.withLock({ runs[publicKey] }), known.epoch == number,
      known.suite == suite, kem == RunKeys.kem
    {
      return known
    }
    guard let epoch = keyring.epoch(number) else {
      throw .damaged(object: object, .malformed("epoch \(number) is not in the keyring"))
    }
    let seal = kem == RunKeys.kem ? seals[number] : nil
    if let seal,
      let sealed = lock.withLock({ fresh[publicKey] }) ?? cache.sealedRunKey(of: publicKey),
      let run = seal.open(sealed, of: publicKey, suite: suite)
    {
      remember(run)
      return run
    }
    let run = try RunKeys.opening(
      publicKey: publicKey, epoch: epoch, suite: suite, kem: kem, repository: repository,
      object: object)
    remember(run, new: seal?.seal(run, randomness: randomness))
    return run
  }

  private func remember(_ run: RunKeys, new: [UInt8]? = nil) {
    lock.withLock {
      if runs.count >= Self.capacity { runs.removeAll(keepingCapacity: true) }
      runs[run.publicKey] = run
      if let new, fresh.count < Self.freshLimit { fresh[run.publicKey] = new }
    }
  }

  /// Stores what was agreed since for other processes, if that is much.
  package func storeFresh() {
    let keys = lock.withLock {
      guard fresh.count >= Self.worthStoring else { return [PublicKey: [UInt8]]() }
      defer { fresh = [:] }
      return fresh
    }
    if !keys.isEmpty { cache.store(sealedRunKeys: keys) }
  }
}
