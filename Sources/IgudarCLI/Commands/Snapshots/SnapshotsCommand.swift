// `igudar snapshots`.

import Igudar
import Platform
import Vault

/// Lists snapshots.
enum SnapshotsCommand {
  static let latest = Option(
    "latest", takes: "N", help: "only the newest N of each host and paths (or of each group)")
  static let groupBy = Option(
    "group-by", "g", takes: "GROUPS", help: "list by host, paths and tags, joined by commas")
  static let forgotten = Option(
    "forgotten", help: "the forgotten snapshots that `unforget` can bring back")
  static let compact = Option("compact", "c", help: "one line for each snapshot")

  static let command = Command(
    "snapshots", summary: "List the snapshots", operands: "[SNAPSHOT …]",
    operandCount: 0...Int.max,
    details: "A partial snapshot is what an interrupted or running backup has saved so far.",
    options: [latest, groupBy, forgotten, compact] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let (selectors, filter) = (try invocation.selectors(), try invocation.filter())
    let grouping = try invocation.options.value(groupBy, as: SnapshotGrouping.self)
    let limit = try invocation.options.value(latest, as: Int.self)
    guard limit != 0 else { throw invocation.usage("--latest must be at least 1") }
    let repository = try invocation.openRepository()
    var chosen =
      invocation.options.has(forgotten)
      ? try forgottenSnapshots(selectors, filter, in: repository)
      : try snapshots(selectors, filter, in: repository)
    if let limit { chosen = newest(limit, of: chosen, in: grouping ?? .usual) }
    if invocation.output.isJSON {
      printJSON(chosen, grouping, invocation.output)
    } else {
      printText(
        chosen, grouping, isCompact: invocation.options.has(compact), invocation.output)
    }
    return .done
  }

  private static func snapshots(
    _ selectors: [SnapshotSelector], _ filter: SnapshotFilter, in repository: Repository
  ) throws -> [SnapshotInfo] {
    guard !selectors.isEmpty else {
      let all = try repository.snapshots()
      return filter.isEmpty ? all : all.filter(filter.matches)
    }
    let named = try selectors.map { try repository.snapshot($0, filter: filter) }
    return Set(named).sortedByTime()
  }

  private static func forgottenSnapshots(
    _ selectors: [SnapshotSelector], _ filter: SnapshotFilter, in repository: Repository
  ) throws -> [SnapshotInfo] {
    guard !selectors.isEmpty else {
      return try repository.forgottenSnapshots().filter(filter.matches)
    }
    return Set(try selectors.map(repository.forgottenSnapshot)).sortedByTime()
  }

  private static func newest(
    _ limit: Int, of snapshots: [SnapshotInfo], in grouping: SnapshotGrouping
  ) -> [SnapshotInfo] {
    grouping.groups(of: snapshots).flatMap { $0.snapshots.suffix(limit) }.sortedByTime()
  }

  // MARK: Printing

  private static func printJSON(
    _ snapshots: [SnapshotInfo], _ grouping: SnapshotGrouping?, _ output: Output
  ) {
    guard let grouping, grouping != SnapshotGrouping() else {
      return output.json(snapshots.map(\.object))
    }
    output.json(
      grouping.groups(of: snapshots).map { group in
        var object = JSONObject()
        object.add("group_key", grouping.object(group.key))
        object.add("snapshots", group.snapshots.map(\.object))
        return object
      })
  }

  private static func printText(
    _ snapshots: [SnapshotInfo], _ grouping: SnapshotGrouping?, isCompact: Bool, _ output: Output
  ) {
    let table = SnapshotTable(isCompact: isCompact)
    guard let grouping, grouping != SnapshotGrouping() else {
      return table.print(snapshots.map { ($0, []) }, to: output)
    }
    for group in grouping.groups(of: snapshots) {
      output.line("snapshots for (\(grouping.heading(group.key))):")
      table.print(group.snapshots.map { ($0, []) }, to: output)
      output.line()
    }
  }
}
