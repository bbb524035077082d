// Where chunks are used: the paths whose content, attributes or entries need them. Snapshots share
// what was searched in vain, as in a search for files.

public import Platform
public import Vault

/// The chunks that a search is about.
public struct WantedChunks: Sendable {
  private var ids: Set<ChunkID> = []
  private var prefixes: [(digits: String, kind: ChunkKind)] = []

  /// None.
  public init() {}

  /// Adds a chunk of whatever kind.
  public mutating func add(_ id: ChunkID) { ids.insert(id) }

  /// Adds all chunks of a kind whose ID begins with these hex digits, lower case.
  public mutating func add(prefix: String, kind: ChunkKind) { prefixes.append((prefix, kind)) }

  func contains(_ id: ChunkID, _ kind: ChunkKind) -> Bool {
    ids.contains(id)
      || prefixes.contains { $0.kind == kind && id.hex.hasPrefix($0.digits) }
  }
}

/// One use of a chunk.
public struct ChunkUse: Sendable {
  /// The chunk.
  public let id: ChunkID
  /// What it is.
  public let kind: ChunkKind
  /// The file or directory that needs it.
  public let path: FilePath
  /// Whether that is a directory.
  public let isDirectory: Bool
}

/// A search for uses of chunks over snapshots, one after the other; not shared.
public final class ChunkFind {
  private let wanted: WantedChunks
  private let source: any NodeSource
  private let search: SubtreeSearch<Void>
  private var references = NodeReferences()

  /// A search in a repository, whose index is loaded for it.
  public init(_ wanted: WantedChunks, in repository: Repository) throws(RepositoryError) {
    repository.vault.allowRereadingIndex()
    self.wanted = wanted
    source = try vaultErrors { () throws(VaultError) in try repository.nodeSource() }
    search = SubtreeSearch(in: source)
  }

  /// Tells every use in a tree, in its order; false when `found` ended it.
  ///
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func run(
    in tree: Entry, unreadable: (FilePath, RepositoryError) -> Void, found: (ChunkUse) -> Bool
  ) throws(RepositoryError) -> Bool {
    try vaultErrors { () throws(VaultError) in
      func tell(_ path: FilePath, _ error: VaultError) { unreadable(path, RepositoryError(error)) }
      guard try uses(of: tree, at: { "/" }, tell, found) != .stop else { return false }
      return try search.run(in: tree, state: (), unreadable: tell) {
        (view, directory, _) throws(VaultError) in
        let entry = view.entry
        switch try uses(of: entry, at: { directory.appending(entry.name) }, tell, found) {
        case .stop: return .stop
        case .hit: return .next(isHit: true, below: ())
        case .none: return .next(isHit: false, below: ())
        }
      }
    }
  }

  private enum Outcome { case none, hit, stop }

  // The chunks of one entry: its own nodes, not those of what is in a directory.
  private func uses(
    of entry: Entry, at path: () -> FilePath, _ unreadable: (FilePath, VaultError) -> Void,
    _ found: (ChunkUse) -> Bool
  ) throws(VaultError) -> Outcome {
    var outcome = Outcome.none
    func tell(_ id: ChunkID, _ kind: ChunkKind) -> Bool {
      guard wanted.contains(id, kind) else { return true }
      outcome = .hit
      return found(
        ChunkUse(id: id, kind: kind, path: path(), isDirectory: entry.type == .directory))
    }
    var waiting: [NodeReference] = []
    do throws(VaultError) {
      try references.read(own(entry))
      while true {
        for chunk in references.chunks where !tell(chunk.id, .data) { return .stop }
        waiting += references.nodes.reversed()
        guard let node = waiting.popLast() else { return outcome }
        guard tell(node.id, .tree) else { return .stop }
        let bytes = try node.isDirectoryLeaf ? [] : source.node(node.id)
        if node.isDirectoryLeaf { references.clear() } else { try references.read(bytes, as: node) }
      }
    } catch {
      guard error.isLoss else { throw error }
      unreadable(path(), error)
      return .hit
    }
  }

  // What stands in a directory's entry has a visit of its own.
  private func own(_ entry: Entry) -> Entry {
    guard case .directory(.inline) = entry.kind else { return entry }
    var entry = entry
    entry.kind = .directory(.none)
    return entry
  }
}

extension NodeReference {
  fileprivate var isDirectoryLeaf: Bool { kind == .directory && level == 0 }
}
