// What this machine remembers of a repository so that a store cannot show it the past: the owner's
// key and the newest journal entry seen. Every change is on the disk before it returns. A store
// that is damaged is reported, never replaced: who replaces it forgets what protects him. One that
// has no room for something new still protects as far as it remembers.

internal import Glibc
package import Platform
internal import Synchronization

/// The memory of one repository's owner and journal head.
package final class TrustStore: Sendable {
  package let directory: FilePath
  private let environment: LMDBEnvironment
  private let table: LMDBDatabase
  private let reader: LMDBReader
  private let warn: @Sendable (String) -> Void
  private let hasWarned = Atomic<Bool>(false)

  private static let ownerKey = Array("owner".utf8)
  private static let headKey = Array("head".utf8)

  /// Opens or makes `<base>/igudar/<repository>/`, where `base` is the user's state folder.
  ///
  /// That something new cannot be remembered for lack of room is told to `warn`, once.
  package init(
    below base: FilePath, repository: RepositoryID,
    warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws(VaultError) {
    let directory = base.appending("igudar").appending(repository.hex)
    self.directory = directory
    self.warn = warn
    do throws(LMDBError) {
      try CacheFolder.make(directory)
      var options = LMDBEnvironment.Options()
      options.durability = .full
      options.mapSize = 1 << 20
      environment = try EnvironmentRegistry.open(directory, options, .precious) {
        (environment, _) throws(LMDBError) in
        _ = try environment.databases(["trust"])
        try CacheFolder.sync(directory)
      }
      table = try environment.databases(["trust"])[0]
      reader = try LMDBReader(environment)
    } catch {
      throw Self.failure(directory, error)
    }
  }

  /// Whether this machine may remember something of a repository.
  package static func exists(below base: FilePath, repository: RepositoryID) -> Bool {
    let directory = base.appending("igudar").appending(repository.hex)
    // A guard file that was never written to is what making a trust store in vain leaves behind.
    if let seal = try? FileStatus.of(directory.appending("guard")) { return seal.size > 0 }
    return (try? FileStatus.of(directory.appending("data.mdb"))) != nil
  }

  private static func failure(_ directory: FilePath, _ error: LMDBError) -> VaultError {
    let advice =
      error.isCorruption
      ? "; deleting the folder makes this machine a new client that trusts what it is shown" : ""
    return .trust("the trust store in \(printable(directory.bytes)): \(error)\(advice)")
  }

  private func run<Result>(
    _ body: () throws(LMDBError) -> Result
  ) throws(VaultError) -> Result {
    do throws(LMDBError) {
      return try body()
    } catch {
      throw Self.failure(directory, error)
    }
  }

  // What cannot be kept for lack of room counts for this time alone.
  private func remember<Result>(
    _ new: Result, _ body: () throws(LMDBError) -> Result
  ) throws(VaultError) -> Result {
    try run { () throws(LMDBError) in
      do throws(LMDBError) { return try body() } catch {
        guard [ENOSPC, EDQUOT, EIO].contains(error.code) else { throw error }
        if !hasWarned.exchange(true, ordering: .relaxed) {
          warn(
            "the trust store in \(printable(directory.bytes)) cannot be written (\(error)); "
              + "a repository put back to what it is now may not be noticed")
        }
        return new
      }
    }
  }

  private func read(_ key: [UInt8], size: Int) throws(VaultError) -> [UInt8]? {
    try run { () throws(LMDBError) in
      try reader.read { (snapshot) throws(LMDBError) in
        let value = try snapshot.checked(table, key)
        guard value == nil || value?.count == size else { throw .corrupt("a value's length") }
        return value
      }
    }
  }

  /// The owner's public key; nil when this machine has not seen the repository yet.
  package func owner() throws(VaultError) -> PublicKey? {
    try read(Self.ownerKey, size: 32).map { PublicKey(bytes: $0) }
  }

  /// The newest entry seen; nil when this machine has not seen the repository yet.
  package func head() throws(VaultError) -> JournalHead? {
    try read(Self.headKey, size: 40).map(Self.decode)
  }

  private static func decode(_ value: [UInt8]) -> JournalHead {
    JournalHead(number: value.word(0), hash: ObjectHash(bytes: Array(value[8...])))
  }

  /// Remembers the owner the first time; throws when another one is remembered.
  package func pin(owner: PublicKey) throws(VaultError) {
    let remembered = try remember(owner.bytes) { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        if let known = try writer.snapshot.checked(table, Self.ownerKey) { return known }
        try writer.putChecked(table, Self.ownerKey, owner.bytes)
        return owner.bytes
      }
    }
    guard remembered == owner.bytes else {
      throw .trust(
        "the repository's owner is not the one that this machine remembers in "
          + printable(directory.bytes))
    }
  }

  /// Moves the remembered head forward.
  ///
  /// An older entry is no change, since other processes of this machine may have seen more; the
  /// same entry with another hash is a fork.
  package func advance(to head: JournalHead) throws(VaultError) {
    let remembered = try remember(head) { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        let known = try writer.snapshot.checked(table, Self.headKey)
        if let known {
          guard known.count == 40 else { throw .corrupt("a head of another length") }
          let known = Self.decode(known)
          if known.number >= head.number { return known }
        }
        var value = ByteWriter(capacity: 40)
        value.u64(head.number)
        value.id(head.hash)
        try writer.putChecked(table, Self.headKey, value.bytes)
        return head
      }
    }
    if remembered.number == head.number && remembered.hash != head.hash {
      throw .fork(entry: head.number)
    }
  }
}
