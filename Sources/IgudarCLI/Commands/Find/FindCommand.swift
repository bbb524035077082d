// `igudar find`. Snapshots are searched from the oldest to the newest, and what is found is printed
// as the walk meets it.

import Igudar
import Platform
import Vault

/// Finds files in snapshots.
enum FindCommand {
  static let ignoreCase = Option("ignore-case", "i", help: "find names in any case")
  static let snapshot = Option(
    "snapshot", "s", takes: "SNAPSHOT", repeatable: true, help: "only in this snapshot")
  static let reverse = Option("reverse", "R", help: "begin with the newest snapshot")
  static let long = Option("long", "l", help: "print mode, owner, size and time too")
  static let humanReadable = Option("human-readable", help: "print sizes as people read them")

  static let command = Command(
    "find", summary: "Find files in snapshots", operands: "[PATTERN …]",
    operandCount: 0...Int.max,
    details: """
      Prints what any of the patterns chooses, in all snapshots or those that the options choose. A
      pattern is one of `backup --exclude`: *.c fits at any depth, /etc/*.conf from the root, and
      what is in a folder that fits is found with it. Without a pattern the other conditions
      choose alone.

      A TIME is 2006-01-02, '2006-01-02 15:04:05' (local), 2006-01-02T15:04:05+02:00, or a span
      such as 1y5m7d2h: so long ago.

      With --blob, --tree or --pack it is told where in the snapshots these chunks, tree nodes or
      packs are used.
      """,
    options: [ignoreCase, snapshot, reverse, long, humanReadable] + FindConditions.options
      + FindObjects.options + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let objects = FindObjects(invocation)
    let query = try FindConditions.query(invocation)
    guard objects != nil || !query.isEmpty else {
      throw invocation.usage("say what to find: a pattern, or a condition")
    }
    guard objects == nil || query.isEmpty else {
      throw invocation.usage("--blob, --tree and --pack go without patterns and conditions")
    }
    let selectors = try invocation.selectors(of: snapshot)
    let filter = try invocation.filter()
    let repository = try invocation.openRepository()
    var snapshots = try repository.snapshots(selectors, filter: filter)
    if invocation.options.has(reverse) { snapshots.reverse() }
    if let objects { return try objects.find(in: snapshots, of: repository, invocation.output) }
    return try find(query, in: snapshots, of: repository, FindPrinter(invocation))
  }

  private static func find(
    _ query: FindQuery, in snapshots: [SnapshotInfo], of repository: Repository,
    _ printer: FindPrinter
  ) throws -> ExitCode {
    var code = ExitCode.done
    let find = try Find(query, in: repository)
    for snapshot in snapshots {
      let goesOn = try find.run(
        in: snapshot.snapshot.root,
        unreadable: { path, error in
          code = code.worse(of: printer.unreadable(path, snapshot, error))
        }, found: { printer.print($0, at: $1, in: snapshot) })
      if !goesOn { break }
    }
    printer.finish()
    return code
  }
}

extension Repository {
  /// The snapshots named, or all that the filter lets through if none is; oldest first.
  func snapshots(
    _ selectors: [SnapshotSelector], filter: SnapshotFilter
  ) throws -> [SnapshotInfo] {
    guard !selectors.isEmpty else { return try snapshots().filter(filter.matches) }
    return Set(try selectors.map { try snapshot($0, filter: filter) }).sortedByTime()
  }
}
