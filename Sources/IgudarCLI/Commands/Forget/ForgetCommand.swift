// `igudar forget`: options and the course of the command. The options of the policy and the messages
// have their own files.

import Igudar
import Platform
import Vault

/// Takes snapshots out of the list, by a policy or by name.
enum ForgetCommand {
  static let host = Option(
    "host", takes: "NAME", repeatable: true, help: "only snapshots of this host")
  static let hostname = Option(
    "hostname", takes: "NAME", repeatable: true, hidden: true, help: "the same as --host")
  static let groupBy = Option(
    "group-by", "g", takes: "GROUPS",
    help: "apply the policy to groups of one host, paths and tags (default host,paths; '' for none)"
  )
  static let zone = Option(
    "tz", takes: "ZONE",
    help: "time zone of days and other periods: Europe/Berlin, UTC, +02:00 (default: the system's)")
  static let dryRun = Option("dry-run", "n", help: "forget nothing, tell what would be forgotten")
  static let compact = Option("compact", "c", help: "one line for each snapshot")
  static let removeAll = Option(
    "unsafe-allow-remove-all", help: "let the policy leave nothing of a group")
  static let maxRemove = Option(
    "max-remove", takes: "N|x%", help: "refuse to forget more than so many, or such a part")

  static let prune = Option(
    "prune", help: "give back the space of what was forgotten, as `igudar prune` does")

  static let command = Command(
    "forget", summary: "Forget snapshots by a policy, or by name", operands: "[SNAPSHOT …]",
    operandCount: 0...Int.max,
    details: """
      Snapshots are kept that any of the --keep options keeps; the rest is forgotten. Counted are
      periods that have a snapshot, from the newest on, and the oldest snapshot of all stays while
      a count is not used up. Pinned snapshots stay in any case, and partial ones are left alone.
      Named snapshots are forgotten whatever the policy.

      What is forgotten can be brought back with `igudar unforget` until prune takes its data.

      Exit code 3 when some snapshots could not be forgotten, 6 when a policy is refused that would
      leave nothing of a group, or that would forget more than --max-remove.
      """,
    options: PolicyOptions.options + [host, hostname, Selection.tag, Selection.path] + [
      groupBy, zone, dryRun, compact, removeAll, maxRemove, SimulateCommand.simulate, prune,
    ] + PruneCommand.shared
  ) { invocation in
    if invocation.options.has(SimulateCommand.simulate) {
      return try SimulateCommand.run(invocation)
    }
    return try invocation.operands.isEmpty ? byPolicy(invocation) : byName(invocation)
  }

  // MARK: By policy

  private static func byPolicy(_ invocation: Invocation) throws -> ExitCode {
    let given = invocation.options
    var policy = try PolicyOptions.policy(given)
    let kept = try given.all(PolicyOptions.id).map { try SnapshotSelector(parsing: $0) }
    let grouping = try given.value(groupBy, as: SnapshotGrouping.self) ?? .usual
    var filter = try invocation.filter()
    filter.hosts += given.all(hostname)
    if policy.isEmpty && kept.isEmpty { try requireWill(to: filter, invocation) }
    var request = ForgetRequest(.policy(policy, grouping))
    request.filter = filter
    request.zone = try timeZone(given)
    request.mayEmptyGroups = given.has(removeAll)
    request.limit = try given.value(maxRemove, as: RemovalLimit.self)
    let repository = try invocation.openRepository()
    policy.ids = Set(try kept.map { try repository.snapshot($0).id })
    request.choice = .policy(policy, grouping)
    let report = ForgetReport(invocation.output, grouping, isCompact: given.has(compact))
    let plan = try repository.plan(request)
    report.show(plan, policy)
    try report.requireAllowed(plan)
    return try finish(plan, in: repository, invocation, report)
  }

  // As in restic: nothing kept is a mistake unless it is asked for, and of some snapshots only.
  private static func requireWill(
    to filter: SnapshotFilter, _ invocation: Invocation
  ) throws(Failure) {
    guard invocation.options.has(removeAll) else {
      let isGiven = PolicyOptions.options.contains(where: invocation.options.has)
      throw invocation.usage(
        "\(isGiven ? "the policy keeps nothing" : "no policy was specified"), "
          + "no snapshots will be removed")
    }
    guard !filter.isEmpty else {
      throw invocation.usage(
        "\(removeAll.flag) is not allowed unless a policy, --host, --tag or --path is given")
    }
  }

