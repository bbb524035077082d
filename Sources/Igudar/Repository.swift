// An open repository as backups and restores see it: snapshots, their trees, their keys.

public import Platform
public import Storage
public import Vault

/// An open repository.
public struct Repository: Sendable {
  package let vault: Vault

  package init(vault: Vault) {
    self.vault = vault
  }

  /// Opens the repository in a store.
  ///
  /// - Throws: `noRepository`, `wrongKey`, `newer`, `notSupported`, `rollback`, `damaged`, and what
  ///   stores and local places can throw.
  public static func open(
    _ store: any ObjectStore, secret: Secret, places: LocalPlaces
  ) throws(RepositoryError) -> Repository {
    try vaultErrors { () throws(VaultError) in
      Repository(vault: try Vault.open(store, secret: secret, places: places))
    }
  }

  /// The same with nothing of the journal read: for `JournalRepair` alone.
  public static func openUnread(
    _ store: any ObjectStore, secret: Secret, places: LocalPlaces
  ) throws(RepositoryError) -> Repository {
    try vaultErrors { () throws(VaultError) in
      Repository(vault: try Vault.openUnread(store, secret: secret, places: places))
    }
  }

  /// Makes a repository in an empty store and opens it.
  ///
  /// - Throws: `alreadyExists` when the store is not empty, `notSupported` when it cannot create an
  ///   object only if it is absent.
  public static func create(
    in store: any ObjectStore, secret: Secret, plan: RepositoryPlan, places: LocalPlaces
  ) throws(RepositoryError) -> Repository {
    try vaultErrors { () throws(VaultError) in
      Repository(
        vault: try Vault.create(in: store, secret: secret, plan: plan, places: places))
    }
  }

  /// 32 hex digits that name the repository.
  public var id: String { vault.repositoryID.hex }

  /// Where it is.
  public var location: String { vault.store.location }

  // MARK: Snapshots

  /// All snapshots that were not forgotten, oldest first; partial ones are among them.
  public func snapshots() throws(RepositoryError) -> [SnapshotInfo] {
    try vaultErrors { () throws(VaultError) in
      try readableSnapshots(in: vault.journal.state, where: \.isLive).sortedByTime()
    }
  }

  func allSnapshots() throws(VaultError) -> [SnapshotInfo] {
    try allSnapshots(in: vault.journal.state)
  }

  /// All snapshots of a state of the journal, forgotten ones among them, in the order of the journal.
  func allSnapshots(in state: JournalState) throws(VaultError) -> [SnapshotInfo] {
    var snapshots: [SnapshotInfo] = []
    for info in infos(of: state.listedCommits, in: state) { snapshots.append(try info.get()) }
    return snapshots
  }

  // Every note is sealed with a key of its own: a thousand are opened by all processors.
  private func infos(
    of commits: [JournalCommit], in state: JournalState
  ) -> [Result<SnapshotInfo, VaultError>] {
    let count = commits.reduce(commits.count) { $0 + state.amendments(of: $1.id).count }
    let known = vault.notes.known(for: count)
    defer { vault.notes.storeFresh() }
    return commits.parallelMap(slices: { self.infos(of: $0, in: state, known) })
  }

  private func infos(
    of commits: ArraySlice<JournalCommit>, in state: JournalState, _ known: OpenedNotes
  ) -> [Result<SnapshotInfo, VaultError>] {
    let amendments = commits.map { state.amendments(of: $0.id) }
    let notes = commits.map(\.note) + amendments.joined().map(\.note)
    let records = vault.notes.open(notes, known: known)
    var next = commits.count
    return zip(commits, amendments).enumerated().map { index, snapshot in
      let (commit, amendments) = snapshot
      defer { next += amendments.count }
      return Result { () throws(VaultError) in
        var info = try info(of: commit, records[index].get())
        for (amendment, record) in zip(amendments, records[next...]) {
          info.apply(
            try decoded(record.get(), in: amendment.number) { (record) throws(Damage) in
              try Amendment(decoding: record)
            })
        }
        return info
      }
    }
  }

  /// The same without those whose record cannot be read, which are told.
  ///
  /// One bad record must not hide the others. Not for those who act on what no snapshot needs.
  func readableSnapshots(
    in state: JournalState, where isWanted: (JournalCommit) -> Bool = { _ in true }
  ) throws(VaultError) -> [SnapshotInfo] {
    try snapshots(in: state, where: isWanted) { (id, damage) in
      vault.warn(
        "the record of snapshot \(id.shortHex) cannot be read (\(damage)); it is passed over, and "
          + "can only be forgotten: igudar forget \(id.shortHex)")
    }
  }

