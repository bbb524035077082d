// `igudar forget --simulate`: what a policy keeps over time for daily runs. It needs no repository;
// where one is named, it goes on from the snapshots of each group there.

import Igudar
import Platform
import Vault

/// Shows a policy at work.
enum SimulateCommand {
  static let simulate = Option(
    "simulate", takes: "SPAN",
    help: "show what the policy keeps over such a time of daily runs, also without a repository")

  /// Longer times are refused: the policy is applied after each day.
  private static let dayLimit = 10 * 366

  static func run(_ invocation: Invocation) throws -> ExitCode {
    let given = invocation.options
    guard invocation.operands.isEmpty else {
      throw invocation.usage("\(simulate.flag) takes no snapshots")
    }
    try invocation.refuseTogether(simulate, PolicyOptions.id)
    let span = try span(invocation)
    let policy = try PolicyOptions.policy(given)
    guard !policy.isEmpty else { throw invocation.usage("no policy was specified") }
    let zone = try ForgetCommand.timeZone(given)
    let output = invocation.output
    if !output.isJSON {
      output.note("Simulating Policy: \(policy)")
      output.note("Days and other periods begin in time zone \(zone.name)")
    }
    let now = Timestamp.now()
    let starts = try groups(invocation, now: now)
    let objects = starts.map { start in
      let simulation = RetentionSimulation(
        policy, in: zone, from: now, for: span, existing: start.times)
      if output.isJSON { return object(start, simulation, zone) }
      show(start, simulation, zone, isCompact: given.has(ForgetCommand.compact), output)
      return JSONObject()
    }
    if output.isJSON { output.json(objects) }
    return .done
  }

  private static func span(_ invocation: Invocation) throws(Failure) -> CalendarSpan {
    let span = try invocation.options.value(simulate, as: CalendarSpan.self) ?? CalendarSpan()
    let days = span.years * 366 + span.months * 31 + span.days + span.hours / 24
    guard 1...dayLimit ~= days else {
      throw invocation.usage("\(simulate.flag) takes from one day to 10 years, such as 400d")
    }
    return span
  }

  // MARK: Where it begins

  private struct Start {
    let heading: String
    let times: [Timestamp]
  }

  private static func groups(_ invocation: Invocation, now: Timestamp) throws -> [Start] {
    let given = invocation.options
    let isNamed =
      given.has(GlobalOptions.repository) || given.has(GlobalOptions.repositoryFile)
      || ["IGUDAR_REPOSITORY", "IGUDAR_REPOSITORY_FILE"].contains {
        !(environment($0) ?? []).isEmpty
      }
    guard isNamed else { return [Start(heading: "", times: [])] }
    let grouping = try given.value(ForgetCommand.groupBy, as: SnapshotGrouping.self) ?? .usual
    var filter = try invocation.filter()
    filter.hosts += given.all(ForgetCommand.hostname)
    let snapshots = try invocation.openRepository().snapshots()
      .filter { !$0.isPartial && filter.matches($0) }
    let groups = grouping.groups(of: snapshots).map { group in
      Start(heading: grouping.heading(group.key), times: group.snapshots.map(\.time))
    }
    return groups.isEmpty ? [Start(heading: "", times: [])] : groups
  }

  // MARK: Printing

  private static func show(
    _ start: Start, _ simulation: RetentionSimulation, _ zone: TimeZone, isCompact: Bool,
    _ output: Output
  ) {
    output.line()
    if !start.heading.isEmpty {
      output.line("from \(counted(start.times.count, "snapshot")) for (\(start.heading)):")
    }
    var growth = Table([("After day", .right), ("Kept", .right), ("Oldest", .left)])
    for day in milestones(of: simulation) {
      growth.add("\(day.number)", "\(day.keptCount)", date(day.oldest, zone))
    }
    for line in growth.lines() { output.line(line) }
    if simulation.emptyCount > 0 {
      output.line("on \(counted(simulation.emptyCount, "day")) the policy kept nothing: refused")
    }
    guard !isCompact else { return }
    output.line("\nkept at the end:")
    var table = Table("Time", "Reasons")
    for kept in simulation.kept.reversed() {
      table.add(lines: [["\(zone.civilTime(kept.time))"], kept.reasons])
    }
    for line in table.lines(footer: counted(simulation.kept.count, "snapshot")) {
      output.line(line)
    }
  }

  // The first days, then ever fewer, and the last.
  private static func milestones(of simulation: RetentionSimulation) -> [RetentionSimulation.Day] {
    let shown: Set = [1, 7, 14, 30, 60, 90, 180, 270, 365, 500, 730, 1095, 1825, 3650]
    return simulation.days.filter {
      shown.contains($0.number) || $0.number == simulation.days.count
    }
  }

  private static func date(_ time: Timestamp, _ zone: TimeZone) -> String {
    String("\(zone.civilTime(time))".prefix(10))
  }

  private static func object(
    _ start: Start, _ simulation: RetentionSimulation, _ zone: TimeZone
  ) -> JSONObject {
    var object = JSONObject()
    object.add("group", start.heading)
    object.add("time_zone", zone.name)
    object.add(
      "days",
      simulation.days.map { day in
        var object = JSONObject()
        object.add("day", day.number)
        object.add("kept", day.keptCount)
        object.add("oldest", zone.civilTime(day.oldest).rfc3339)
        return object
      })
    object.add(
      "kept",
      simulation.kept.map { kept in
        var object = JSONObject()
        object.add("time", zone.civilTime(kept.time).rfc3339)
        object.add("matches", kept.reasons)
        return object
      })
    return object
  }
}
