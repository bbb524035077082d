// Compares a directory of a snapshot with one of this machine, side by side in byte order of names.
// Files that look the same are taken as the same unless all are to be read; a file that is read is
// compared with its chunks by their keyed hashes, so that nothing of it is fetched.
//
// Compared is what a restore would bring back and this machine can show: not ctime, inode, access
// and birth times, link counts or names of owners. Inode flags and project IDs belong to open files
// and are compared on request.

import Glibc
public import Platform
import Vault

/// What a comparison with this machine is asked to do.
public struct LocalDiffOptions: Sendable {
  /// Whether files are read whose size and modification time are the same.
  public var readsAll = false
  /// Whether files and folders are opened for their inode flags and project IDs.
  public var readsMarks = false
  /// What is passed over, on either side.
  public var exclusion = Exclusion()

  /// The defaults.
  public init() {}
}

/// A comparison of a tree with a folder of this machine.
public struct LocalDiff: Sendable {
  private let vault: Vault
  private let source: any NodeSource
  private let options: LocalDiffOptions

  /// A comparison in a repository, whose index is loaded for it.
  public init(_ repository: Repository, options: LocalDiffOptions) throws(RepositoryError) {
    vault = repository.vault
    source = try vaultErrors { () throws(VaultError) in try repository.nodeSource() }
    self.options = options
  }

  /// Tells all differences from a directory of a snapshot to a folder of this machine.
  ///
  /// `found` answers whether to go on; `unreadable` gets directories of the snapshot that cannot be
  /// compared to their end and files whose content it cannot tell, `unreadableSource` what cannot be
  /// read here.
  /// - Throws: `noSource` when the folder itself cannot be read; `interrupted`.
  public func run(
    from tree: Entry, to folder: FilePath, unreadable: (FilePath, RepositoryError) -> Void,
    unreadableSource: (FilePath, String) -> Void, found: (Difference) -> Bool
  ) throws(RepositoryError) {
    let directory: OpenDirectory
    do throws(SystemError) {
      directory = OpenDirectory(
        try Descriptor.open(folder, O_RDONLY | O_DIRECTORY), path: folder)
    } catch { throw .noSource("\(error)") }
    try vaultErrors { () throws(VaultError) in
      var walk = LocalDiffWalk(
        files: LocalFiles(vault, source, options), source: source,
        rules: rules(folder))
      try walk.run(
        tree.children, directory, unreadable: { unreadable($0, RepositoryError($1)) },
        unreadableSource: unreadableSource, found: found)
    }
  }

  private func rules(_ folder: FilePath) -> WalkRules {
    var backup = BackupOptions()
    backup.exclusion = options.exclusion
    return WalkRules(
      backup, targets: BackupTargets([folder], workingDirectory: workingDirectory()))
  }
}

/// A running comparison.
private struct LocalDiffWalk {
  private let files: LocalFiles
  private let source: any NodeSource
  private let rules: WalkRules
  private var levels: [LocalDiffLevel] = []
  private var folder = PathTrail("/")

  init(files: LocalFiles, source: any NodeSource, rules: WalkRules) {
    self.files = files
    self.source = source
    self.rules = rules
  }

