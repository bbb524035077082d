// `igudar repair journal`.

import Igudar
import Platform

/// Writes lost journal entries back.
enum RepairJournalCommand {
  static let dryRun = Option("dry-run", "n", help: "change nothing, tell what would be done")

  static let command = Command(
    "repair journal", summary: "Write lost or damaged journal entries back",
    details: """
      A machine that has used the repository keeps in its cache what the journal said, and how it was
      sealed: enough to make the lost bytes again. They are written only where the entry behind them,
      or this machine's memory of the newest one, proves that they are the same.

      Run it on each machine and as each user that used the repository until one of them knows the
      entry. An intact copy of the object, put back by hand, does as well.

      Exit code 5 when entries stay lost.
      """,
    options: [dryRun]
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let output = invocation.output
    let isDry = invocation.options.has(dryRun)
    let repair = try JournalRepair(try invocation.openRepository(readingJournal: false))
    let report = repair.report
    if !isDry { try repair.run() }
    for item in report.items { tell(item, isDry, output) }
    if output.isJSON {
      var line = JSONObject(message: "summary")
      line.add("dry_run", isDry)
      line.add("entries", report.entryCount)
      line.add("entries_repaired", report.repairedCount)
      line.add("entries_lost", report.lostCount)
      output.json(line)
    } else if report.items.isEmpty {
      output.note("all of \(counted(UInt64(report.entryCount), "entry", "entries")) are whole")
    } else {
      output.note(
        "\(counted(UInt64(report.repairedCount), "entry", "entries")) "
          + "\(isDry ? "would be " : "")written back, \(report.lostCount) lost")
    }
    guard report.lostCount == 0 else { throw lost(report) }
    return .done
  }

  private static func tell(_ item: JournalRepairReport.Item, _ isDry: Bool, _ output: Output) {
    if let reason = item.reason {
      output.warning("\(item.object) \(item.problem), and stays so: \(reason)")
    } else if output.isJSON {
      var line = JSONObject(message: "repair")
      line.add("object", item.object)
      line.add("problem", item.problem)
      output.json(line)
    } else {
      let what = isDry ? "would be written back" : "written back"
      output.note("\(item.object) \(item.problem): \(what)")
    }
  }

  private static func lost(_ report: JournalRepairReport) -> Failure {
    let objects = report.items.filter { $0.reason != nil }.map(\.object)
    return Failure(
      .damaged, "\(counted(UInt64(objects.count), "entry", "entries")) of the journal stay lost",
      nextStep: """
        Run this on the other machines that used the repository, or put \(objects[0]) back from a \
        copy of the repository. Machines that know the entry go on as before; without any, what it \
        said is lost, a snapshot perhaps, and new machines cannot read behind it. Run no prune till then.
        """)
  }
}
