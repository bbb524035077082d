// `igudar rewrite`.

import Igudar
import Platform
import Vault

/// Makes new snapshots of old ones, without some paths or with another host or time.
enum RewriteCommand {
  static let include = PatternOptions.including(help: "keep only what matches")
  static let forget = Option("forget", help: "forget the original snapshots")
  static let dryRun = Option("dry-run", "n", help: "write nothing, tell what would be done")
  static let newHost = Option("new-host", takes: "NAME", help: "the new host")
  static let newTime = Option(
    "new-time", takes: "TIME", help: "the new time: 2006-01-02 15:04:05 or RFC 3339")

  static let command = Command(
    "rewrite", summary: "Make new snapshots of old ones, without some paths",
    operands: "[SNAPSHOT …]", operandCount: 0...Int.max,
    details: """
      Without SNAPSHOT all snapshots are rewritten that the options choose and that something
      changes in. The originals stay, and the new ones get the tag "rewrite", unless --forget is
      given. Patterns are those of `igudar backup`, for paths as `igudar ls` shows them.
      """,
    options: BackupExclusions.patterns.all + include.all + [forget, dryRun, newHost, newTime]
      + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let options = try options(invocation)
    let (selectors, filter) = (try invocation.selectors(), try invocation.filter())
    let repository = try invocation.openRepository()
    let snapshots =
      selectors.isEmpty
      ? try repository.snapshots().filter { !$0.isPartial && filter.matches($0) }
      : Set(try selectors.map { try repository.snapshot($0, filter: filter) }).sortedByTime()
    try requireUnpinned(snapshots, options)
    let rewrite = try Rewrite(repository, options: options)
    var (changedCount, code) = (0, ExitCode.done)
    for snapshot in snapshots {
      let outcome = try rewrite.rewrite(snapshot)
      if !tell(snapshot, outcome, invocation.output) { code = .incomplete }
      if outcome != .unchanged && outcome != .empty { changedCount += 1 }
    }
    finish(changedCount, options, invocation.output)
    return code
  }

  private static func options(_ invocation: Invocation) throws -> RewriteOptions {
    let given = invocation.options
    var options = RewriteOptions()
    options.choice = try choice(invocation)
    options.host = given.bytes(newHost)
    options.time = try given.value(newTime, as: PointInTime.self)?.timestamp
    options.zone = Machine.zone(at: options.time ?? .now())
    options.forgetsOriginals = given.has(forget)
    options.isDryRun = given.has(dryRun)
    guard options.choice != nil || options.host != nil || options.time != nil else {
      throw invocation.usage("say what to change: --exclude, --include, --new-host or --new-time")
    }
    return options
  }

  private static func choice(_ invocation: Invocation) throws -> RewriteChoice? {
    let left = try BackupExclusions.patterns.patterns(invocation.options).set
    let kept = try include.patterns(invocation.options).set
    guard left == nil || kept == nil else {
      throw invocation.usage("--include and --exclude exclude each other")
    }
    return left.map { .without($0) } ?? kept.map { .only($0) }
  }

  // Before anything is written, so that all or none are rewritten.
  private static func requireUnpinned(
    _ snapshots: [SnapshotInfo], _ options: RewriteOptions
  ) throws(Failure) {
    guard options.forgetsOriginals,
      let pinned = snapshots.first(where: { $0.isPinned(at: .now()) })
    else { return }
    throw Failure(
      .refused, "snapshot \(pinned.id.shortHex) is pinned; nothing was rewritten",
      nextStep: "`igudar unpin SNAPSHOT` ends its protection.")
  }

  // MARK: Printing

  // False when something could not be done.
  private static func tell(
    _ info: SnapshotInfo, _ outcome: RewriteOutcome, _ output: Output
  ) -> Bool {
    let old = info.id.shortHex
    switch outcome {
    case .unchanged: output.detail("snapshot \(old): nothing to change")
    case .foreseen: tell("snapshot \(old) would be rewritten", info, nil, output)
    case .rewritten(let new):
      tell("snapshot \(old) was rewritten as \(new.shortHex)", info, new, output)
    case .spared(let new):
      tell("snapshot \(old) was rewritten as \(new.shortHex)", info, new, output)
      output.warning("snapshot \(old) stays: it was pinned meanwhile")
      return false
    case .empty:
      output.warning(
        "nothing would be left of snapshot \(old), it stays as it is; `igudar forget \(old)` "
          + "forgets it")
      return false
    }
    return true
  }

  private static func tell(
    _ text: String, _ info: SnapshotInfo, _ new: SnapshotID?, _ output: Output
  ) {
    guard output.isJSON else { return output.note(text) }
    var line = JSONObject(message: "changed")
    line.add("old_snapshot_id", info.id.hex)
    line.add("new_snapshot_id", new?.hex)
    output.json(line)
  }

  private static func finish(_ count: Int, _ options: RewriteOptions, _ output: Output) {
    guard output.isJSON else {
      let verb = options.isDryRun ? "would rewrite" : "rewrote"
      return output.note("\(verb) \(counted(count, "snapshot"))")
    }
    var line = JSONObject(message: "summary")
    line.add("changed_snapshots", count)
    if options.isDryRun { line.add("dry_run", true) }
    output.json(line)
  }
}
