// `igudar diff`. Differences are printed as the walk meets them; the numbers come at the end.

import Igudar
import Platform
import Vault

/// Shows what differs between two snapshots, or between one and a folder of this machine.
enum DiffCommand {
  static let metadata = Option(
    "metadata", help: "show also what differs in mode, owner, times or attributes only")
  static let local = Option(
    "local", takes: "PATH", help: "compare with this folder as it is now instead of a snapshot")
  static let checksum = Option(
    "checksum", help: "with --local: read files too whose size and time are the same")

  private static let exclusions =
    BackupExclusions.patterns.all
    + [BackupExclusions.excludeCaches, BackupExclusions.excludeIfPresent]

  static let command = Command(
    "diff", summary: "Show what differs between two snapshots",
    operands: "SNAPSHOT[:PATH] [SNAPSHOT[:PATH]]", operandCount: 1...2,
    details: """
      Each line begins with what happened, from the first to the second:

      +  is only in the second
      -  is only in the first
      M  has other content
      T  became something else, a file a link, say
      U  has other metadata
      ?  has other content though nothing else says so: bit rot

      With --local PATH the second is a folder of this machine; the first is the same folder in the
      snapshot, or what :PATH names. A file of another size or modification time is read and
      compared chunk by chunk; with --checksum all are. With --metadata files and folders are opened
      for their inode flags and project IDs, too. What is excluded is passed over on both sides, as
      the backup passes over it.
      """,
    options: [metadata, local, checksum] + exclusions + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let selectors = try invocation.selectors()
    let filter = try invocation.filter()
    let folder = invocation.options.bytes(local).map { FilePath($0) }
    guard selectors.count == (folder == nil ? 2 : 1) else {
      throw invocation.usage(
        folder == nil
          ? "name two snapshots, or one and --local PATH"
          : "--local takes the place of the second snapshot")
    }
    for option in [checksum] + exclusions where folder == nil && invocation.options.has(option) {
      throw invocation.usage("\(option.flag) is about --local")
    }
    let repository = try invocation.openRepository()
    let old = try DiffTree(selectors[0], filter, local: folder, in: repository)
    guard let folder else {
      let new = try DiffTree(selectors[1], filter, local: nil, in: repository)
      return try compare(old, new, in: repository, invocation)
    }
    return try compare(old, with: folder, in: repository, invocation)
  }

  private static func compare(
    _ old: DiffTree, _ new: DiffTree, in repository: Repository, _ invocation: Invocation
  ) throws -> ExitCode {
    let printer = DiffPrinter(invocation)
    printer.begin("comparing snapshot \(old.name) to \(new.name):")
    try TreeDiff(repository).run(
      from: old.entry, to: new.entry, unreadable: { printer.unreadable($0, $1) },
      found: { printer.print($0) })
    if printer.isClosed { return printer.code }
    let added = try repository.chunks(neededBy: new.entry, beyond: old.entry) {
      printer.unreadable(nil, $0)
    }
    let removed = try repository.chunks(neededBy: old.entry, beyond: new.entry) {
      printer.unreadable(nil, $0)
    }
    printer.finish(old.id.hex, new.id.hex, chunks: (added, removed))
    return printer.code
  }

  private static func compare(
    _ old: DiffTree, with folder: FilePath, in repository: Repository, _ invocation: Invocation
  ) throws -> ExitCode {
    guard folder.isAbsolute || hasWorkingDirectory() else {
      throw Failure("\(folder) is relative to the working directory, which was deleted")
    }
    let printer = DiffPrinter(invocation)
    printer.begin("comparing snapshot \(old.name) to \(folder):")
    var options = LocalDiffOptions()
    options.readsAll = invocation.options.has(checksum)
    options.readsMarks = invocation.options.has(metadata)
    options.exclusion = try BackupExclusions.exclusion(invocation.options).exclusion
    do throws(RepositoryError) {
      try LocalDiff(repository, options: options).run(
        from: old.entry, to: folder, unreadable: { printer.unreadable($0, $1) },
        unreadableSource: { printer.unreadableSource($0, $1) }, found: { printer.print($0) })
    } catch {
      guard case .noSource(let what) = error else { throw error }
      throw Failure("cannot compare with \(what)", nextStep: "Name a folder that can be read.")
    }
    if !printer.isClosed { printer.finish(old.id.hex, nil, chunks: nil) }
    return printer.code
  }
}

/// One of the two things that are compared.
private struct DiffTree {
  let id: SnapshotID
  let entry: Entry
  /// The short ID, and the path in the snapshot if it is not all of it.
  let name: String

  /// Finds the tree in the repository: what is named, else the same folder as the local one.
  init(
    _ selector: SnapshotSelector, _ filter: SnapshotFilter, local folder: FilePath?,
    in repository: Repository
  ) throws {
    let snapshot = try repository.snapshot(selector, filter: filter)
    let path = try selector.path ?? folder.map { try repository.place(of: $0, in: snapshot) } ?? []
    id = snapshot.id
    entry = try repository.entry(at: path, in: snapshot)
    let text = printable(Array(path.map(\.bytes).joined(separator: [0x2f])))
    name = id.shortHex + (path.isEmpty ? "" : ":/\(text)")
    guard entry.type == .directory else {
      throw Failure(
        "“/\(text)” is a \(entry.type.word), not a folder", nextStep: "Compare the folders around.")
    }
  }
}
