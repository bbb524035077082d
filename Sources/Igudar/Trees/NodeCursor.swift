// A node that is being read: its bytes and the place of the next item.

import Vault

/// A place among the items of a node or an inline list.
struct NodeCursor {
  let bytes: [UInt8]
  /// The node's ID; nil for an inline list.
  let id: ChunkID?
  let level: UInt8
  /// The last name below, as the node above says; nil where no node is above.
  let promise: [UInt8]?
  private(set) var offset: Int
  private(set) var remaining: Int

  /// A cursor with nothing to read.
  init() {
    bytes = []
    id = nil
    level = 0
    promise = nil
    offset = 0
    remaining = 0
  }

  /// Reads a directory node and checks how it begins.
  init(
    _ id: ChunkID, level: UInt8, promise: [UInt8]?, from source: any NodeSource
  ) throws(VaultError) {
    let bytes = try source.node(id)
    self.bytes = bytes
    self.id = id
    self.level = level
    self.promise = promise
    do throws(Damage) {
      (offset, remaining) = try Self.begin(bytes, level: level)
      if remaining == 0 && (level > 0 || promise != nil) { throw .malformed("an empty node") }
    } catch {
      throw .damagedNode(id, error)
    }
  }

  /// Begins an inline list.
  init(_ list: EntryList) {
    bytes = list.bytes
    id = nil
    level = 0
    promise = nil
    let bytes = list.bytes
    var reader = ByteReader(bytes.rawSpan)
    remaining = (try? reader.count(itemMinimum: TreeLimits.entryMinimum)) ?? 0
    offset = reader.offset
  }

  private static func begin(_ node: [UInt8], level: UInt8) throws(Damage) -> (Int, Int) {
    var reader = ByteReader(node.rawSpan)
    let count = try reader.nodeHeader(.directory, level: level)
    return (reader.offset, count)
  }

  /// Goes behind an item that takes this many bytes.
  mutating func pass(_ size: Int) {
    offset += size
    remaining -= 1
  }

  /// Checks that the items end where the bytes end, with the name that the node above promised.
  func checkEnd(lastName: [UInt8]) throws(Damage) {
    guard offset == bytes.count else { throw .malformed("bytes behind the last item") }
    if let promise, promise != lastName {
      throw .malformed("a last name that the node above does not say")
    }
  }

  /// The error that names this node.
  func error(for damage: Damage) -> VaultError {
    if let id { .damagedNode(id, damage) } else { .damaged(object: "inline directory", damage) }
  }
}
