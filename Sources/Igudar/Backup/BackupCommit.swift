// The end of a backup, whatever it read: the snapshot record from options and counters, and its
// commit.

import Platform
import Vault

/// Makes the snapshot of one backup.
struct BackupCommit {
  let context: BackupContext
  let run: Run
  /// The snapshot that the backup was compared with.
  let parent: SnapshotInfo?
  /// What was backed up, to record.
  let paths: [FilePath]

  /// Commits the finished tree, unless that is not wanted.
  func finish(_ root: Entry) throws(VaultError) -> BackupSummary {
    var summary = summary()
    // What was stored again, as it was lost in the repository, needs a snapshot to count.
    if context.options.skipsIfUnchanged, let parent, !parent.isPartial, !parent.isForgotten,
      parent.snapshot.root == root, run.counts.chunkCounts.allSatisfy({ $0 == 0 })
    {
      summary.isSkipped = true
      return summary
    }
    if !context.options.isDryRun {
      summary.snapshot = try save(root, end: summary.end)
      summary.stored = .now()
    }
    return summary
  }

  /// Commits a tree; every lane must have flushed.
  func save(
    _ root: Entry, end: Timestamp, isPartial: Bool = false
  ) throws(VaultError) -> SnapshotID {
    let record = snapshot(root, end: end).encoded
    // One that cannot be read again would hide all snapshots behind it.
    do throws(Damage) { _ = try unsafe Snapshot(decoding: record.span.bytes) } catch {
      throw .verificationFailed("the snapshot's own record cannot be read again (\(error))")
    }
    return try run.commit(record, isPartial: isPartial)
  }

  /// What was done so far; what is in lanes counts once they are flushed.
  func summary() -> BackupSummary {
    var summary = BackupSummary()
    summary.counts = context.currentCounts
    let added = run.counts
    summary.counts.dataChunksAdded = UInt64(added.chunkCounts[0])
    summary.counts.treeChunksAdded = UInt64(added.chunkCounts[1])
    summary.counts.plainBytesAdded = added.plainBytes
    summary.counts.storedBytesAdded = added.storedBytes
    summary.errorCount = Int(context.progress.errorCount)
    summary.keptCount = Int(context.progress.keptCount)
    summary.parent = parent?.id
    summary.start = context.start
    summary.end = .now()
    summary.stored = summary.end
    return summary
  }

  private func snapshot(_ root: Entry, end: Timestamp) -> Snapshot {
    let options = context.options
    let summary = summary()
    var snapshot = Snapshot(root: root, time: options.time ?? context.start)
    snapshot.start = context.start
    snapshot.end = end
    snapshot.host = options.host
    snapshot.paths = paths
    snapshot.tags = options.tags
    snapshot.excludes = options.excludeTexts
    snapshot.parent = parent?.id
    snapshot.description = options.comment
    snapshot.counts = summary.counts
    snapshot.unreadableCount = UInt64(max(0, summary.errorCount - summary.keptCount))
    snapshot.user = options.user
    let (uid, gid) = processIdentity()
    snapshot.uid = uid
    snapshot.gid = gid
    snapshot.program = options.program
    snapshot.zone = options.zone
    return snapshot
  }
}

extension Repository {
  /// Opens a run for a backup of these paths, which is given up unless `body` commits it.
  func backUp(
    _ paths: [FilePath], _ options: BackupOptions,
    _ body: (Run, SnapshotInfo?) throws(RepositoryError) -> BackupSummary
  ) throws(RepositoryError) -> BackupSummary {
    let (run, parent) = try vaultErrors { () throws(VaultError) -> (Run, SnapshotInfo?) in
      try vault.prepareToWrite()
      return (try begin(options), try self.parent(of: paths, options))
    }
    defer { run.abandon() }
    let summary = try body(run, parent)
    if summary.snapshot != nil && !summary.isPartial {
      // The snapshot is saved, whatever becomes of the others.
      do throws(VaultError) { try retirePartials(of: paths, options) } catch {
        vault.warn(
          "partial snapshots of the same paths could not be forgotten: \(RepositoryError(error))")
      }
    }
    return summary
  }

  // What interrupted runs left of the same paths has served its purpose once there is a whole
  // snapshot, unless somebody pinned it.
  private func retirePartials(
    of paths: [FilePath], _ options: BackupOptions
  ) throws(VaultError) {
    func retired(in state: JournalState) throws(VaultError) -> [SnapshotID] {
      try snapshots(in: state) { (_, _) in }.filter { snapshot in
        snapshot.isPartial && !snapshot.isForgotten && snapshot.host == options.host
          && snapshot.paths == paths && !snapshot.isPinned(at: .now())
      }.map(\.id)
    }
    guard try !retired(in: vault.journal.state).isEmpty else { return }
    try vault.journal.append { (state) throws(VaultError) in
      let partial = try retired(in: state)
      let reason = Array("a whole snapshot took its place".utf8)
      return partial.isEmpty ? nil : .tombstone(partial, reason: reason)
    }
  }

  private func begin(_ options: BackupOptions) throws(VaultError) -> Run {
    var run = RunOptions()
    run.compression = options.compression
    run.verifiesFrames = options.verifiesFrames
    run.isDry = options.isDryRun
    return try vault.begin(run)
  }

  // The snapshot to compare with: the one named, or the newest of the same group that is no younger
  // than this one is to be. A partial one only if there is no whole one, as it knows less.
  private func parent(
    of paths: [FilePath], _ options: BackupOptions
  ) throws(VaultError) -> SnapshotInfo? {
    let snapshots = try readableSnapshots(in: vault.journal.state)
    if let named = options.parent { return snapshots.first { $0.id == named } }
    if options.readsAll { return nil }
    let candidates = snapshots.filter { candidate in
      !candidate.isForgotten && options.time.map { candidate.time <= $0 } ?? true
        && options.grouping.groups(
          candidate, withHost: options.host, paths: paths, tags: options.tags)
    }
    let whole = candidates.filter { !$0.isPartial }
    return (whole.isEmpty ? candidates : whole).max {
      ($0.time, $0.number) < ($1.time, $1.number)
    }
  }
}
