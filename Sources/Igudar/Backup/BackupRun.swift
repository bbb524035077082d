// One run of a backup with all its parts. Not shared.

import Platform
import Synchronization
import Vault

/// A running backup.
final class BackupRun {
  private let context: BackupContext
  private let listing: SourceListing
  private let commit: BackupCommit
  private let repository: Repository
  private let pipeline: BackupPipeline
  private let walkLane: Lane
  private var pace: CheckpointPace

  init(
    context: BackupContext, run: Run, listing: SourceListing, parent: SnapshotInfo?,
    repository: Repository
  ) throws(VaultError) {
    self.context = context
    self.listing = listing
    commit = BackupCommit(
      context: context, run: run, parent: parent, paths: listing.targets.paths)
    self.repository = repository
    pace = CheckpointPace(every: context.options.checkpointInterval)
    walkLane = try run.lane()
    pipeline = try BackupPipeline(run: run, context: context, below: listing.targets.base)
  }

  func backUp() throws(RepositoryError) -> BackupSummary {
    defer { pipeline.stop() }
    do throws(SourceProblem) { return try walk() } catch {
      if case .vault(let failure) = error { throw RepositoryError(failure) }
      throw .noSource("\(listing.targets.base): \(error.message)")
    }
  }

  private func walk() throws(SourceProblem) -> BackupSummary {
    let walker: Walker
    do throws(VaultError) { walker = try makeWalker() } catch { throw .vault(error) }
    let isComplete = try walker.walk { () throws(VaultError) in try self.checkpointIfDue(walker) }
    do throws(VaultError) {
      if !isComplete { return try interrupt(walker) }
      try settle()
      guard let root = pipeline.root else { preconditionFailure("a complete walk has a root") }
      return try commit.finish(root)
    } catch { throw .vault(error) }
  }

  private func makeWalker() throws(VaultError) -> Walker {
    Walker(
      context: context, pipeline: pipeline, listing: listing, previous: try previous(),
      lane: walkLane)
  }

  private func previous() throws(VaultError) -> PreviousSnapshot? {
    guard let parent = commit.parent, !context.options.readsAll else { return nil }
    walkLane.expectToRely(onChunks: Int(clamping: parent.snapshot.counts.filesProcessed))
    return PreviousSnapshot(
      root: parent.snapshot.root, start: parent.snapshot.start ?? parent.snapshot.time,
      source: ReliedNodes(nodes: try repository.nodeSource(), lane: walkLane))
  }

  // Everything that was handed over is in packs afterwards.
  private func settle() throws(VaultError) {
    try pipeline.drain()
    try pipeline.flush()
    try walkLane.flush()
  }

  private func checkpointIfDue(_ walker: Walker) throws(VaultError) {
    if pace.isDue() { _ = try checkpoint(walker) }
  }

  // Commits what is done so far as a partial snapshot; the backup goes on.
  private func checkpoint(_ walker: Walker) throws(VaultError) -> SnapshotID? {
    guard !context.options.isDryRun else { return nil }
    try walker.emitLevels()
    try walker.handOver()
    try pipeline.drain()
    guard let root = try pipeline.checkpoint() else { return nil }
    try settle()
    return try commit.save(root, end: .now(), isPartial: true)
  }

  private func interrupt(_ walker: Walker) throws(VaultError) -> BackupSummary {
    let snapshot = try checkpoint(walker)
    var summary = commit.summary()
    summary.isPartial = true
    summary.snapshot = snapshot
    return summary
  }
}
