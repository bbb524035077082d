// `igudar restore`.

import Igudar
import Platform
import Storage
import Vault

/// Puts the files of a snapshot into a folder.
enum RestoreCommand {
  static let target = Option("target", "t", takes: "DIR", help: "folder to restore into")
  static let dryRun = Option("dry-run", "n", help: "change nothing, tell what would be done")
  static let overwrite = Option(
    "overwrite", takes: "WHICH",
    help: "files that may be replaced: always (default), if-changed, if-newer, never")
  static let delete = Option("delete", help: "delete from DIR what the snapshot does not have")
  static let verify = Option("verify", help: "read the restored files again and compare them")
  static let include = PatternOptions.including(help: "restore only what matches")
  static let sparse = Option("sparse", help: "make holes of long runs of zeros")
  static let inPlace = Option(
    "inplace", help: "patch files that differ where they lie, not in a copy that replaces them")
  static let numericIDs = Option(
    "numeric-ids", help: "set owners by number, whatever their names are here")
  static let noOwner = Option("no-owner", help: "set no owners: all belongs to who restores")
  static let noAttributes = Option("no-xattrs", help: "set no extended attributes and no ACLs")
  static let includeAttributes = Option(
    "include-xattr", takes: "PATTERN", repeatable: true,
    help: "set only extended attributes whose names match, as user.*")
  static let excludeAttributes = Option(
    "exclude-xattr", takes: "PATTERN", repeatable: true,
    help: "set none whose names match; ACLs are system.posix_acl_*")
  static let jobs = Option(
    "jobs", "j", takes: "COUNT", help: "workers that fetch and write (default: one per core)")

  static let command = Command(
    "restore", summary: "Restore a snapshot or a part of one",
    operands: "SNAPSHOT[:PATH]", operandCount: 1...1,
    details: """
      SNAPSHOT is an ID, the unique beginning of one, latest, or latest~N for the N-th before it;
      the options that choose snapshots say among which. With :PATH the content of that folder, or
      that one file, goes into DIR.

      What DIR has already is compared first, and only what differs is fetched and written: by
      content, or by size and time with --overwrite if-changed. A file has its name only when all
      of it is there. What was interrupted is taken up by running it again.

      Patterns are those of backup, for paths within what is restored; of one file that is its name.
      --delete obeys them too.

      Exit code 1 when some files could not be restored, 3 when all that is missing takes more
      rights than the user has, or lies where something is kept, which are the repository's own
      folder and, with --delete, what is mounted in DIR, 5 when the repository is damaged, 13 when
      DIR may not be written.
      """,
    options: own + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static let own =
    [target, dryRun, overwrite, delete, verify] + include.all + BackupExclusions.patterns.all
    + [
      sparse, inPlace, numericIDs, noOwner, noAttributes, includeAttributes, excludeAttributes,
      jobs,
    ]

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    guard let bytes = invocation.options.bytes(target), !bytes.isEmpty else {
      throw invocation.usage("say where to: --target DIR")
    }
    let target = FilePath(bytes)
    let (selector, filter) = (try invocation.selectors()[0], try invocation.filter())
    var options = try options(invocation)
    try refuseRepository(as: target, invocation)
    try refuseDeletingAll(of: target, options)
    let repository = try invocation.openRepository()
    let snapshot = try repository.snapshot(selector, filter: filter)
    if options.deletesExtra { try requireWhole(snapshot, invocation) }
    options.snapshot = snapshot.id
    let source = try repository.entry(at: selector.path ?? [], in: snapshot)
    let report = RestoreReport(invocation.output, isDryRun: options.isDryRun)
    report.begin(snapshot, selector, target)
    let restore = Restore(source, of: repository, to: target, options: options)
    let progress = RestoreProgress()
    try report.showing(progress) {
      try restore.run(progress: progress, report: report.take)
      if invocation.options.has(verify), !options.isDryRun {
        report.beginVerification()
        try restore.verify(progress: progress, isKnown: report.isKnown, report: report.take)
      }
    }
    if case .including = options.selection, progress.totalFileCount == 0,
      progress.errorCount == 0
    {
      report.warnOfNothing()
    }
    return try report.finish(progress)
  }

