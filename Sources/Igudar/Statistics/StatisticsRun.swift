// Counts about snapshots, one after the other. Whatever must be counted once is remembered in sets
// that stay small in memory, so that memory does not grow with snapshots, files or chunks.

public import Platform
import Synchronization
import Vault

extension Repository {
  /// Counts about snapshots.
  ///
  /// What is damaged or missing is told to `unreadable` with its snapshot and path, where it has one,
  /// and makes the numbers too low.
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func statistics(
    of snapshots: [SnapshotInfo], counting mode: CountingMode,
    progress: StatisticsProgress = StatisticsProgress(),
    unreadable: @escaping (SnapshotInfo, FilePath?, RepositoryError) -> Void
  ) throws(RepositoryError) -> Statistics {
    try vaultErrors { () throws(VaultError) in
      let run = try StatisticsRun(self, mode, progress, unreadable)
      if mode == .unique {
        let chosen = Set(snapshots.map(\.id))
        for other in try allSnapshots() where !other.isForgotten && !chosen.contains(other.id) {
          try run.passOver(other)
        }
      }
      for snapshot in snapshots { try run.count(snapshot) }
      return run.result
    }
  }
}

/// A running count.
private final class StatisticsRun {
  private(set) var result = Statistics()
  private let mode: CountingMode
  private let progress: StatisticsProgress
  private let unreadable: (SnapshotInfo, FilePath?, RepositoryError) -> Void
  private let source: any NodeSource
  private let index: IndexReader
  private let hasher: ChunkHasher
  /// What was counted, in whatever way the mode tells things apart.
  private let met = DigestSet()
  /// Frames whose stored bytes were counted.
  private let frames = DigestSet()

  init(
    _ repository: Repository, _ mode: CountingMode, _ progress: StatisticsProgress,
    _ unreadable: @escaping (SnapshotInfo, FilePath?, RepositoryError) -> Void
  ) throws(VaultError) {
    self.mode = mode
    self.progress = progress
    self.unreadable = unreadable
    // Frames are counted by them.
    if mode == .rawData || mode == .unique {
      repository.vault.keepPackNumbers()
    } else {
      repository.vault.allowRereadingIndex()
    }
    source = try repository.nodeSource()
    index = try repository.vault.index.reader()
    hasher = repository.vault.hasher
  }

  func count(_ snapshot: SnapshotInfo) throws(VaultError) {
    result.snapshotCount += 1
    if mode == .rawData || mode == .unique {
      try countChunks(of: snapshot)
    } else {
      try countEntries(of: snapshot)
    }
    progress.snapshots.add(1, ordering: .relaxed)
  }

  /// Notes all chunks of a snapshot, so that they are not counted.
  func passOver(_ snapshot: SnapshotInfo) throws(VaultError) {
    try ChunkDifference(from: source, remembering: met).passOver(snapshot.snapshot.root) {
      (error) throws(VaultError) in report(snapshot, nil, error)
    }
  }

  private func report(_ snapshot: SnapshotInfo, _ path: FilePath?, _ error: VaultError) {
    result.unreadableCount += 1
    unreadable(snapshot, path, RepositoryError(error))
  }

  // MARK: Chunks

  private func countChunks(of snapshot: SnapshotInfo) throws(VaultError) {
    var walk = ReferenceWalk(from: source, remembering: met)
    try walk.walk(
      snapshot.snapshot.root,
      found: { (id, kind, length) throws(VaultError) in
        guard Interrupt.requested == 0 else { throw .interrupted }
        result.totalChunkCount += 1
        result.totalUncompressedSize += UInt64(length)
        progress.bytes.add(UInt64(length), ordering: .relaxed)
        if kind == .tree { progress.entries.add(1, ordering: .relaxed) }
        guard let place = try index.find(id) else {
          return report(snapshot, nil, .missingChunk(id))
        }
        if try frames.insert(UInt64(place.pack), UInt64(place.frameOffset)) {
          result.totalSize += UInt64(place.frameLength)
        }
      },
      unreadable: { (_, error) throws(VaultError) in report(snapshot, nil, error) })
  }

  // MARK: Entries

  private func countEntries(of snapshot: SnapshotInfo) throws(VaultError) {
    // Hard links are told apart within one snapshot only.
    if mode == .restoreSize { try met.removeAll() }
    guard let children = snapshot.snapshot.root.children else { return }
    try TreeWalk(from: source).views(
      of: children, at: "/",
      unreadable: { (folder, error) throws(VaultError) in report(snapshot, folder.path, error) }
    ) { (entry, directory) throws(VaultError) in
      progress.entries.add(1, ordering: .relaxed)
      switch mode {
      case .restoreSize: try countRestored(entry)
      default: return try countContent(entry, in: directory, of: snapshot)
      }
      return .onward
    }
  }

  private func countRestored(_ entry: borrowing EntryView) throws(VaultError) {
    result.totalFileCount += 1
    if entry.links > 1, let key = entry.entry.linkKey(hasher), try !met.insert(key) { return }
    add(size: entry.size)
  }

  // The same nodes have the same files below: nothing new is behind them.
  private func countContent(
    _ entry: borrowing EntryView, in directory: PathTrail, of snapshot: SnapshotInfo
  ) throws(VaultError) -> WalkStep {
    if entry.type == .directory, let node = entry.reference {
      return try met.insert(node.id) ? .onward : .past
    }
    guard let content = entry.content, try met.insert(content.digest) else { return .onward }
    if mode == .filesByContents {
      result.totalFileCount += 1
      add(size: entry.size)
      return .onward
    }
    let path = directory.appending(Array(copying: entry.name))
    do throws(VaultError) {
      try countChunks(of: content, size: entry.size, at: path)
    } catch {
      guard error.isLoss else { throw error }
      report(snapshot, path, error)
    }
    return .onward
  }

  private func countChunks(
    of content: Content, size: UInt64, at path: FilePath
  ) throws(VaultError) {
    let place = ChunkID(words: Hash.name(of: path.bytes).words)
    var isCounted = false
    var extents = ContentReader(content, size: size, from: source)
    while let extent = try extents.next() {
      guard case .chunk(let id, let length) = extent else { continue }
      if !isCounted, try met.insert(place) { result.totalFileCount += 1 }
      isCounted = true
      guard try met.insert(id.marked(with: place)) else { continue }
      result.totalChunkCount += 1
      add(size: UInt64(length))
    }
  }

  private func add(size: UInt64) {
    result.totalSize &+= size
    progress.bytes.wrappingAdd(size, ordering: .relaxed)
  }
}

extension Content {
  /// Equal for equal content, and for nothing else that is ever met.
  fileprivate var digest: ChunkID {
    switch self {
    case .nodes(let reference): return reference.id
    case .inline(let extents):
      if extents.count == 1, case .chunk(let id, _) = extents[0] { return id }
      var writer = ByteWriter()
      for extent in extents { extent.write(to: &writer) }
      return ChunkID(words: Hash.name(of: writer.bytes).words)
    }
  }
}