  mutating func run(
    _ children: Children?, _ directory: OpenDirectory,
    unreadable: (FilePath, VaultError) -> Void, unreadableSource: (FilePath, String) -> Void,
    found: (Difference) -> Bool
  ) throws(VaultError) {
    let state = rules.state(of: directory.path.absolute(from: workingDirectory()))
    open(children, directory, state, unreadableSource)
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      do throws(LocalDiffProblem) {
        guard let pair = try level.next(files) else {
          leave()
          continue
        }
        if let difference = pair.difference(in: folder), !found(difference) { return }
        try enter(pair, in: level, unreadableSource)
      } catch {
        switch error {
        case .here(let path, let message): unreadableSource(path, message)
        case .content(let name, let error): unreadable(folder.appending(name), error)
        case .tree(let error):
          guard error.isLoss else { throw error }
          unreadable(folder.path, error)
          leave()
        }
      }
    }
  }

  private mutating func enter(
    _ pair: DiffPair, in level: LocalDiffLevel, _ unreadableSource: (FilePath, String) -> Void
  ) throws(LocalDiffProblem) {
    let (old, new): (Entry?, Entry?) =
      switch pair {
      case .removed(let old): (old, nil)
      case .added(let new): (nil, new)
      case .both(let old, let new): (old, new)
      }
    guard old?.type == .directory || new?.type == .directory else { return }
    let name = pair.name
    guard levels.count < TreeLimits.depth else { throw .content(name, .tooDeep) }
    let directory = try new?.type == .directory ? level.open(name) : nil
    folder.enter(name.bytes)
    let isOpen = open(
      old?.children, directory, rules.state(of: name, in: level.state), unreadableSource)
    if !isOpen { folder.leave() }
  }

  private mutating func leave() {
    levels.removeLast()
    folder.leave()
  }

  @discardableResult
  private mutating func open(
    _ children: Children?, _ directory: OpenDirectory?, _ state: PatternSet.State?,
    _ unreadableSource: (FilePath, String) -> Void
  ) -> Bool {
    do throws(SourceProblem) {
      levels.append(try LocalDiffLevel(DiffSide(children, source), directory, rules, state))
      return true
    } catch {
      unreadableSource(directory?.path ?? folder.path, error.message)
      return false
    }
  }
}

/// Why a comparison cannot go on at one place.
enum LocalDiffProblem: Error {
  /// This file or folder cannot be read, in words.
  case here(FilePath, String)
  /// The snapshot does not say what is in the file of this name, or the folder lies too deep.
  case content(FileName, VaultError)
  /// The folder of the snapshot cannot be read on, or nothing can.
  case tree(VaultError)
}

/// A directory of the snapshot and one of this machine; either can be missing.
private final class LocalDiffLevel {
  private let old: DiffSide
  private let directory: OpenDirectory?
  private let names: WalkNames
  private let rules: WalkRules
  /// Where the directory stands in the patterns that exclude.
  let state: PatternSet.State?
  private var position = 0

  init(
    _ old: DiffSide, _ directory: OpenDirectory?, _ rules: WalkRules, _ state: PatternSet.State?
  ) throws(SourceProblem) {
    self.old = old
    self.directory = directory
    self.rules = rules
    self.state = state
    if let directory {
      names = try rules.names(of: directory, node: nil)
    } else {
      names = .given([])
    }
  }

  /// The next name that is not excluded, with what stands there; nil at the end.
  func next(_ files: LocalFiles) throws(LocalDiffProblem) -> DiffPair? {
    while true {
      let hasOld: Bool
      do throws(VaultError) { hasOld = try old.fill() } catch { throw .tree(error) }
      guard let directory, position < names.count else {
        guard hasOld else { return nil }
        if let removed = takeRemoved() { return removed }
        continue
      }
      let name = names.name(position)
      let order = hasOld ? old.order(name) : 1
      if order < 0 {
        if let removed = takeRemoved() { return removed }
        continue
      }
      position += 1
      let before = order == 0 ? old.take() : nil
      if rules.excludes(name, in: state) { continue }
      let entry = try files.entry(name, in: directory, before: before)
      return before.map { .both($0, entry) } ?? .added(entry)
    }
  }

  // Of a folder that a tag excludes, only the tag counts.
  private func takeRemoved() -> DiffPair? {
    let entry = old.take()
    if rules.excludes(entry.name, in: state) { return nil }
    if directory != nil, case .given = names { return nil }
    return .removed(entry)
  }

  /// Opens a folder of this machine.
  func open(_ name: FileName) throws(LocalDiffProblem) -> OpenDirectory {
    guard let directory else { preconditionFailure("a folder is in an open one") }
    do throws(Errno) {
      let open = try Descriptor.openSource(name, at: directory.descriptor.raw, flags: O_DIRECTORY)
      return OpenDirectory(open, name, in: directory)
    } catch { throw .here(directory.path.appending(name), error.reason(in: "open")) }
  }
}
