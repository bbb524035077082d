// A repository with work for a prune, and clients who meet a prune, or trouble, on their way.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

/// Two snapshots; the first is forgotten, and half of its pack is needed by nobody.
struct HalfNeededRepository {
  let small: SmallRepository
  let kept: SnapshotInfo

  init() throws {
    var random = SeededGenerator(seed: 21)
    small = try SmallRepository()
    try small.write("rye", random.noise(300_000))
    try small.write("barley", random.noise(300_000))
    let first = try small.backUp()
    try small.shell("rm rye; mkdir more; seq 1 1000 > more/oats")
    kept = try small.backUp()
    try small.repository.vault.journal.append { _ in .tombstone([first.id]) }
  }

  /// A client that remembers nothing.
  func open(
    _ store: any ObjectStore, warn: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> Repository {
    try Repository.open(
      store, secret: small.secret, places: LocalPlaces(cache: nil, state: nil, warn: warn))
  }

  /// A client of which the first read of an object below a prefix comes after something else.
  func open(
    before prefix: String, warn: @escaping @Sendable (String) -> Void = { _ in },
    _ perform: @escaping @Sendable () throws -> Void
  ) throws -> Repository {
    let isDone = Mutex(false)
    let store = FaultyStore(small.store) { (operation, name, _) throws(StoreError) in
      let isFirst =
        operation == .read && name?.description.hasPrefix(prefix) == true
        && isDone.withLock { done in
          defer { done = true }
          return !done
        }
      guard isFirst else { return }
      do { try perform() } catch { Issue.record("\(error)") }
    }
    return try open(store, warn: warn)
  }
}
