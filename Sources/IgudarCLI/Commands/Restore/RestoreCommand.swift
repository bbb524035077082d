// `igudar restore`.

import Igudar
import Platform
import Vault

/// Puts the files of a snapshot into a folder.
enum RestoreCommand {
  static let target = Option("target", "t", takes: "DIR", help: "folder to restore into")
  static let numericIDs = Option(
    "numeric-ids", help: "set owners by number, whatever their names are here")
  static let noAttributes = Option("no-xattrs", help: "set no extended attributes and no ACLs")
  static let sparse = Option("sparse", help: "make holes of long runs of zeros")
  static let jobs = Option(
    "jobs", "j", takes: "COUNT", help: "workers that fetch and write (default: one per core)")

  static let command = Command(
    "restore", summary: "Restore a snapshot or a part of one",
    operands: "SNAPSHOT[:PATH]", operandCount: 1...1,
    details: """
      SNAPSHOT is an ID, the unique beginning of one, latest, or latest~N for the N-th before it;
      the options that choose snapshots say among which. With :PATH the content of that folder, or
      that one file, goes into DIR. Files that are there already are replaced, others are kept.

      Exit code 1 when some files could not be restored, 3 when all that is missing takes more
      rights than the user has, 5 when the repository is damaged.
      """,
    options: [target, numericIDs, noAttributes, sparse, jobs] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    guard let target = invocation.options.bytes(target), !target.isEmpty else {
      throw invocation.usage("say where to: --target DIR")
    }
    let (selector, filter) = (try invocation.selectors()[0], try invocation.filter())
    let options = try options(invocation)
    try refuseRepository(as: FilePath(target), invocation)
    let repository = try invocation.openRepository()
    let snapshot = try repository.snapshot(selector, filter: filter)
    let source = try repository.entry(at: selector.path ?? [], in: snapshot)
    let report = RestoreReport(invocation.output)
    report.begin(snapshot, selector, FilePath(target))
    let progress = RestoreProgress()
    try report.showing(progress) {
      let restore = Restore(source, of: repository, to: FilePath(target), options: options)
      try restore.run(progress: progress, report: report.take)
    }
    return try report.finish(progress)
  }

  // What is restored into the repository's own folder would be taken for part of it.
  private static func refuseRepository(
    as target: FilePath, _ invocation: Invocation
  ) throws(Failure) {
    let place = try invocation.settings().location.path
    guard let repository = realPath(place) else { return }
    var ancestor = target
    while realPath(ancestor) == nil, ancestor.parent != ancestor { ancestor = ancestor.parent }
    guard let folder = realPath(ancestor),
      folder.components.starts(with: repository.components)
    else { return }
    throw .target("\(target)", "it lies inside the repository")
  }

  private static func options(_ invocation: Invocation) throws(Failure) -> RestoreOptions {
    let given = invocation.options
    var options = RestoreOptions()
    options.usesNumbersOnly = given.has(numericIDs)
    options.skipsAttributes = given.has(noAttributes)
    options.makesSparse = given.has(sparse)
    options.jobs = try given.value(jobs, as: Int.self) ?? 0
    guard options.jobs <= 256 else { throw invocation.usage("--jobs must be at most 256") }
    options.tellsItems = invocation.output.verbosity > 2
    return options
  }
}
