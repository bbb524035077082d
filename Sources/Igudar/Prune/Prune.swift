// Gives back the space of what no snapshot needs (FORMAT.md sections 13 and 14): look, plan, condemn
// what is not needed, write anew what is badly used, and after the grace period sweep and delete. Runs
// beside backups, restores, checks and other prunes.
//
// Invariant: what is condemned follows from every live snapshot of the journal up to the entry that
// condemns it, and from no local memory of an earlier prune.

import Platform
import Storage
package import Vault

/// What a prune did.
public struct PruneReport: Sendable {
  /// What it meant to do.
  public internal(set) var plan = PrunePlan()
  /// Packs condemned, orphans and those written anew among them.
  public internal(set) var condemnedPackCount = 0
  /// Their bytes.
  public internal(set) var condemnedBytes: UInt64 = 0
  /// Packs written anew.
  public internal(set) var repackedPackCount = 0
  /// Their bytes.
  public internal(set) var repackedBytes: UInt64 = 0
  /// Packs that were to be written anew and stay as they are, and why.
  public internal(set) var damagedPacks: [(pack: String, problem: String)] = []
  /// Whether the time was up before all of the plan was done.
  public internal(set) var isOutOfTime = false
  /// Whether the store was full before all of the plan was done.
  public internal(set) var isOutOfRoom = false
  /// What was deleted.
  package internal(set) var sweep = SweepReport()

  /// Whether all of the plan was done.
  public var isComplete: Bool { !isOutOfTime && !isOutOfRoom && damagedPacks.isEmpty }

  /// Objects deleted.
  public var deletedObjectCount: Int { sweep.deletedCount }
  /// Their bytes.
  public var deletedBytes: UInt64 { sweep.deletedBytes }
}

/// Prunes a repository.
public struct Prune: Sendable {
  private let repository: Repository
  private let options: PruneOptions

  /// A prune of this repository.
  public init(_ repository: Repository, options: PruneOptions = PruneOptions()) {
    self.repository = repository
    self.options = options
  }

  /// A prune that leaves what is condemned for a time.
  package init(_ repository: Repository, graceSeconds: Int64) {
    var options = PruneOptions()
    options.graceSeconds = graceSeconds
    self.init(repository, options: options)
  }

  /// What `run` would do; nothing is changed.
  ///
  /// - Throws: as `run`.
  public func plan(
    progress: PruneProgress = PruneProgress()
  ) throws(RepositoryError) -> PrunePlan {
    try vaultErrors { () throws(VaultError) in
      try PruneRun(repository, options, progress).plan()
    }
  }

  /// Makes a plan and carries it out.
  ///
  /// - Throws: `damaged` where something that a snapshot needs is lost, or the index is not whole:
  ///   nothing is condemned then.
  public func run(
    progress: PruneProgress = PruneProgress()
  ) throws(RepositoryError) -> PruneReport {
    try vaultErrors { () throws(VaultError) in
      let run = try PruneRun(repository, options, progress)
      try run.execute()
      return run.report
    }
  }
}
