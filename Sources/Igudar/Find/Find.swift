// Searches one snapshot after the other. A directory that was searched at some path without finding
// anything is not entered again at that path while it has the same nodes: what snapshots share is
// searched once. What had hits is walked again, so that nothing has to be kept but digests, and of
// those only so many in memory.

public import Platform
import Vault

/// A search over snapshots, one after the other; not shared.
public final class Find {
  private let search: SubtreeSearch<PatternSet.State?>
  private let query: FindQuery

  /// A search in a repository, whose index is loaded for it.
  public init(_ query: FindQuery, in repository: Repository) throws(RepositoryError) {
    repository.vault.allowRereadingIndex()
    self.query = query
    search = try SubtreeSearch(
      in: vaultErrors { () throws(VaultError) in try repository.nodeSource() })
  }

  init(_ query: FindQuery, from source: any NodeSource) {
    self.query = query
    search = SubtreeSearch(in: source)
  }

  /// Tells what is found in a tree, in its order, with its path.
  ///
  /// `found` answers whether to go on; `unreadable` gets directories that cannot be searched to
  /// their end. False when `found` ended it.
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func run(
    in tree: Entry, unreadable: (FilePath, RepositoryError) -> Void,
    found: (Entry, FilePath) -> Bool
  ) throws(RepositoryError) -> Bool {
    try vaultErrors { () throws(VaultError) in
      try search.run(
        in: tree, state: query.patterns?.root,
        unreadable: { unreadable($0, RepositoryError($1)) }
      ) { (entry, directory, state) throws(VaultError) in
        try visit(entry, in: directory, state, found)
      }
    }
  }

  private func visit(
    _ entry: borrowing EntryView, in directory: PathTrail, _ state: PatternSet.State?,
    _ found: (Entry, FilePath) -> Bool
  ) throws(VaultError) -> SubtreeSearch<PatternSet.State?>.Finding {
    let isDirectory = entry.type == .directory
    var (isChosen, isEntered) = (true, isDirectory)
    var below: PatternSet.State?
    if let patterns = query.patterns, let state {
      if isDirectory {
        let own = patterns.enter(entry.name, from: state)
        let match = patterns.match(of: own)
        (isChosen, isEntered, below) = (match.isMatched, match.childMayMatch, own)
      } else {
        isChosen = patterns.matches(entry.name, in: state)
      }
    }
    let isHit = isChosen && query.matches(entry)
    if isHit {
      let whole = entry.entry
      guard found(whole, directory.appending(whole.name)) else { return .stop }
    }
    return .next(isHit: isHit, below: isEntered ? .some(below) : .none)
  }
}