  // What is restored into the repository's own folder would be taken for part of it.
  private static func refuseRepository(
    as target: FilePath, _ invocation: Invocation
  ) throws(Failure) {
    guard try invocation.settings().keep(target) else { return }
    throw .target("\(target)", "it belongs to the repository, or opens it")
  }

  // As restic does: a slip of the finger must not empty a machine.
  private static func refuseDeletingAll(
    of target: FilePath, _ options: RestoreOptions
  ) throws(Failure) {
    guard options.deletesExtra, (realPath(target) ?? target) == "/" else { return }
    if case .including = options.selection { return }
    throw Failure(
      .refused, "--delete with --target / would delete all that the snapshot does not have",
      nextStep: "Say with --include what is to be restored, or choose another --target.")
  }

  // What a backup did not save is no reason to delete it.
  private static func requireWhole(
    _ snapshot: SnapshotInfo, _ invocation: Invocation
  ) throws(Failure) {
    guard !snapshot.isPartial else {
      throw Failure(
        .refused,
        "--delete with the partial snapshot \(snapshot.id.shortHex) would delete what its backup had "
          + "not reached",
        nextStep: "Restore it without --delete, or choose a snapshot that is complete.")
    }
    let count = snapshot.snapshot.unreadableCount
    guard count > 0 else { return }
    invocation.output.warning(
      "\(counted(count, "source")) could not be read for this snapshot; --delete deletes what is "
        + "missing in it for that")
  }

  private static func options(_ invocation: Invocation) throws -> RestoreOptions {
    let given = invocation.options
    var options = RestoreOptions()
    options.isDryRun = given.has(dryRun)
    options.overwrite = try given.value(overwrite, as: Overwrite.self) ?? .always
    options.deletesExtra = given.has(delete)
    options.selection = try selection(invocation)
    try invocation.refuseTogether(numericIDs, noOwner)
    options.ownership =
      given.has(noOwner) ? .none : given.has(numericIDs) ? .byNumber : .byName
    options.skipsAttributes = given.has(noAttributes)
    options.attributes = try attributes(invocation)
    options.makesSparse = given.has(sparse)
    options.patchesInPlace = given.has(inPlace)
    options.jobs = try given.value(jobs, as: Int.self) ?? 0
    guard options.jobs <= 256 else { throw invocation.usage("--jobs must be at most 256") }
    options.tellsSteps = options.isDryRun || invocation.output.verbosity > 2
    options.protectedFolders = try invocation.settings().keptPlaces
    return options
  }

  private static func attributes(_ invocation: Invocation) throws -> RestoreSelection {
    try invocation.refuseTogether(noAttributes, includeAttributes)
    try invocation.refuseTogether(noAttributes, excludeAttributes)
    try invocation.refuseTogether(includeAttributes, excludeAttributes)
    let (chosen, left) = (
      invocation.options.all(includeAttributes), invocation.options.all(excludeAttributes)
    )
    if !chosen.isEmpty { return .including(try PatternSet(chosen)) }
    return left.isEmpty ? .everything : .excluding(try PatternSet(left))
  }

  private static func selection(_ invocation: Invocation) throws -> RestoreSelection {
    let chosen = try include.patterns(invocation.options).set
    let left = try BackupExclusions.patterns.patterns(invocation.options).set
    switch (chosen, left) {
    case (nil, nil): return .everything
    case (let patterns?, nil): return .including(patterns)
    case (nil, let patterns?): return .excluding(patterns)
    case (_?, _?): throw invocation.usage("--include and --exclude exclude each other")
    }
  }
}

extension Overwrite: Parsable {}
