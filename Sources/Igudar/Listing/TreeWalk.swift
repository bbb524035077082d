// Visits everything below a directory of a snapshot: depth first, names in byte order, a folder
// before what is in it. One leaf of every directory on the way is in memory, however many entries
// there are, and the first entry is told as soon as its leaf is read. Nothing recurses.
//
// A directory of which something is lost is told and passed over: it hides nothing else. Every other
// error ends the walk, as it would come again with the next directory.

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
    repository.vault.allowRereadingIndex()
    source = try vaultErrors { () throws(VaultError) in try repository.nodeSource() }
  }

  package init(from source: any NodeSource) {
    self.source = source
  }

  /// Visits the entries below a directory, whose own path is given.
  ///
  /// `visit` gets each entry with the folder in which it is; `unreadable` gets directories whose
  /// entries are damaged or missing, or that lie too deep. What is no directory has nothing below it.
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func visit(
    below directory: Entry, at path: FilePath = "/",
    unreadable: (FilePath, RepositoryError) -> Void,
    _ visit: (Entry, PathTrail) -> WalkStep
  ) throws(RepositoryError) {
    guard let children = directory.children else { return }
    try vaultErrors { () throws(VaultError) in
      try views(
        of: children, at: path,
        unreadable: { (folder, error) throws(VaultError) in
          unreadable(folder.path, RepositoryError(error))
        }
      ) { (view, folder) throws(VaultError) in visit(view.entry, folder) }
    }
  }

  /// As `visit`, with entries in place: nothing is copied.
  package func views(
    of children: Children, at path: FilePath,
    unreadable: (PathTrail, VaultError) throws(VaultError) -> Void,
    _ visit: (borrowing EntryView, PathTrail) throws(VaultError) -> WalkStep
  ) throws(VaultError) {
    var levels = [Level(children, source)]
    var folder = PathTrail(path)
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      do throws(VaultError) {
        guard try level.advance() else {
          levels.removeLast()
          folder.leave()
          continue
        }
      } catch {
        guard error.isLoss else { throw error }
        try unreadable(folder, error)
        levels.removeLast()
        folder.leave()
        continue
      }
      switch try level.visit(in: folder, visit) {
      case .stop: return
      case .past: break
      case .onward:
        guard let (name, children) = level.below else { break }
        folder.enter(name)
        guard levels.count < TreeLimits.depth else {
          try unreadable(folder, .tooDeep)
          folder.leave()
          break
        }
        levels.append(Level(children, source))
      }
    }
  }
}

/// A directory on the way.
private final class Level {
  private var reader: DirectoryReader

  init(_ children: Children, _ source: any NodeSource) {
    reader = DirectoryReader(children, from: source)
  }

  func advance() throws(VaultError) -> Bool { try reader.advance() }

  func visit(
    in folder: PathTrail,
    _ body: (borrowing EntryView, PathTrail) throws(VaultError) -> WalkStep
  ) throws(VaultError) -> WalkStep {
    try reader.withCurrent { entry in
      Result { () throws(VaultError) in try body(entry, folder) }
    }.get()
  }

  /// The directory that the current entry is; nil if it is something else.
  var below: (name: [UInt8], children: Children)? {
    reader.withCurrent { entry in
      guard let children = entry.children else { return nil }
      return (Array(copying: entry.name), children)
    }
  }
}

extension VaultError {
  /// What is told of a directory that lies deeper than a walk goes.
  static var tooDeep: Self { .limit("more than \(TreeLimits.depth) directories deep") }
}
