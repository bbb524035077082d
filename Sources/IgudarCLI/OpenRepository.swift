// From the global options to an open repository: store, secret, and where this machine keeps what it
// remembers. A secret is asked for only after the repository was found.

import Glibc
import Igudar
import Platform
import Storage
import Vault

extension Invocation {
  /// Opens the repository that options and environment name; to repair its journal, nothing of that
  /// is read.
  func openRepository(readingJournal: Bool = true) throws -> Repository {
    let settings = try settings()
    let store = try LocalStore(opening: settings.location.path, limits: settings.limits)
    guard exists(.format, in: store) else {
      guard holdsPacks(store) else { throw Failure.noRepository(at: store.location) }
      throw Failure.damaged(
        "format is missing from the repository at \(store.location)", repairable: false)
    }
    return try settings.secret.unlocking(store.location) { given in
      do {
        let open = readingJournal ? Repository.open : Repository.openUnread
        return try open(store, try given.forVault(), places(settings))
      } catch RepositoryError.wrongKey {
        for damage in (try? Repository.damagedKeys(in: store)) ?? [] {
          output.warning("\(damage): should this be the key of your secret, use another one")
        }
        return nil
      } catch RepositoryError.rollback(let what) {
        throw RepositoryError.rollback("the repository at \(store.location): \(what)")
      }
    }
  }

  /// Makes the repository that options and environment name, with a secret to unlock it.
  func createRepository(_ plan: RepositoryPlan) throws -> Repository {
    let settings = try settings()
    let store = try newStore(at: settings.location.path, settings.limits)
    guard !exists(.format, in: store) else { throw Failure.alreadyExists(at: store.location) }
    if let other = try foreignName(in: settings.location.path) {
      throw Failure(
        "\(store.location) is not empty: it holds “\(other)”", nextStep: "Choose an empty folder.")
    }
    let given = try settings.secret.new()
    return try Repository.create(
      in: store, secret: try given.forVault(), plan: plan,
      places: places(settings))
  }

  private func newStore(at path: FilePath, _ limits: TransferLimits) throws -> LocalStore {
    do {
      return try LocalStore(creating: path, limits: limits)
    } catch StoreError.absent(let reason) {
      throw Failure(
        "the folder of the repository cannot be made: \(reason)",
        nextStep: "Choose another place.")
    }
  }

  // Something in a folder that no repository begins with; what an init that was cut short has left
  // may stay.
  private func foreignName(in folder: FilePath) throws -> FileName? {
    let own: Set<FileName> = Set(
      (LocalStore.folders + ["reserve", "lost+found"]).map { FileName(unchecked: Array($0.utf8)) })
    let descriptor = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
    let listing = try DirectoryListing(of: descriptor)
    return (0..<listing.count).map { listing.name($0) }.first { !own.contains($0) }
  }

  // Whether it can be told that an object is there; any trouble is left to those who read it.
  private func exists(_ name: ObjectName, in store: LocalStore) -> Bool {
    do {
      _ = try store.size(of: name)
      return true
    } catch StoreError.notFound {
      return false
    } catch {
      return true
    }
  }

  private func holdsPacks(_ store: LocalStore) -> Bool {
    var isFound = false
    try? store.list(prefix: "packs/", after: nil) { _, _ in
      isFound = true
      return false
    }
    return isFound
  }

  private func places(_ settings: Settings) -> LocalPlaces {
    let output = output
    let warn: @Sendable (String) -> Void = { output.warning($0) }
    let state = xdgFolder("XDG_STATE_HOME", ".local/state")
    if state == nil {
      warn("neither XDG_STATE_HOME nor HOME is set: a repository put back cannot be noticed")
    }
    let cache: FilePath? =
      switch settings.cache {
      case .usual: xdgFolder("XDG_CACHE_HOME", ".cache")
      case .folder(let folder): folder
      case .none: nil
      }
    return LocalPlaces(cache: cache, state: state, warn: warn)
  }

  // As the XDG base directory specification says: relative paths do not count.
  private func xdgFolder(_ variable: String, _ usual: String) -> FilePath? {
    if let named = environment(variable), named.first == UInt8(ascii: "/") {
      return FilePath(named)
    }
    guard let home = environment("HOME"), !home.isEmpty else { return nil }
    return FilePath(home).appending(usual)
  }
}

extension GivenSecret {
  /// The secret as the vault takes it.
  borrowing func forVault() throws(Failure) -> Secret {
    let bytes = unsafe text.withBytes { unsafe SecretBytes(copying: $0.bytes) }
    switch kind {
    case .password: return .passphrase(bytes)
    case .keyFile:
      guard let key = Secret(keyFile: bytes) else {
        throw Failure(
          "\(printable(path)) is not a key file: it holds neither 32 bytes nor 64 hexadecimal digits"
        )
      }
      return key
    }
  }
}
