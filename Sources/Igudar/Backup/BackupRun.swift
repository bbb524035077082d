// One run of a backup with all its parts. Not shared.

import Platform
import Synchronization
import Vault

/// A running backup.
final class BackupRun {
  private let context: BackupContext
  private let run: Run
  private let sources: BackupTargets
  private let parent: SnapshotInfo?
  private let repository: Repository
  private let pipeline: BackupPipeline
  private let walkLane: Lane
  private var lastCheckpoint: Timestamp

  init(
    context: BackupContext, run: Run, sources: BackupTargets, parent: SnapshotInfo?,
    repository: Repository
  ) throws(VaultError) {
    self.context = context
    self.run = run
    self.sources = sources
    self.parent = parent
    self.repository = repository
    lastCheckpoint = context.start
    walkLane = try run.lane()
    let jobs = context.options.jobs > 0 ? context.options.jobs : processorCount()
    pipeline = try BackupPipeline(run: run, context: context, jobs: jobs)
  }

  func backUp() throws(VaultError) -> BackupSummary {
    defer { pipeline.stop() }
    let walker = Walker(
      context: context, pipeline: pipeline, targets: sources, previous: try previous(),
      lane: walkLane)
    let isComplete: Bool
    do throws(SourceProblem) {
      isComplete = try walker.walk { () throws(VaultError) in
        try checkpointIfDue(walker)
      }
    } catch {
      if case .vault(let failure) = error { throw failure }
      context.fail(.scan, sources.base, error.message)
      throw .interrupted
    }
    if !isComplete { return try interrupt(walker) }
    try settle()
    guard let root = pipeline.root else { preconditionFailure("a complete walk has a root") }
    return try finish(root)
  }

  private func previous() throws(VaultError) -> PreviousSnapshot? {
    guard let parent, !context.options.readsAll else { return nil }
    return PreviousSnapshot(
      root: parent.snapshot.root, start: parent.snapshot.start ?? parent.snapshot.time,
      source: try repository.nodeSource())
  }

  // Everything that was handed over is in packs afterwards.
  private func settle() throws(VaultError) {
    try pipeline.drain()
    try pipeline.flush()
    try walkLane.flush()
  }

  private func checkpointIfDue(_ walker: Walker) throws(VaultError) {
    let now = Timestamp.now()
    guard now.seconds - lastCheckpoint.seconds >= context.options.checkpointInterval else { return }
    lastCheckpoint = now
    _ = try checkpoint(walker)
  }

  // Commits what is done so far as a partial snapshot; the backup goes on.
  private func checkpoint(_ walker: Walker) throws(VaultError) -> SnapshotID? {
    guard !context.options.isDryRun else { return nil }
    try walker.emitLevels()
    try walker.handOver()
    try pipeline.drain()
    guard let root = try pipeline.checkpoint() else { return nil }
    try settle()
    return try run.commit(snapshot(root, end: .now()).encoded, isPartial: true)
  }

  private func interrupt(_ walker: Walker) throws(VaultError) -> BackupSummary {
    var summary = summary()
    summary.isPartial = true
    summary.snapshot = try checkpoint(walker)
    return summary
  }

  private func finish(_ root: Entry) throws(VaultError) -> BackupSummary {
    var summary = summary()
    if context.options.skipsIfUnchanged, parent?.snapshot.root == root {
      summary.isSkipped = true
      return summary
    }
    if !context.options.isDryRun {
      summary.snapshot = try run.commit(snapshot(root, end: summary.end).encoded)
    }
    return summary
  }

  private func summary() -> BackupSummary {
    var summary = BackupSummary()
    summary.counts = context.currentCounts
    let added = run.counts
    summary.counts.dataChunksAdded = UInt64(added.chunkCounts[0])
    summary.counts.treeChunksAdded = UInt64(added.chunkCounts[1])
    summary.counts.plainBytesAdded = added.plainBytes
    summary.counts.storedBytesAdded = added.storedBytes
    summary.errorCount = Int(context.progress.errorCount)
    summary.parent = parent?.id
    summary.start = context.start
    summary.end = .now()
    return summary
  }

  private func snapshot(_ root: Entry, end: Timestamp) -> Snapshot {
    let options = context.options
    let summary = summary()
    var snapshot = Snapshot(root: root, time: options.time ?? context.start)
    snapshot.start = context.start
    snapshot.end = end
    snapshot.host = options.host
    snapshot.paths = sources.paths
    snapshot.tags = options.tags
    snapshot.excludes = options.excludeTexts
    snapshot.parent = parent?.id
    snapshot.description = options.comment
    snapshot.counts = summary.counts
    snapshot.unreadableCount = UInt64(summary.errorCount)
    snapshot.user = options.user
    let (uid, gid) = processIdentity()
    snapshot.uid = uid
    snapshot.gid = gid
    snapshot.program = options.program
    snapshot.zone = options.zone
    return snapshot
  }
}
