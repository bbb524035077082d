// A tree node as a value, for looking at it.

package import Platform
package import Vault

/// What a node of a tree holds.
package enum TreeNode: Sendable {
  /// Entries of a directory.
  case entries([Entry])
  /// Nodes of a directory, each with the last name below it.
  case names(level: UInt8, [(last: FileName, id: ChunkID)])
  /// Extents of a file.
  case extents([Extent])
  /// Nodes of a file, each with the number of bytes below it.
  case branches(level: UInt8, [(bytes: UInt64, id: ChunkID)])

  /// Takes a node apart, whatever kind it is of.
  package init(decoding bytes: [UInt8]) throws(Damage) {
    guard bytes.count >= 2, let type = NodeType(rawValue: bytes[0]) else {
      throw .malformed("the type of a node")
    }
    let level = bytes[1]
    var reader = ByteReader(bytes.rawSpan)
    switch type {
    case .directoryLeaf: self = .entries(try Self.entries(&reader))
    case .directoryInner: self = .names(level: level, try Self.names(&reader, level))
    case .contentLeaf: self = .extents(try Self.extents(&reader))
    case .contentInner: self = .branches(level: level, try Self.branches(&reader, level))
    }
    try reader.finish()
  }

  private static func entries(_ reader: inout ByteReader) throws(Damage) -> [Entry] {
    var entries: [Entry] = []
    for _ in 0..<(try reader.nodeHeader(.directory, level: 0)) {
      entries.append(try Entry(decoding: reader.prefixed()))
    }
    return entries
  }

  private static func names(
    _ reader: inout ByteReader, _ level: UInt8
  ) throws(Damage) -> [(last: FileName, id: ChunkID)] {
    var names: [(last: FileName, id: ChunkID)] = []
    for _ in 0..<(try reader.nodeHeader(.directory, level: level)) {
      let name = FileName(unchecked: try reader.prefixedArray())
      names.append((name, try reader.id(ChunkID.self)))
    }
    return names
  }

  private static func extents(_ reader: inout ByteReader) throws(Damage) -> [Extent] {
    var extents: [Extent] = []
    for _ in 0..<(try reader.nodeHeader(.content, level: 0)) {
      extents.append(try Extent(from: &reader))
    }
    return extents
  }

  private static func branches(
    _ reader: inout ByteReader, _ level: UInt8
  ) throws(Damage) -> [(bytes: UInt64, id: ChunkID)] {
    var branches: [(bytes: UInt64, id: ChunkID)] = []
    for _ in 0..<(try reader.nodeHeader(.content, level: level)) {
      branches.append((try reader.varint(), try reader.id(ChunkID.self)))
    }
    return branches
  }
}
