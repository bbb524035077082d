// Walks two trees side by side, both in byte order of names, and tells what differs as it is met.
// What both trees share is never read: directories that have the same nodes, and equal nodes inside
// large directories that changed elsewhere. In memory is one leaf of every directory on the way, of
// both trees. Nothing recurses.
//
// Where a directory is damaged or missing in one tree, the other says nothing about it either: no
// entry is told as added or removed because of damage. Every other error ends the walk.

public import Platform
import Vault

/// A comparison of two trees of a repository.
public struct TreeDiff: Sendable {
  private let source: any NodeSource

  /// A comparison in a repository, whose index is loaded for it.
  public init(_ repository: Repository) throws(RepositoryError) {
    source = try vaultErrors { () throws(VaultError) in try repository.nodeSource() }
  }

  package init(from source: any NodeSource) {
    self.source = source
  }

  /// Tells all differences below two directories, parents before what is in them.
  ///
  /// `found` answers whether to go on; `unreadable` gets directories that cannot be compared to
  /// their end, as they are damaged, missing or too deep.
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func run(
    from old: Entry, to new: Entry, unreadable: (FilePath, RepositoryError) -> Void,
    found: (Difference) -> Bool
  ) throws(RepositoryError) {
    try vaultErrors { () throws(VaultError) in
      try walk(
        DiffLevel(old.children, new.children, source),
        unreadable: { unreadable($0, RepositoryError($1)) }, found: found)
    }
  }

  private func walk(
    _ root: DiffLevel, unreadable: (FilePath, VaultError) -> Void, found: (Difference) -> Bool
  ) throws(VaultError) {
    var levels = [root]
    var folder = PathTrail("/")
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      var pair: DiffPair?
      do throws(VaultError) { pair = try level.next() } catch {
        guard error.isLoss else { throw error }
        unreadable(folder.path, error)
      }
      guard let pair else {
        levels.removeLast()
        folder.leave()
        continue
      }
      if let difference = pair.difference(in: folder), !found(difference) { return }
      guard let below = level.below(pair, source) else { continue }
      folder.enter(pair.name.bytes)
      if levels.count < TreeLimits.depth {
        levels.append(below)
      } else {
        unreadable(folder.path, .tooDeep)
        folder.leave()
      }
    }
  }
}

/// What stands at one name in two directories that are not the same there.
enum DiffPair {
  case removed(Entry)
  case added(Entry)
  case both(Entry, Entry)

  var name: FileName {
    switch self {
    case .removed(let entry), .added(let entry), .both(_, let entry): entry.name
    }
  }

  /// What is told of it, if anything; the path is that of the directories.
  func difference(in directory: PathTrail) -> Difference? {
    switch self {
    case .removed(let entry): Difference(directory.appending(entry.name), removed: entry)
    case .added(let entry): Difference(directory.appending(entry.name), added: entry)
    case .both(let old, let new): Difference(directory.appending(new.name), from: old, to: new)
    }
  }
}

/// Two directories of one path on the way; either can be missing.
private final class DiffLevel {
  private let old: DiffSide
  private let new: DiffSide

  init(_ old: Children?, _ new: Children?, _ source: any NodeSource) {
    let isSame = old == new
    self.old = DiffSide(isSame ? nil : old, source)
    self.new = DiffSide(isSame ? nil : new, source)
  }

  /// The next name at which the directories differ; nil at the end.
  func next() throws(VaultError) -> DiffPair? {
    while true {
      if !old.isWaiting && !new.isWaiting {
        try DirectoryReader.passShared(&old.reader, &new.reader)
      }
      switch (try old.fill(), try new.fill()) {
      case (false, false): return nil
      case (true, false): return .removed(old.take())
      case (false, true): return .added(new.take())
      case (true, true):
        let order = old.order(new)
        if order < 0 { return .removed(old.take()) }
        if order > 0 { return .added(new.take()) }
        guard old.isSame(as: new) else { return .both(old.take(), new.take()) }
        old.pass()
        new.pass()
      }
    }
  }

  /// The directories at a name; nil if neither entry is one.
  func below(_ pair: DiffPair, _ source: any NodeSource) -> DiffLevel? {
    let (old, new): (Children?, Children?) =
      switch pair {
      case .removed(let entry): (entry.children, nil)
      case .added(let entry): (nil, entry.children)
      case .both(let old, let new): (old.children, new.children)
      }
    guard old != nil || new != nil else { return nil }
    return DiffLevel(old, new, source)
  }
}
