// `igudar backup`: options and the course of the command. Sources, exclusions and messages have their
// own files.

import Glibc
import Igudar
import Platform
import Vault

/// Saves files, folders or a stream as a snapshot.
enum BackupCommand {
  static let command = Command(
    "backup", summary: "Save files and folders as a new snapshot",
    operands: "PATH … | -- COMMAND …", operandCount: 0...Int.max,
    details: """
      Only what changed since the last snapshot of the same host and paths is read. What cannot be
      read is named, and the snapshot is saved without it (exit code 3). When the backup is
      interrupted, what was done so far is saved as a partial snapshot, from which the next one
      goes on.

      Patterns are restic's: * ? [a-z] within a name, ** across folders, !PATTERN takes back.
      """,
    options: BackupSources.options + StreamSource.options + BackupExclusions.options
      + SnapshotDescription.options + own
  ) { invocation in
    let plan = try BackupPlan(invocation)
    // It goes on while the passphrase is hashed.
    let listing = plan.beginListing()
    defer { listing?.stop() }
    return try plan.run(in: try invocation.openRepository(), listing)
  }

  static let parent = Option(
    "parent", takes: "SNAPSHOT", help: "snapshot to compare with (default: the latest alike)")
  static let groupBy = Option(
    "group-by", "g", takes: "GROUPS",
    help: "what is alike: of one host, paths and tags (default host,paths; '' for any)")
  static let force = Option("force", "f", help: "read all files, also those that look unchanged")
  static let verifySource = Option(
    "verify-source", help: "read files that look unchanged too, and tell those that rotted")
  static let readSpecial = Option(
    "read-special", help: "save what is on block devices, and behind links to them, as files")
  static let skipIfUnchanged = Option(
    "skip-if-unchanged", help: "save no snapshot when nothing changed (never so for a stream)")
  static let withAccessTime = Option("with-atime", help: "record access times")
  static let ignoreCtime = Option("ignore-ctime", help: "do not look at ctime to find changes")
  static let ignoreInode = Option("ignore-inode", help: "do not look at inodes to find changes")
  static let noScan = Option("no-scan", help: "do not count the sources for the progress")
  static let jobs = Option(
    "jobs", "j", takes: "COUNT", help: "workers that read and seal (0, the default: one per core)")
  static let readConcurrency = Option(
    "read-concurrency", takes: "COUNT", hidden: true, help: "the same as --jobs")

  private static let own = [
    parent, groupBy, force, verifySource, readSpecial, skipIfUnchanged, withAccessTime, ignoreCtime,
    ignoreInode, noScan, jobs, readConcurrency,
  ]
}

/// A backup as the command line asks for it, checked before the repository is opened.
private struct BackupPlan {
  enum Source {
    case paths([FilePath])
    case stream(StreamSource)
  }

  let invocation: Invocation
  let source: Source
  let options: BackupOptions
  let parent: SnapshotSelector?

  init(_ invocation: Invocation) throws {
    self.invocation = invocation
    try invocation.refuseTogether(BackupCommand.parent, BackupCommand.force)
    try invocation.refuseTogether(BackupCommand.parent, BackupCommand.groupBy)
    try invocation.refuseTogether(BackupCommand.jobs, BackupCommand.readConcurrency)
    options = try Self.options(invocation)
    parent = try invocation.options.bytes(BackupCommand.parent).map { text in
      try SnapshotSelector(parsing: text)
    }
    if let stream = try StreamSource(invocation) {
      source = .stream(stream)
    } else {
      source = .paths(try BackupSources(invocation).paths)
    }
  }

  private static func options(_ invocation: Invocation) throws -> BackupOptions {
    let given = invocation.options
    var options = try SnapshotDescription.options(invocation)
    (options.exclusion, options.excludeTexts) = try BackupExclusions.exclusion(given)
    options.staysOnFileSystem = given.has(BackupExclusions.oneFileSystem)
    options.readsAll = given.has(BackupCommand.force)
    options.grouping = try given.value(BackupCommand.groupBy, as: SnapshotGrouping.self) ?? .usual
    options.verifiesSource = given.has(BackupCommand.verifySource)
    options.readsDevices = given.has(BackupCommand.readSpecial)
    options.skipsIfUnchanged = given.has(BackupCommand.skipIfUnchanged)
    options.recordsAccessTime = given.has(BackupCommand.withAccessTime)
    options.ignoresCtime = given.has(BackupCommand.ignoreCtime)
    options.ignoresInode = given.has(BackupCommand.ignoreInode)
    options.jobs = try jobs(invocation)
    return options
  }

  private static func jobs(_ invocation: Invocation) throws(Failure) -> Int {
    let option =
      invocation.options.has(BackupCommand.jobs)
      ? BackupCommand.jobs : BackupCommand.readConcurrency
    let count: Int? = try invocation.value(option, or: "IGUDAR_READ_CONCURRENCY")
    guard (0...256).contains(count ?? 0) else {
      throw invocation.usage("\(option.flag) must be at most 256")
    }
    return count ?? 0
  }

  /// Begins to list what is saved by paths.
  func beginListing() -> SourceListing? {
    guard case .paths(let paths) = source else { return nil }
    return SourceListing(of: paths, options: options)
  }

  func run(in repository: Repository, _ listing: SourceListing?) throws -> ExitCode {
    let output = invocation.output
    var options = options
    if let parent { options.parent = try repository.snapshot(parent).id }
    options.countsSources =
      !invocation.options.has(BackupCommand.noScan) && Progress.isShown(on: output)
    let progress = BackupProgress()
    let report = BackupReport(output, isDryRun: options.isDryRun)
    let summary = try Progress(output, sample: { BackupReport.sample(progress) }).during {
      try run(options, in: repository, listing, progress, report)
    }
    return try report.finish(summary)
  }

  private func run(
    _ options: BackupOptions, in repository: Repository, _ listing: SourceListing?,
    _ progress: BackupProgress, _ report: BackupReport
  ) throws -> BackupSummary {
    switch source {
    case .paths(let paths):
      let listing = listing ?? SourceListing(of: paths, options: options)
      let backup = Backup(listing, to: repository, options: options)
      return try backup.run(progress: progress, report: report.take)
    case .stream(let stream):
      return try stream.reading { descriptor, confirm in
        let backup = StreamBackup(
          of: descriptor, named: stream.path, to: repository, options: options)
        return try backup.run(progress: progress, report: report.take, confirm: confirm)
      }
    }
  }
}

extension CompressionChoice {
  /// As the engine takes it.
  var compression: Compression {
    switch self {
    case .off: .off
    case .auto: .auto
    case .level(let level): .level(Int32(level))
    }
  }
}
