// `igudar ls`. Entries are printed as the walk meets them: the first at once, none is kept but to be
// sorted.

import Igudar
import Platform
import Vault

/// Lists what is in a snapshot.
enum ListCommand {
  static let long = Option("long", "l", help: "print mode, owner, size and time too")
  static let recursive = Option("recursive", help: "list what is below the folders named, too")
  static let humanReadable = Option("human-readable", help: "print sizes as people read them")
  static let ncdu = Option("ncdu", help: "print what `ncdu -f-` reads")
  static let sort = Option(
    "sort", "s", takes: "BY", help: "name, size, time (or mtime), atime, ctime or extension")
  static let reverse = Option("reverse", help: "print the last first")

  static let command = Command(
    "ls", summary: "List the files in a snapshot", operands: "SNAPSHOT[:PATH] [DIR …]",
    operandCount: 1...Int.max,
    details: """
      Lists all of the snapshot, or with :PATH all of that folder, whose entries then begin at /.
      With DIRs, which are paths in the snapshot, only these folders and what is directly
      in them; with --recursive all that is below them.
      """,
    options: [long, recursive, humanReadable, sort, reverse, ncdu] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let selector = try SnapshotSelector(parsing: invocation.operands[0])
    var choice = try ListedFolders(invocation)
    let isNcdu = invocation.options.has(ncdu)
    if isNcdu && (!choice.folders.isEmpty || invocation.output.isJSON) {
      throw invocation.usage("--ncdu goes without DIRs and --json; use SNAPSHOT:PATH for a part")
    }
    let (sorted, filter) = (try sorting(invocation), try invocation.filter())
    let repository = try invocation.openRepository()
    let snapshot = try repository.snapshot(selector, filter: filter)
    let folder = try repository.entry(at: selector.path ?? [], in: snapshot)
    if isNcdu { return try export(folder, of: snapshot, in: repository, invocation.output) }
    let printer = ListPrinter(invocation)
    printer.begin(snapshot, filteredBy: choice.folders)
    if folder.type != .directory { printer.print(folder, at: FilePath("/").appending(folder.name)) }
    let code = try list(folder, in: repository, &choice, printer, sorted)
    if let missing = choice.missing, folder.type == .directory {
      throw Failure.selector("snapshot \(snapshot.id.shortHex) has no “\(missing)”")
    }
    return code
  }

  private static func sorting(_ invocation: Invocation) throws -> SortedEntries? {
    let given = invocation.options
    let order = try given.value(sort, as: EntryOrder.self)
    guard order != nil || given.has(reverse) else { return nil }
    try invocation.refuseTogether(ncdu, sort)
    try invocation.refuseTogether(ncdu, reverse)
    return SortedEntries(by: order ?? .name, reversed: given.has(reverse))
  }

  private static func export(
    _ folder: Entry, of snapshot: SnapshotInfo, in repository: Repository, _ output: Output
  ) throws -> ExitCode {
    guard folder.type == .directory else {
      throw Failure("“\(folder.name)” is a \(folder.type.word), not a folder")
    }
    let printer = NcduPrinter(output)
    printer.begin(folder, in: snapshot)
    let code = try walk(folder, in: repository, output) { entry, directory in
      printer.print(entry, depth: directory.depth + 1)
      return output.isClosed ? .stop : .onward
    }
    printer.finish()
    return code
  }

  private static func list(
    _ folder: Entry, in repository: Repository, _ choice: inout ListedFolders,
    _ printer: ListPrinter, _ sorted: SortedEntries?
  ) throws -> ExitCode {
    var failure: (any Error)?
    let code = try walk(folder, in: repository, printer.output) { entry, directory in
      let path = directory.appending(entry.name)
      let place = choice.judge(path)
      if place.isListed {
        guard let sorted else {
          printer.print(entry, at: path)
          return printer.isClosed ? .stop : place.isEntered ? .onward : .past
        }
        do { try sorted.add(entry, at: path) } catch {
          failure = error
          return .stop
        }
      }
      return place.isEntered ? .onward : .past
    }
    if let failure { throw failure }
    try sorted?.forEach { entry, path in
      printer.print(entry, at: path)
      return !printer.isClosed
    }
    return code
  }

  private static func walk(
    _ folder: Entry, in repository: Repository, _ output: Output,
    _ visit: (Entry, PathTrail) -> WalkStep
  ) throws -> ExitCode {
    var code = ExitCode.done
    try TreeWalk(repository).visit(
      below: folder,
      unreadable: { path, error in
        let failure = Failure.explaining(error)
        output.warning("cannot be listed: \(failure.message)", item: path.bytes, during: "ls")
        code = code.worse(of: failure.code)
      }, visit)
    return code
  }
}

/// Which part of a snapshot is listed.
struct ListedFolders {
  /// Absolute and clean; none for everything.
  let folders: [FilePath]
  private let isRecursive: Bool
  private var met: Set<FilePath> = ["/"]

  init(_ invocation: Invocation) throws(Failure) {
    // As from a variable that is not set.
    guard !invocation.operands.contains([]) else { throw invocation.usage("a DIR is empty") }
    let folders = invocation.operands.dropFirst().map { FilePath($0).absolute(from: "/") }
    self.init(folders, recursive: invocation.options.has(ListCommand.recursive))
  }

  init(_ folders: [FilePath], recursive: Bool) {
    self.folders = folders
    isRecursive = recursive
  }

  /// Whether an entry is printed, and whether what is in it is looked at.
  mutating func judge(_ path: FilePath) -> (isListed: Bool, isEntered: Bool) {
    if folders.isEmpty { return (true, true) }
    let isListed = folders.contains { path.bytes.isPath(below: $0.bytes) }
    let leads = folders.contains { $0.bytes.isPath(below: path.bytes) }
    if leads && folders.contains(path) { met.insert(path) }
    return (isListed, leads || isListed && isRecursive)
  }

  /// A folder that was not met.
  var missing: FilePath? { folders.first { !met.contains($0) } }
}

extension [UInt8] {
  /// Whether this path is another one or lies below it; both absolute and clean.
  fileprivate func isPath(below other: [UInt8]) -> Bool {
    if other == [0x2f] { return true }
    guard starts(with: other) else { return false }
    return count == other.count || self[other.count] == 0x2f
  }
}

extension EntryOrder: Parsable {}
