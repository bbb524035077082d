// The vault as a storage backend for other tools: chunks in, IDs out, and a payload of their own
// that names them. Nothing here knows of files.

/// One writing visit of one thread: puts chunks and ends with a commit.
///
/// What was put before a commit is durable and found again after it, and nobody's without one.
/// Not shared by threads.
public final class VaultSession {
  private let run: Run
  private let lane: Lane
  private let chunkLimit: Int

  // What a pack holds beside a single frame: header, directory, tail.
  private static let packOverhead = 4096

  fileprivate init(_ vault: Vault, compression: Compression) throws(VaultError) {
    try vault.prepareToWrite()
    var options = RunOptions()
    options.compression = compression
    run = try vault.begin(options)
    chunkLimit = min(Limits.chunkSize, vault.packSize - Self.packOverhead)
    lane = try run.lane(chunkLimit: chunkLimit)
  }

  deinit { run.abandon() }

  /// Stores a chunk of 1 byte to 8 MiB unless the repository has it, and answers its ID.
  ///
  /// In packs of 4 MiB a chunk has at most 4 KiB less than a pack.
  /// - Throws: `limit` for other sizes; `store`, `cache` and `verificationFailed` end the session.
  public func put(_ bytes: RawSpan) throws(VaultError) -> ChunkID {
    guard bytes.byteCount > 0, bytes.byteCount <= chunkLimit else {
      throw .limit("a chunk of \(bytes.byteCount) bytes")
    }
    var outcome: Result<ChunkID, VaultError> = .failure(.interrupted)
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(VaultError) {
        outcome = .success(try unsafe lane.put(bytes, kind: .data).id)
      } catch { outcome = .failure(error) }
    }
    return try outcome.get()
  }

  /// Makes everything put so far durable under a payload that only readers can read.
  public func commit(_ payload: [UInt8]) throws(VaultError) -> SnapshotID {
    try lane.flush()
    return try run.commit(payload)
  }
}

/// A commit with its payload.
public struct VaultCommit: Hashable, Sendable {
  /// The hash of its journal entry.
  public let id: SnapshotID
  /// What was given to `commit`.
  public let payload: [UInt8]
}

extension Vault {
  /// Begins to write.
  public func session(compression: Compression = .auto) throws(VaultError) -> VaultSession {
    try VaultSession(self, compression: compression)
  }

  /// The bytes of a chunk of data, proven by its ID.
  ///
  /// - Throws: `missingChunk`, `damaged`, `missing`, `store`.
  public func get(_ id: ChunkID) throws(VaultError) -> [UInt8] {
    try loadIndex()
    return try ChunkReader(vault: self).read(id, kind: .data)
  }

  /// The commits that count, in the order of the journal.
  public func commits() throws(VaultError) -> [VaultCommit] {
    defer { notes.storeFresh() }
    let live = journal.state.liveCommits
    let records = notes.open(live.map(\.note), known: notes.known(for: live.count))
    var commits: [VaultCommit] = []
    for (commit, record) in zip(live, records) {
      commits.append(VaultCommit(id: commit.id, payload: try record.get()))
    }
    return commits
  }
}
