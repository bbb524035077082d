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
  static let compact = Option("compact", "c", help: "one line for each snapshot")

  static let command = Command(
    "snapshots", summary: "List the snapshots", operands: "[SNAPSHOT …]",
    operandCount: 0...Int.max,
    details: "A partial snapshot is what an interrupted or running backup has saved so far.",
    options: [latest, groupBy, compact] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let (selectors, filter) = (try invocation.selectors(), try invocation.filter())
    let grouping = try invocation.options.value(groupBy, as: SnapshotGrouping.self)
    let limit = try invocation.options.value(latest, as: Int.self)
    guard limit != 0 else { throw invocation.usage("--latest must be at least 1") }
    let repository = try invocation.openRepository()
    var chosen = try snapshots(selectors, filter, in: repository)
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
      return try repository.snapshots().filter(filter.matches)
    }
    let named = try selectors.map { try repository.snapshot($0, filter: filter) }
    return Set(named).sortedByTime()
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
    guard let grouping, grouping != SnapshotGrouping() else {
      return printTable(snapshots, isCompact: isCompact, output)
    }
    for group in grouping.groups(of: snapshots) {
      output.line("snapshots for (\(grouping.heading(group.key))):")
      printTable(group.snapshots, isCompact: isCompact, output)
      output.line()
    }
  }

  private static func printTable(
    _ snapshots: [SnapshotInfo], isCompact: Bool, _ output: Output
  ) {
    var columns: [(String, Table.Alignment)] = [
      ("ID", .left), ("Time", .left), ("Host", .left), ("Tags", .left),
    ]
    if !isCompact { columns.append(("Paths", .left)) }
    columns.append(("Size", .right))
    var table = Table(columns)
    for snapshot in snapshots { table.add(lines: cells(of: snapshot, isCompact: isCompact)) }
    for line in table.lines(footer: counted(snapshots.count, "snapshot")) { output.line(line) }
  }

  private static func cells(of info: SnapshotInfo, isCompact: Bool) -> [[String]] {
    let marks = (info.isPartial ? ["(partial)"] : []) + info.tags.map { printable($0) }
    var cells = [
      [info.id.shortHex], ["\(CivilTime(local: info.time))"], [printable(info.host)],
      isCompact ? [marks.joined(separator: ",")] : marks,
    ]
    if !isCompact { cells.append(info.paths.map(\.description)) }
    cells.append([humanSize(info.snapshot.counts.bytesProcessed)])
    return cells
  }
}
