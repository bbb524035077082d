// What `igudar forget` prints: the plan as tables or in restic's JSON, and what became of it.

import Igudar
import Platform
import Vault

/// The messages of `forget`.
struct ForgetReport {
  private let output: Output
  private let grouping: SnapshotGrouping
  private let isCompact: Bool

  init(_ output: Output, _ grouping: SnapshotGrouping, isCompact: Bool) {
    self.output = output
    self.grouping = grouping
    self.isCompact = isCompact
  }

  /// Shows what a policy keeps and removes.
  func show(_ plan: ForgetPlan, _ policy: RetentionPolicy) {
    if output.isJSON {
      // A plan that is refused is not printed: a script would take it for done.
      if plan.refusal == nil && !plan.groups.isEmpty { output.json(plan.groups.map(object)) }
      return
    }
    output.note("Applying Policy: \(policy)")
    output.note("Days and other periods begin in time zone \(plan.request.zone.name)")
    guard output.verbosity > 0 else { return }
    for group in plan.groups { show(group, plan.request.zone) }
    if plan.groups.isEmpty {
      let filter = plan.request.filter
      output.note(filter.isEmpty ? "no snapshots" : "no snapshots of \(filter)")
    }
    if plan.partialCount > 0 {
      output.note("\(counted(plan.partialCount, "partial snapshot")) left alone")
    }
  }

  private func show(_ group: ForgetPlan.Group, _ zone: TimeZone) {
    let heading = grouping.heading(group.key)
    if !heading.isEmpty { output.line("\nsnapshots for (\(heading)):") }
    show("keep", group.kept.reversed(), zone)
    show("remove", group.removed.reversed().map { ($0, []) }, zone)
  }

  private func show(_ verb: String, _ rows: [SnapshotTable.Row], _ zone: TimeZone) {
    guard !rows.isEmpty else { return }
    output.line("\(verb) \(counted(rows.count, "snapshot")):")
    SnapshotTable(isCompact: isCompact, zone: zone).print(rows, to: output)
    output.line()
  }

  /// Throws for a plan that must not be executed, with what would allow it.
  func requireAllowed(_ plan: ForgetPlan) throws(Failure) {
    guard let refusal = plan.refusal else { return }
    throw Failure(
      .refused, "\(refusal); nothing was forgotten", nextStep: Self.nextStep(after: refusal))
  }

  private static func nextStep(after refusal: ForgetPlan.Refusal) -> String {
    switch refusal {
    case .emptiesGroup: "If that is meant, say \(ForgetCommand.removeAll.flag)."
    case .passesLimit: "If that is meant, raise \(ForgetCommand.maxRemove.flag)."
    case .pinned: "`igudar unpin SNAPSHOT` ends its protection."
    }
  }

  /// Tells what would be forgotten.
  func showDryRun(_ plan: ForgetPlan) {
    guard !output.isJSON, !plan.removed.isEmpty else { return }
    let ids = plan.removed.map(\.id.shortHex).sorted().joined(separator: " ")
    output.note("Would have removed the following snapshots:\n{\(ids)}")
  }

  /// Tells what was forgotten and what could not be.
  func finish(_ outcome: ForgetOutcome) -> ExitCode {
    for snapshot in outcome.spared {
      output.warning(
        "snapshot \(snapshot.id.shortHex) stays: it was pinned or the snapshots around it were "
          + "changed while this ran")
    }
    for snapshot in outcome.forgotten where !output.isJSON {
      output.detail("forgot \(snapshot.id.shortHex)")
    }
    if !outcome.forgotten.isEmpty {
      output.note("forgot \(counted(outcome.forgotten.count, "snapshot"))")
    }
    return outcome.spared.isEmpty ? .done : .incomplete
  }

  // MARK: JSON

  private func object(_ group: ForgetPlan.Group) -> JSONObject {
    var object = JSONObject()
    grouping.addTags(of: group.key, to: &object)
    object.add("host", path: group.key.host)
    grouping.addPaths(of: group.key, to: &object)
    add("keep", group.kept.map(\.snapshot.object), to: &object)
    add("remove", group.removed.map(\.object), to: &object)
    add("reasons", group.kept.map(reason), to: &object)
    return object
  }

  private func reason(_ kept: SnapshotTable.Row) -> JSONObject {
    var object = JSONObject()
    object.add("snapshot", kept.snapshot.object)
    object.add("matches", kept.reasons)
    return object
  }

  // restic's lists are null when nothing is in them.
  private func add(_ name: String, _ values: [JSONObject], to object: inout JSONObject) {
    if values.isEmpty { object.add(name, JSONNull()) } else { object.add(name, values) }
  }
}