  /// The zone of `--tz`, else the system's.
  static func timeZone(_ given: OptionValues) throws(Failure) -> TimeZone {
    guard let bytes = given.bytes(zone) else {
      do throws(TimeZoneError) { return try .system() } catch {
        throw Failure("the system's time zone \(error)", nextStep: "Name one with \(zone.flag).")
      }
    }
    do throws(TimeZoneError) {
      return try TimeZone(named: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Failure.usage("\(zone.flag) '\(printable(bytes))': \(error)", of: "forget")
    }
  }

  // MARK: By name

  private static func byName(_ invocation: Invocation) throws -> ExitCode {
    let given = invocation.options
    let selectors = try invocation.selectors()
    var filter = try invocation.filter()
    filter.hosts += given.all(hostname)
    let limit = try given.value(maxRemove, as: RemovalLimit.self)
    let repository = try invocation.openRepository()
    let unreadable = try unreadable(selectors, in: repository)
    let readable = selectors.filter { unreadable[$0.base] == nil }
    if !unreadable.isEmpty {
      try giveUp(unreadable.values.sorted(), in: repository, invocation)
      guard !readable.isEmpty else { return .done }
    }
    let (named, failures) = try find(readable, filter, in: repository)
    var unknown = failures
    // Where nothing is left to be done one of them ends the command, which tells it.
    let last = named.isEmpty ? unknown.popLast() : nil
    for failure in unknown { invocation.output.warning(failure.message) }
    if let last { throw last }
    var request = ForgetRequest(.named(named))
    request.limit = limit
    let report = ForgetReport(invocation.output, .usual, isCompact: given.has(compact))
    let plan = try repository.plan(request)
    try report.requireAllowed(plan)
    let code = try finish(plan, in: repository, invocation, report)
    return unknown.isEmpty ? code : .incomplete
  }

  // Those of the selectors that name a snapshot whose record cannot be read, and no other one.
  private static func unreadable(
    _ selectors: [SnapshotSelector], in repository: Repository
  ) throws -> [SnapshotSelector.Base: SnapshotID] {
    let damaged = try repository.unreadableSnapshots()
    guard !damaged.isEmpty else { return [:] }
    var found: [SnapshotSelector.Base: SnapshotID] = [:]
    for selector in selectors {
      guard case .prefix(let digits) = selector.base else { continue }
      let ids = damaged.filter { $0.hex.hasPrefix(digits) }
      guard ids.count == 1, (try? repository.snapshot(selector)) == nil else { continue }
      found[selector.base] = ids[0]
    }
    return found
  }

  private static func giveUp(
    _ ids: [SnapshotID], in repository: Repository, _ invocation: Invocation
  ) throws {
    let isDryRun = invocation.options.has(dryRun)
    if !isDryRun { try repository.forgetUnreadable(ids) }
    for id in ids {
      invocation.output.note(
        "\(isDryRun ? "would forget" : "forgot") \(id.shortHex), whose record cannot be read")
    }
  }

  private static func find(
    _ selectors: [SnapshotSelector], _ filter: SnapshotFilter, in repository: Repository
  ) throws -> (named: [SnapshotID], unknown: [Failure]) {
    var named: [SnapshotID] = []
    var unknown: [Failure] = []
    for selector in selectors {
      do {
        named.append(try repository.snapshot(selector, filter: filter).id)
      } catch RepositoryError.selector(let what) {
        unknown.append(.selector(what))
      }
    }
    return (named, unknown)
  }

  // MARK: At the end

  private static func finish(
    _ plan: ForgetPlan, in repository: Repository, _ invocation: Invocation,
    _ report: ForgetReport
  ) throws -> ExitCode {
    let isDryRun = invocation.options.has(dryRun)
    var options = try PruneCommand.options(invocation)
    if isDryRun { report.showDryRun(plan) }
    let code = isDryRun ? .done : report.finish(try repository.execute(plan))
    // As in restic: where nothing is forgotten there is nothing to prune.
    guard invocation.options.has(prune), !plan.removed.isEmpty else { return code }
    if isDryRun { options.ignored = Set(plan.removed.map(\.id)) }
    let pruned = try PruneCommand.run(
      options, isDryRun: isDryRun, in: repository, invocation.output)
    return code == .done ? pruned : code
  }
}
