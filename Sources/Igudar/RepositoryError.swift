// What can go wrong with a repository, as callers of this library need it: one case per thing that
// they would do differently. The text names the object or place.

package import Storage
import Vault

/// An error that ends a command.
public enum RepositoryError: Error, Hashable, Sendable {
  /// There is no repository at this location.
  case noRepository(String)
  /// There is something already where a repository was to be made.
  case alreadyExists(String)
  /// No slot opens with this passphrase or key file.
  case wrongKey
  /// The repository needs a newer program.
  case newer(String)
  /// This machine cannot do what the repository needs.
  case notSupported(String)
  /// An object of the repository is damaged or missing.
  case damaged(String)
  /// The store, or the directory to restore into, does not permit it.
  case notPermitted(String)
  /// The store has no room.
  case full(String)
  /// The store failed.
  case store(String)
  /// The store shows an older or another past than this machine has seen.
  case rollback(String)
  /// The local cache or the trust store failed.
  case local(String)
  /// A temporary file failed.
  case temporaryFile(String)
  /// A selector that names no snapshot, or more than one, or no entry in it.
  case selector(String)
  /// What was asked for is refused, with the reason.
  case refused(String)
  /// The directory to restore into cannot be used: which, and why.
  case target(String, String)
  /// None of the sources can be read.
  case noSource(String)
  /// The program was asked to stop.
  case interrupted
  /// What was written came out different when it was read again.
  case verificationFailed(String)

  /// The error of the vault, in these terms.
  init(_ error: VaultError) {
    switch error {
    case .wrongKey: self = .wrongKey
    case .noRepository(let place): self = .noRepository(place)
    case .alreadyExists(let place): self = .alreadyExists(place)
    case .newer(let what): self = .newer(what)
    case .notSupported(let why): self = .notSupported(why)
    case .damaged(let object, let damage): self = .damaged("\(object) \(damage)")
    case .missing(let object): self = .damaged("\(object) is missing")
    case .missingChunk(let id):
      self = .damaged("chunk \(id.shortHex) is in no pack that the index knows")
    case .swept(let id):
      self = .store(
        "chunk \(id.shortHex) is gone: a repair took its pack out, or the snapshots that needed it were "
          + "forgotten and a prune has deleted it; “igudar snapshots” lists those that are there")
    case .store(let error): self = Self(error)
    case .rollback(let seen, let tail):
      self = .rollback(
        "its journal ends at entry \(tail), but this machine has seen entry \(seen)")
    case .fork(let entry):
      self = .rollback("its journal entry \(entry) is not the one that this machine has seen")
    case .cache(let reason): self = .local("local cache: \(reason)")
    case .temporaryFile(let reason):
      self = .temporaryFile("a temporary file in $TMPDIR, /var/tmp or /tmp: \(reason)")
    case .trust(let reason): self = .local("trust store: \(reason)")
    case .limit(let what): self = .refused(what)
    case .lastSlot: self = .refused("the last key cannot be removed: nobody could open it again")
    case .noSlot(let id): self = .selector("no key “\(id)”")
    case .verificationFailed(let what): self = .verificationFailed(what)
    case .relianceLost(let count):
      self = .store(
        "\(count) packs that this backup relied on were deleted by a prune meanwhile; run it again")
    case .interrupted: self = .interrupted
    }
  }

  /// The error of a store, in these terms.
  package init(_ error: StoreError) {
    switch error {
    case .absent(let text): self = .noRepository(text)
    case .full(let text): self = .full(text)
    case .notPermitted(let text): self = .notPermitted(text)
    case .unreadable: self = .damaged("\(error)")
    case .notFound(let text), .unavailable(let text), .failed(let text): self = .store(text)
    }
  }
}

extension RepositoryError: CustomStringConvertible {
  /// What happened, in a sentence without its end.
  public var description: String {
    switch self {
    case .noRepository(let text): "no repository at \(text)"
    case .alreadyExists(let text): text
    case .wrongKey: "wrong password or key file"
    case .newer(let text): "made by a newer version: \(text)"
    case .target(let path, let why): "\(path): \(why)"
    case .interrupted: "interrupted"
    case .notSupported(let text), .damaged(let text), .notPermitted(let text), .full(let text),
      .store(let text), .rollback(let text), .local(let text), .temporaryFile(let text),
      .selector(let text), .refused(let text), .noSource(let text), .verificationFailed(let text):
      text
    }
  }
}

/// Runs what throws errors of the vault and throws them in the terms of this library.
func vaultErrors<Result>(
  _ body: () throws(VaultError) -> Result
) throws(RepositoryError) -> Result {
  do throws(VaultError) { return try body() } catch { throw RepositoryError(error) }
}
