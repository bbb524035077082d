// What a request to forget comes to, before anything is done: which snapshots stay and why, which go,
// and whether that is refused. A plan is a value; it is made again from the journal's newest state
// when it is executed.
//
// Partial snapshots are not counted: a policy neither keeps nor removes them.

import Platform
import Vault

/// Which snapshots are forgotten and which stay.
public struct ForgetPlan: Sendable {
  /// The snapshots of one group, newest first.
  public struct Group: Sendable {
    /// What they have in common.
    public let key: SnapshotGrouping.Key
    /// Those that stay, with the reasons.
    public let kept: [(snapshot: SnapshotInfo, reasons: [String])]
    /// Those that go.
    public let removed: [SnapshotInfo]
  }

  /// Why a plan must not be executed, in words.
  public enum Refusal: Hashable, Sendable {
    /// The policy keeps nothing of a group.
    case emptiesGroup(String)
    /// It would forget more than the limit.
    case passesLimit(String)
    /// A named snapshot is pinned.
    case pinned(String)
  }

  /// What was asked.
  public let request: ForgetRequest
  /// The groups that a policy was applied to; none for a request by name.
  public let groups: [Group]
  /// All snapshots to forget.
  public let removed: [SnapshotInfo]
  /// How many partial snapshots were chosen by the filter and left alone.
  public let partialCount: Int
  /// Why the plan must not be executed; nil if it may.
  public let refusal: Refusal?
  // The end of the journal when the plan was made.
  let head: JournalHead?

  init(_ request: ForgetRequest, among snapshots: [SnapshotInfo], head: JournalHead?) {
    self.request = request
    self.head = head
    let live = snapshots.filter { !$0.isForgotten }
    switch request.choice {
    case .policy(let policy, let grouping):
      let chosen = live.filter(request.filter.matches)
      let whole = chosen.filter { !$0.isPartial }
      groups = Self.groups(of: whole, policy, grouping, request)
      removed = groups.flatMap(\.removed)
      partialCount = chosen.count - whole.count
      refusal =
        Self.emptiedGroup(groups, grouping, request)
        ?? Self.refusal(ofRemoving: removed.count, of: whole.count, request)
    case .named(let ids):
      let ids = Set(ids)
      groups = []
      removed = live.filter { ids.contains($0.id) }
      partialCount = 0
      refusal =
        Self.pinned(among: removed, request)
        ?? Self.refusal(ofRemoving: removed.count, of: live.count, request)
    }
  }

  private static func groups(
    of snapshots: [SnapshotInfo], _ policy: RetentionPolicy, _ grouping: SnapshotGrouping,
    _ request: ForgetRequest
  ) -> [Group] {
    grouping.groups(of: snapshots.sortedByTime()).map { group in
      let snapshots = Array(group.snapshots.reversed())
      let candidates = snapshots.map { snapshot in
        RetentionPolicy.Candidate(
          time: snapshot.time, tags: snapshot.tags, id: snapshot.id,
          isPinned: snapshot.isPinned(at: request.now))
      }
      let reasons = policy.reasons(to: candidates, in: request.zone, now: request.now)
      let judged = zip(snapshots, reasons).map { (snapshot: $0, reasons: $1) }
      return Group(
        key: group.key, kept: judged.filter { !$0.reasons.isEmpty },
        removed: judged.filter { $0.reasons.isEmpty }.map(\.snapshot))
    }
  }

  // MARK: Refusals

  private static func emptiedGroup(
    _ groups: [Group], _ grouping: SnapshotGrouping, _ request: ForgetRequest
  ) -> Refusal? {
    guard !request.mayEmptyGroups else { return nil }
    guard let group = groups.first(where: { $0.kept.isEmpty && !$0.removed.isEmpty }) else {
      return nil
    }
    let heading = grouping.heading(group.key)
    let whose = heading.isEmpty ? "" : " for \(heading)"
    return .emptiesGroup(
      "the policy keeps none of the \(group.removed.count) snapshots\(whose)")
  }

  private static func refusal(
    ofRemoving count: Int, of total: Int, _ request: ForgetRequest
  ) -> Refusal? {
    guard let limit = request.limit, limit.isPassed(byRemoving: count, of: total) else {
      return nil
    }
    return .passesLimit(
      "\(count) of \(total) snapshots would be forgotten, and at most \(limit) may be")
  }

  private static func pinned(
    among snapshots: [SnapshotInfo], _ request: ForgetRequest
  ) -> Refusal? {
    let pinned = snapshots.filter { $0.isPinned(at: request.now) }
    guard let first = pinned.first else { return nil }
    let reason = first.pin.map { $0.reason.isEmpty ? "" : " (\(printable($0.reason)))" } ?? ""
    let more = pinned.count > 1 ? " and \(pinned.count - 1) more" : ""
    return .pinned("snapshot \(first.id.shortHex) is pinned\(reason)\(more)")
  }
}

extension ForgetPlan.Refusal: CustomStringConvertible {
  /// What is the matter.
  public var description: String {
    switch self {
    case .emptiesGroup(let text), .passesLimit(let text), .pinned(let text): text
    }
  }
}

/// What became of a plan.
public struct ForgetOutcome: Sendable {
  /// Snapshots that are forgotten now.
  public var forgotten: [SnapshotInfo] = []
  /// Snapshots that the plan would remove, but that must stay as the repository is now: somebody has
  /// pinned them, changed their tags or forgotten others meanwhile.
  public var spared: [SnapshotInfo] = []
}

extension Repository {
  /// What a request comes to as the repository was last read.
  public func plan(_ request: ForgetRequest) throws(RepositoryError) -> ForgetPlan {
    try vaultErrors { () throws(VaultError) in try plan(request, in: vault.journal.state) }
  }

  private func plan(
    _ request: ForgetRequest, in state: JournalState
  ) throws(VaultError) -> ForgetPlan {
    ForgetPlan(request, among: try readableSnapshots(in: state), head: state.tail)
  }

  /// Forgets what a plan says, as far as the same request still says so after all that others have
  /// added to the journal meanwhile.
  ///
  /// - Throws: `refused` for a plan that must not be executed.
  public func execute(_ plan: ForgetPlan) throws(RepositoryError) -> ForgetOutcome {
    if let refusal = plan.refusal { throw .refused("\(refusal)") }
    return try vaultErrors { () throws(VaultError) in
      try vault.access.format.features.requireWritable()
      var outcome = ForgetOutcome()
      try vault.journal.append { (state) throws(VaultError) in
        let current = state.tail == plan.head ? plan : try self.plan(plan.request, in: state)
        outcome = current.outcome(of: plan, in: state)
        guard !outcome.forgotten.isEmpty else { return nil }
        return .tombstone(outcome.forgotten.map(\.id), reason: plan.request.reason)
      }
      return outcome
    }
  }
}

extension ForgetPlan {
  // What may be done of an older plan for the same request.
  fileprivate func outcome(of older: ForgetPlan, in state: JournalState) -> ForgetOutcome {
    let removable = refusal == nil ? Set(removed.map(\.id)) : []
    var outcome = ForgetOutcome()
    for snapshot in older.removed where state.isLive(snapshot.id) {
      if removable.contains(snapshot.id) {
        outcome.forgotten.append(snapshot)
      } else {
        outcome.spared.append(snapshot)
      }
    }
    return outcome
  }
}

extension ForgetRequest {
  // Stands in the journal for people.
  fileprivate var reason: [UInt8] {
    switch choice {
    case .policy(let policy, _): Array("policy: \(policy), time zone \(zone.name)".utf8)
    case .named: Array("by name".utf8)
    }
  }
}
