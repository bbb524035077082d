// Gives back the space of packs that no snapshot needs: mark, condemn, and after the grace period
// sweep and delete (FORMAT.md sections 13 and 14). Runs beside backups, restores and other prunes.
//
// Invariant: what is condemned follows from every live snapshot of the journal up to the entry that
// condemns it, and from no local memory of an earlier prune.

package import Vault

/// What a prune did.
package struct PruneReport: Hashable, Sendable {
  /// Packs that no snapshot needs, condemned by this prune.
  package var condemnedPackCount = 0
  /// Their bytes.
  package var condemnedBytes: UInt64 = 0
  /// What was deleted.
  package var sweep = SweepReport()
}

/// Prunes whole packs; nothing is repacked.
package struct Prune {
  private let repository: Repository
  private let graceSeconds: Int64

  /// A prune that leaves what is condemned for a time, a day unless another is given.
  package init(_ repository: Repository, graceSeconds: Int64 = 86_400) {
    self.repository = repository
    self.graceSeconds = graceSeconds
  }

  /// Condemns what is not needed and sweeps what is due.
  ///
  /// - Throws: `damaged`, `missing`, `missingChunk` where something that a snapshot needs is lost:
  ///   nothing is condemned then.
  package func run() throws(VaultError) -> PruneReport {
    let vault = repository.vault
    try vault.access.format.features.requirePrunable()
    try vault.refresh()
    var report = PruneReport()
    // After a lost race all is marked anew: another prune may have moved what this one found.
    try vault.journal.append { (_) throws(VaultError) in
      try vault.loadIndex()
      let (dead, wanted) = try PackMark(repository).judge()
      report.condemnedPackCount = dead.count
      report.condemnedBytes = dead.reduce(0) { $0 + UInt64($1.size) }
      guard !dead.isEmpty || !wanted.isEmpty else { return nil }
      return .condemn(
        packs: dead.map(\.hash), segments: [], newSegments: [], rescued: wanted.map(\.hash))
    }
    let (grace, overflow) = graceSeconds.multipliedReportingOverflow(by: 1_000_000_000)
    report.sweep = try vault.sweep(grace: overflow ? .max : grace)
    try vault.refresh()
    return report
  }
}
