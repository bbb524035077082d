// `igudar check`.

import Igudar
import Platform
import Vault

/// Proves a repository, and names what damage touches.
enum CheckCommand {
  static let readData = Option("read-data", help: "read every stored byte and prove every chunk")
  static let subset = Option(
    "read-data-subset", takes: "SUBSET",
    help: "read a part: n/t (group n of t), x% or a size such as 10G, chosen at random")
  static let jobs = Option(
    "jobs", "j", takes: "COUNT", help: "threads that read packs (default: one per core)")

  static let command = Command(
    "check", summary: "Prove that a repository is whole",
    details: """
      Checks keys, journal, index segments, the presence and size of every pack, and every tree of
      every snapshot; with --read-data also every stored byte. Names the snapshots and paths that
      damage touches, and changes nothing. With --host, --tag or --path only the trees of those
      snapshots are looked at; all else is checked as ever.

      Exit code 0 when all is well, 4 when there is damage by which nothing is lost, 5 when
      something is lost.
      """,
    options: [readData, subset, jobs] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    try invocation.refuseTogether(readData, subset)
    let extent = try extent(invocation)
    let count = try invocation.options.value(jobs, as: Int.self) ?? 0
    guard (0...256).contains(count) else { throw invocation.usage("--jobs must be at most 256") }
    let (output, filter) = (invocation.output, try invocation.filter())
    let repository = try invocation.openRepository()
    let progress = CheckProgress()
    let pace = Progress(output, status: packStatus) { sample(progress) }
    let report = try pace.during {
      try Check(repository, reading: extent, jobs: count, of: filter).run(progress: progress) {
        tell($0, to: output)
      }
    }
    return try finish(report, hasReadAll: extent == .all, filter, output)
  }

  private static func extent(_ invocation: Invocation) throws -> ReadExtent {
    if invocation.options.has(readData) { return .all }
    switch try invocation.options.value(subset, as: DataSubset.self) {
    case nil: return .none
    case .group(let part, let whole): return .group(part, of: whole)
    case .percentage(let share): return .share(share / 100)
    case .size(let bytes): return .bytes(bytes)
    }
  }

  // MARK: While it runs

  private static func tell(_ event: CheckEvent, to output: Output) {
    switch event {
    case .finding(let finding): output.warning("\(finding.object) \(finding.problem)")
    case .damagedPath(let damaged):
      output.warning(
        "in snapshot \(damaged.snapshot.shortHex): \(damaged.problem)", item: damaged.path.bytes)
    }
  }

  private static func sample(_ progress: CheckProgress) -> ProgressSample {
    var sample = ProgressSample()
    sample.filesDone = progress.packCount
    sample.filesTotal = progress.totalPackCount
    sample.bytesDone = progress.byteCount
    sample.bytesTotal = progress.totalByteCount
    return sample
  }

  // MARK: At the end

  private static func finish(
    _ report: CheckReport, hasReadAll: Bool, _ filter: SnapshotFilter, _ output: Output
  ) throws -> ExitCode {
    let serious = report.findings.filter { $0.severity > .note }
    let errorCount = serious.count + report.damagedPathCount
    if output.isJSON {
      output.json(summary(report, serious, errorCount))
    } else {
      output.note(
        "looked at \(counted(UInt64(report.snapshotCount), "snapshot")) and "
          + "\(counted(UInt64(report.packCount), "pack")), "
          + "read \(counted(UInt64(report.readPackCount), "pack")) whole")
      // Whose packs they are is known at the end.
      if report.orphanCount > 0 && !report.isInterrupted && !indexIsDamaged(serious) {
        output.note(
          "\(counted(UInt64(report.orphanCount), "pack")) of runs that did not end or still run: "
            + "harmless, prune takes them")
      }
    }
    if report.isInterrupted { throw RepositoryError.interrupted }
    let advice = DamageAdvice(
      afterCheck: serious.map(\.object), hasPaths: report.damagedPathCount > 0,
      hasReadAll: hasReadAll)
    switch report.severity {
    case .note:
      output.note("no errors were found")
      return .done
    case .repairable:
      throw Failure.damaged(
        "\(counted(UInt64(serious.count), "finding")), "
          + (filter.isEmpty ? "nothing is lost" : "nothing of these snapshots is lost"),
        repairable: true, advice)
    case .loss:
      throw Failure.damaged(
        "\(counted(UInt64(errorCount), "finding")), "
          + "\(counted(UInt64(report.damagedPathCount), "path")) cannot be restored whole",
        repairable: false, advice)
    }
  }

  // Packs that no readable segment names may be named by one that is damaged.
  private static func indexIsDamaged(_ findings: [CheckFinding]) -> Bool {
    findings.contains { $0.object.hasPrefix("index/") }
  }

  private static func summary(
    _ report: CheckReport, _ serious: [CheckFinding], _ errorCount: Int
  ) -> JSONObject {
    let packs = serious.map(\.object).filter { $0.hasPrefix("packs/") }
    var line = JSONObject(message: "summary")
    line.add("num_errors", errorCount)
    let names = Set(packs.map { String($0.split(separator: "/").last ?? "") })
    line.add("broken_packs", names.sorted())
    line.add("suggest_repair_index", indexIsDamaged(serious))
    line.add("suggest_prune", report.orphanCount > 0 && !indexIsDamaged(serious))
    line.add("snapshots_checked", report.snapshotCount)
    line.add("packs_checked", report.packCount)
    line.add("packs_read", report.readPackCount)
    line.add("damaged_paths", report.damagedPathCount)
    return line
  }
}
