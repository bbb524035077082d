// The keys of the runs whose packs were met. A key exchange costs far more than a look-up, and a
// run has many packs.

import Platform

/// Opens run keys by a pack's header and remembers some of them.
package final class RunKeyring: @unchecked Sendable {
  private let keyring: KeyRing
  private let repository: RepositoryID
  private let lock = Lock()
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
    if let known = lock.withLock({ runs[header.runPublicKey] }),
      known.epoch == header.epoch, known.suite == header.suite
    {
      return known
    }
    guard let epoch = keyring.epoch(header.epoch) else {
      throw .damaged(object: object, .malformed("unknown epoch"))
    }
    let run = try RunKeys.opening(
      publicKey: header.runPublicKey, epoch: epoch, suite: header.suite, kem: RunKeys.kem,
      repository: repository, object: object)
    lock.withLock {
      if runs.count >= Self.capacity { runs.removeAll() }
      runs[header.runPublicKey] = run
    }
    return run
  }
}