  /// The same, with those that are live and cannot be read told to `unreadable`.
  func snapshots(
    in state: JournalState, where isWanted: (JournalCommit) -> Bool = { _ in true },
    unreadable: (SnapshotID, Damage) -> Void
  ) throws(VaultError) -> [SnapshotInfo] {
    let commits = state.listedCommits.filter(isWanted)
    var snapshots: [SnapshotInfo] = []
    snapshots.reserveCapacity(commits.count)
    for (commit, info) in zip(commits, infos(of: commits, in: state)) {
      do throws(VaultError) { snapshots.append(try info.get()) } catch {
        guard case .damaged(_, let damage) = error else { throw error }
        if commit.isLive { unreadable(commit.id, damage) }
      }
    }
    return snapshots
  }

  /// The live snapshots whose record cannot be read.
  public func unreadableSnapshots() throws(RepositoryError) -> [SnapshotID] {
    var found: [SnapshotID] = []
    try vaultErrors { () throws(VaultError) in
      _ = try snapshots(in: vault.journal.state) { (id, _) in found.append(id) }
    }
    return found
  }

  /// Forgets snapshots whose record cannot be read: nothing but their IDs is known of them.
  public func forgetUnreadable(_ ids: [SnapshotID]) throws(RepositoryError) {
    try vaultErrors { () throws(VaultError) in
      try vault.access.format.features.requireWritable()
      try vault.journal.append { (state) throws(VaultError) in
        let live = ids.filter { state.isLive($0) }
        let reason = Array("its record cannot be read".utf8)
        return live.isEmpty ? nil : .tombstone(live, reason: reason)
      }
    }
  }

  /// A snapshot as it is in a state of the journal; nil where it is not live.
  func liveSnapshot(
    _ id: SnapshotID, in state: JournalState
  ) throws(VaultError) -> SnapshotInfo? {
    guard state.isLive(id), let commit = state.commit(id) else { return nil }
    return try infos(of: [commit], in: state, vault.notes.known(for: 1)).first?.get()
  }

  private func info(
    of commit: JournalCommit, _ record: [UInt8]
  ) throws(VaultError) -> SnapshotInfo {
    let snapshot = try decoded(record, in: commit.number) { (record) throws(Damage) in
      try Snapshot(decoding: record)
    }
    return SnapshotInfo(
      id: commit.id, number: commit.number, snapshot: snapshot,
      isPartial: commit.body.isPartial, isForgotten: !commit.isLive)
  }

  private func decoded<Value>(
    _ record: [UInt8], in entry: UInt64, _ decode: (RawSpan) throws(Damage) -> Value
  ) throws(VaultError) -> Value {
    do throws(Damage) { return try unsafe decode(record.span.bytes) } catch {
      throw .damaged(object: JournalEntry.path(entry), error)
    }
  }

  /// The snapshot that a selector names, among those that a filter lets through.
  ///
  /// - Throws: `selector` when it names none or several.
  public func snapshot(
    _ selector: SnapshotSelector, filter: SnapshotFilter = SnapshotFilter()
  ) throws(RepositoryError) -> SnapshotInfo {
    let snapshots = try vaultErrors { () throws(VaultError) in
      try readableSnapshots(in: vault.journal.state)
    }
    do throws(SelectorError) { return try selector.resolve(among: snapshots, filter: filter) } catch
    {
      throw .selector("\(error)")
    }
  }

  // MARK: Trees

  /// The entry at a path in a snapshot; the root for an empty path.
  ///
  /// - Throws: `selector` naming the path when it is not there.
  public func entry(
    at path: [FileName], in snapshot: SnapshotInfo
  ) throws(RepositoryError) -> Entry {
    vault.allowRereadingIndex()
    let source = try vaultErrors { () throws(VaultError) in try nodeSource() }
    var entry = snapshot.snapshot.root
    for name in path {
      let found = try vaultErrors { () throws(VaultError) -> Entry? in
        guard let children = entry.children else { return nil }
        return try DirectoryReader.find(name, in: children, from: source)
      }
      guard let found else {
        let whole = FilePath(Array(path.map(\.bytes).joined(separator: [0x2f])))
        throw .selector("snapshot \(snapshot.id.shortHex) has no “/\(whole)”")
      }
      entry = found
    }
    return entry
  }

  /// Where tree nodes are read from; index loaded first.
  package func nodeSource() throws(VaultError) -> any NodeSource {
    try vault.loadIndex()
    return VaultNodeSource(reader: try ChunkReader(vault: vault))
  }
}

/// Reads tree nodes through a vault, one thread at a time.
final class VaultNodeSource: NodeSource, @unchecked Sendable {
  private let lock = Lock()
  private let reader: ChunkReader

  init(reader: ChunkReader) {
    self.reader = reader
  }

  func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
    try lock.withLock { () throws(VaultError) in try reader.read(id, kind: .tree) }
  }
}

extension JournalState {
  /// All but those whose place a later commit of the same run took.
  fileprivate var listedCommits: [JournalCommit] {
    commits.filter { if case .superseded = $0.standing { false } else { true } }
  }
}
