// The keys of the runs whose packs and notes were met. A key exchange costs far more than a look-up: a
// run has many packs, and a repository many runs.

import Platform

/// Opens run keys by what a header says, and remembers some.
package final class RunKeyring: @unchecked Sendable {
  package let repository: RepositoryID
  private let keyring: KeyRing
  private let lock = Lock()
  // Guarded by the lock.
  private var runs: [PublicKey: RunKeys] = [:]

  private static let capacity = 256

  package init(keyring: KeyRing, repository: RepositoryID) {
    self.keyring = keyring
    self.repository = repository
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
    let run = try RunKeys.opening(
      publicKey: publicKey, epoch: epoch, suite: suite, kem: kem, repository: repository,
      object: object)
    remember(run)
    return run
  }

  private func remember(_ run: RunKeys) {
    lock.withLock {
      if runs.count >= Self.capacity { runs.removeAll(keepingCapacity: true) }
      runs[run.publicKey] = run
    }
  }
}
