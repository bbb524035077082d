// Writes entries of the journal back that the store has lost and this machine still knows. It is a plan
// first: what is written, and what stays lost and why.

import Vault

/// What is to be done about a damaged journal.
public struct JournalRepairReport: Sendable {
  /// An entry with what is wrong, and why nothing is done about it; empty for one that is written.
  public struct Item: Sendable {
    /// The object.
    public let object: String
    /// What is wrong, to stand behind the object.
    public let problem: String
    /// Why it stays so; nil for one that is written back.
    public let reason: String?
  }

  /// Entries that are written back, and those that stay lost.
  public let items: [Item]
  /// Entries in the store before.
  public let entryCount: Int

  /// Entries that are written back.
  public var repairedCount: Int { items.count - lostCount }
  /// Entries that stay lost.
  public var lostCount: Int { items.filter { $0.reason != nil }.count }
}

/// Repairs the journal of a repository.
public struct JournalRepair: Sendable {
  private let journal: Journal
  private let plan: JournalRepairPlan

  /// Reads all of the journal and plans what to do.
  public init(_ repository: Repository) throws(RepositoryError) {
    let vault = repository.vault
    journal = vault.journal
    plan = try vaultErrors { () throws(VaultError) in
      try vault.access.format.features.requireWritable()
      return try vault.journal.planRepair()
    }
  }

  /// What is going to be done.
  public var report: JournalRepairReport {
    let steps = plan.steps.map {
      JournalRepairReport.Item(
        object: JournalEntry.path($0.number), problem: Self.words($0.problem), reason: nil)
    }
    let losses = plan.losses.map {
      JournalRepairReport.Item(
        object: JournalEntry.path($0.number), problem: Self.words($0.problem), reason: $0.reason)
    }
    return JournalRepairReport(
      items: (steps + losses).sorted { $0.object < $1.object }, entryCount: plan.entryCount)
  }

  private static func words(_ problem: VaultError) -> String {
    switch problem {
    case .damaged(_, let damage): "\(damage)"
    case .missing, .rollback: "is missing"
    default: "\(RepositoryError(problem))"
    }
  }

  /// Writes the entries back, and reads the journal as everybody does if nothing stays lost.
  ///
  /// - Throws: what `Repository.open` throws; `rollback` if somebody else wrote one of the entries.
  public func run() throws(RepositoryError) {
    try vaultErrors { () throws(VaultError) in
      for step in plan.steps { try journal.repair(step) }
      if plan.losses.isEmpty { _ = try journal.refresh() }
    }
  }
}
