// What every node begins with: u8 type ‖ u8 level ‖ varint count. FORMAT.md section 12.

import Vault

/// The type of a node.
package enum NodeType: UInt8, Sendable {
  case directoryLeaf = 1
  case directoryInner = 2
  case contentLeaf = 3
  case contentInner = 4
}

/// What a tree of nodes describes.
package enum TreeKind: Sendable {
  case directory
  case content

  package func type(at level: UInt8) -> NodeType {
    switch self {
    case .directory: level == 0 ? .directoryLeaf : .directoryInner
    case .content: level == 0 ? .contentLeaf : .contentInner
    }
  }
}

extension ByteReader {
  /// Reads the beginning of a node that must be of this kind and level; gives the count of items.
  mutating func nodeHeader(_ kind: TreeKind, level: UInt8) throws(Damage) -> Int {
    guard span.byteCount <= TreeLimits.node else { throw .malformed("a node above 1 MiB") }
    let type = try u8()
    guard type == kind.type(at: level).rawValue else {
      throw .malformed("the node type \(type) at level \(level)")
    }
    guard try u8() == level else { throw .malformed("a node of another level") }
    switch (kind, level) {
    case (.directory, 0): return try count(itemMinimum: TreeLimits.entryMinimum)
    case (.directory, _): return try count(itemMinimum: 34)
    case (.content, 0): return try contentCount(itemMinimum: 1)
    case (.content, _): return try contentCount(itemMinimum: 33)
    }
  }

  private mutating func contentCount(itemMinimum: Int) throws(Damage) -> Int {
    let count = try count(itemMinimum: itemMinimum)
    guard 1...TreeLimits.contentItems ~= count else { throw .malformed("a count of extents") }
    return count
  }
}

extension VaultError {
  /// A node that breaks a rule.
  static func damagedNode(_ id: ChunkID, _ damage: Damage) -> Self {
    .damaged(object: "tree node \(id.shortHex)", damage)
  }
}
