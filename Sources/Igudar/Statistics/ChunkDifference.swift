// What some trees need that others do not: the chunks a snapshot holds alone, or added to the one
// before it. Nodes that both need are read once, for the others' sake.

import Platform
import Vault

/// Chunks, counted.
public struct ChunkCounts: Hashable, Sendable {
  /// Chunks of file data and large attributes.
  public var dataCount: UInt64 = 0
  /// Tree nodes.
  public var treeCount: UInt64 = 0
  /// Their bytes before compression.
  public var bytes: UInt64 = 0

  /// Nothing counted.
  public init() {}
}

extension Repository {
  /// Counts the chunks that a tree needs and another does not.
  ///
  /// `unreadable` gets what cannot be read, in whose place nothing is counted.
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func chunks(
    neededBy tree: Entry, beyond other: Entry, unreadable: (RepositoryError) -> Void
  ) throws(RepositoryError) -> ChunkCounts {
    var counts = ChunkCounts()
    guard tree.children != other.children else { return counts }
    try vaultErrors { () throws(VaultError) in
      let difference = ChunkDifference(from: try nodeSource())
      try difference.passOver(other) { (error) throws(VaultError) in
        unreadable(RepositoryError(error))
      }
      try difference.find(
        tree,
        found: { (_, kind, length) throws(VaultError) in
          if kind == .data { counts.dataCount += 1 } else { counts.treeCount += 1 }
          counts.bytes += UInt64(length)
        }, unreadable: { (error) throws(VaultError) in unreadable(RepositoryError(error)) })
    }
    return counts
  }
}

/// A search for the chunks that only some trees need.
struct ChunkDifference {
  private let source: any NodeSource
  private let met: DigestSet

  init(from source: any NodeSource, remembering met: DigestSet = DigestSet()) {
    self.source = source
    self.met = met
  }

  /// Notes all chunks of a tree, so that they are not found.
  func passOver(
    _ tree: Entry, unreadable: (VaultError) throws(VaultError) -> Void
  ) throws(VaultError) {
    try find(tree, found: { (_, _, _) throws(VaultError) in }, unreadable: unreadable)
  }

  /// Tells the chunks of a tree that were neither told nor noted before.
  func find(
    _ tree: Entry, found: (ChunkID, ChunkKind, Int) throws(VaultError) -> Void,
    unreadable: (VaultError) throws(VaultError) -> Void
  ) throws(VaultError) {
    var walk = ReferenceWalk(from: source, remembering: met)
    try walk.walk(
      tree,
      found: { (id, kind, length) throws(VaultError) in
        guard Interrupt.requested == 0 else { throw .interrupted }
        try found(id, kind, length)
      }, unreadable: { (_, error) throws(VaultError) in try unreadable(error) })
  }
}
