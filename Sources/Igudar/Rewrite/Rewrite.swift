// New snapshots made of old ones: without some paths, or with another host or time. A rewrite is a
// commit of its own that names its original.
//
// Invariant: what a rewritten tree shares with its original is known to this run only through the
// original, so a commit is made only while that is live: what a live snapshot needs is not condemned.

public import Platform
public import Vault

/// What a rewrite is asked to do.
public struct RewriteOptions: Sendable {
  /// Paths to leave out, or to keep alone; nil to keep all.
  public var choice: RewriteChoice?
  /// The new host; nil to keep it.
  public var host: [UInt8]?
  /// The new time; nil to keep it.
  public var time: Timestamp?
  /// Minutes east of UTC to record with a new time.
  public var zone = 0
  /// Whether the originals are forgotten; if not, the new snapshots get the tag `rewrite`.
  public var forgetsOriginals = false
  /// Whether nothing is written.
  public var isDryRun = false

  /// No change.
  public init() {}
}

/// What a rewritten tree keeps.
public enum RewriteChoice: Sendable {
  /// What fits none of the patterns.
  case without(PatternSet)
  /// What fits one of them, with all below it, and the directories that lead there.
  case only(PatternSet)
}

/// What became of one snapshot.
public enum RewriteOutcome: Hashable, Sendable {
  /// Nothing would change.
  case unchanged
  /// Nothing would be left of it, so that no snapshot was made.
  case empty
  /// It would be rewritten, if this were no dry run.
  case foreseen
  /// A new snapshot was made.
  case rewritten(SnapshotID)
  /// A new snapshot was made, and the original stays as somebody pinned it meanwhile.
  case spared(SnapshotID)
}

/// Rewrites snapshots, one after another; not shared by threads.
public final class Rewrite {
  private let repository: Repository
  private let options: RewriteOptions
  private let run: Run
  private let lane: Lane
  private let source: any NodeSource

  /// A rewrite of snapshots of a repository.
  public init(_ repository: Repository, options: RewriteOptions) throws(RepositoryError) {
    self.repository = repository
    self.options = options
    let vault = repository.vault
    (run, lane, source) = try vaultErrors { () throws(VaultError) in
      try vault.prepareToWrite()
      var runOptions = RunOptions()
      runOptions.isDry = options.isDryRun
      let run = try vault.begin(runOptions)
      return (run, try run.lane(), try repository.nodeSource())
    }
  }

  deinit { run.abandon() }

  /// Rewrites a snapshot.
  ///
  /// - Throws: `refused` for a partial snapshot, and for a pinned one that is to be forgotten;
  ///   `selector` if it was forgotten meanwhile.
  public func rewrite(_ info: SnapshotInfo) throws(RepositoryError) -> RewriteOutcome {
    try requireRewritable(info)
    var snapshot = info.snapshot
    var isChanged = options.host != nil || options.time != nil
    if let choice = options.choice {
      let tree = try vaultErrors { () throws(VaultError) in try self.tree(choice, of: info) }
      if tree.isEmpty { return .empty }
      if tree.isChanged {
        isChanged = true
        snapshot.root = tree.root
        snapshot.counts.leaveOut(tree.fileCount, tree.byteCount)
      }
    }
    guard isChanged else { return .unchanged }
    guard !options.isDryRun else { return .foreseen }
    describe(&snapshot, info)
    let id = try commit(snapshot, info)
    guard options.forgetsOriginals else { return .rewritten(id) }
    return try forget(info) ? .rewritten(id) : .spared(id)
  }

  private func requireRewritable(_ info: SnapshotInfo) throws(RepositoryError) {
    guard !info.isPartial else {
      throw .refused("snapshot \(info.id.shortHex) is partial and is not rewritten")
    }
    guard !options.forgetsOriginals || !info.isPinned(at: .now()) else {
      throw .refused("snapshot \(info.id.shortHex) is pinned and cannot be forgotten")
    }
  }

  private func tree(
    _ choice: RewriteChoice, of info: SnapshotInfo
  ) throws(VaultError) -> RewrittenTree.Outcome {
    let cut = TreeCut(domainKey: repository.vault.domain.treeCutKey)
    let tree = RewrittenTree(
      keeping: choice, from: source, cutting: cut, into: LaneSink(lane: lane))
    let outcome = try tree.rewrite(info.snapshot.root)
    try lane.flush()
    return outcome
  }

  private func describe(_ snapshot: inout Snapshot, _ info: SnapshotInfo) {
    snapshot.original = info.id
    snapshot.tags = info.tags
    snapshot.description = info.description
    let mark = Array("rewrite".utf8)
    if !options.forgetsOriginals && !snapshot.tags.contains(mark) { snapshot.tags.append(mark) }
    if let host = options.host { snapshot.host = host }
    if let time = options.time {
      snapshot.time = time
      snapshot.zone = options.zone
    }
  }

  private func commit(
    _ snapshot: Snapshot, _ info: SnapshotInfo
  ) throws(RepositoryError) -> SnapshotID {
    let id = try vaultErrors { () throws(VaultError) in
      try run.commit(snapshot.encoded, whileLive: info.id)
    }
    guard let id else {
      throw .selector("snapshot \(info.id.shortHex) was forgotten meanwhile; it was not rewritten")
    }
    return id
  }

  // Answers whether it is forgotten.
  private func forget(_ info: SnapshotInfo) throws(RepositoryError) -> Bool {
    let plan = try repository.plan(ForgetRequest(.named([info.id])))
    guard plan.refusal == nil else { return false }
    return try repository.execute(plan).spared.isEmpty
  }
}

extension SnapshotCounts {
  // Numbers of an older program can be lower than what is counted now.
  fileprivate mutating func leaveOut(_ files: UInt64, _ bytes: UInt64) {
    filesProcessed -= min(filesProcessed, files)
    bytesProcessed -= min(bytesProcessed, bytes)
  }
}
