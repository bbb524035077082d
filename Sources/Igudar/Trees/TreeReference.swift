// Where a tree of nodes begins: the level and the chunk ID of its root node.

public import Vault

/// A reference to the root node of a tree of nodes.
public struct TreeReference: Hashable, Sendable {
  /// The level of the node, 0 for a leaf, at most 16.
  public let level: UInt8
  /// The chunk ID of the node.
  public let id: ChunkID

  /// A reference to the node with this ID at this level.
  public init(level: UInt8, id: ChunkID) {
    self.level = level
    self.id = id
  }
}
