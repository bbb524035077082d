// Visits everything below a directory of a snapshot: depth first, names in byte order, a folder
// before what is in it. One leaf of every directory on the way is in memory, however many entries
// there are, and the first entry is told as soon as its leaf is read. Nothing recurses.
//
// A directory that cannot be read is told and passed over: it hides nothing else.

public import Platform
package import Vault

/// Where a walk goes from an entry.
public enum WalkStep: Sendable {
  /// On, into the entry if it is a directory.
  case onward
  /// On, but not into the entry.
  case past
  /// Nowhere: the walk is over.
  case stop
}

/// A walk over the entries of snapshots.
public struct TreeWalk: Sendable {
  private let source: any NodeSource

  /// A walk through a repository, whose index is loaded for it.
  public init(_ repository: Repository) throws(RepositoryError) {
    source = try vaultErrors { () throws(VaultError) in try repository.nodeSource() }
  }

  package init(from source: any NodeSource) {
    self.source = source
  }

  /// Visits the entries below a directory, whose own path is given.
  ///
  /// `visit` gets each entry with its path; `unreadable` gets directories whose entries cannot be
  /// had. What is no directory has nothing below it.
  /// - Throws: `interrupted` when the program is asked to end.
  public func visit(
    below directory: Entry, at path: FilePath = "/",
    unreadable: (FilePath, RepositoryError) -> Void,
    _ visit: (Entry, FilePath) -> WalkStep
  ) throws(RepositoryError) {
    guard let children = directory.children else { return }
    try vaultErrors { () throws(VaultError) in
      try views(
        of: children, at: path,
        unreadable: { (path, error) throws(VaultError) in unreadable(path, RepositoryError(error)) }
      ) { (view, parent) throws(VaultError) in
        let entry = view.entry
        return visit(entry, parent.appending(entry.name))
      }
    }
  }

  /// As `visit`, with entries in place and the path of their directory: nothing is copied.
  package func views(
    of children: Children, at path: FilePath,
    unreadable: (FilePath, VaultError) throws(VaultError) -> Void,
    _ visit: (borrowing EntryView, FilePath) throws(VaultError) -> WalkStep
  ) throws(VaultError) {
    var levels = [Level(children, path, source)]
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      do throws(VaultError) {
        guard try level.advance() else {
          levels.removeLast()
          continue
        }
      } catch {
        try unreadable(level.path, error)
        levels.removeLast()
        continue
      }
      switch try level.visit(visit) {
      case .stop: return
      case .past: break
      case .onward:
        guard let below = level.below(source) else { break }
        guard levels.count < TreeLimits.depth else {
          try unreadable(below.path, .limit("more than \(TreeLimits.depth) directories deep"))
          break
        }
        levels.append(below)
      }
    }
  }
}

/// A directory on the way.
private final class Level {
  let path: FilePath
  private var reader: DirectoryReader

  init(_ children: Children, _ path: FilePath, _ source: any NodeSource) {
    self.path = path
    reader = DirectoryReader(children, from: source)
  }

  func advance() throws(VaultError) -> Bool { try reader.advance() }

  func visit(
    _ body: (borrowing EntryView, FilePath) throws(VaultError) -> WalkStep
  ) throws(VaultError) -> WalkStep {
    try reader.withCurrent { entry in
      Result { () throws(VaultError) in try body(entry, path) }
    }.get()
  }

  /// The directory that the current entry is; nil if it is something else.
  func below(_ source: any NodeSource) -> Level? {
    reader.withCurrent { entry in
      guard let children = entry.children else { return nil }
      return Level(children, path.appending(Array(copying: entry.name)), source)
    }
  }
}
