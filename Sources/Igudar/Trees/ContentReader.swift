// Reads the extents of a file in order, one node per level in memory. Everything is checked: types,
// levels, counts, that bytes add up in every node and to the file's size, and that no two holes are
// neighbours. Nothing recurses.

package import Vault

/// A cursor over the extents of a file.
package struct ContentReader: ~Copyable {
  /// An item of an inner node.
  private struct Branch {
    let bytes: UInt64
    let id: ChunkID
  }

  /// An inner node that is being read.
  private struct Inner {
    let branches: [Branch]
    let level: UInt8
    var next = 0
  }

  private let source: any NodeSource
  private let size: UInt64
  private let root: TreeReference?
  private var inner: [Inner] = []
  private var leaf: [Extent]
  private var index = 0
  private var isOpen: Bool
  private var endedWithHole = false

  /// Where in the file the next extent begins.
  package private(set) var offset: UInt64 = 0

  /// A cursor before the first extent of a file of this size.
  package init(_ content: Content, size: UInt64, from source: any NodeSource) {
    self.source = source
    self.size = size
    switch content {
    case .inline(let extents):
      root = nil
      leaf = extents
      isOpen = true
    case .nodes(let reference):
      root = reference
      leaf = []
      isOpen = false
    }
  }

  /// The extents of a file.
  package init(_ file: Entry.File, from source: any NodeSource) {
    self.init(file.content, size: file.size, from: source)
  }

  /// The next extent; nil at the end.
  package mutating func next() throws(VaultError) -> Extent? {
    if !isOpen { try open() }
    while index == leaf.count {
      guard try descend() else { return nil }
    }
    let extent = leaf[index]
    if extent.isHole && endedWithHole { throw damaged(.malformed("two holes side by side")) }
    endedWithHole = extent.isHole
    index += 1
    offset += extent.length
    return extent
  }

  /// Opens the root.
  private mutating func open() throws(VaultError) {
    guard let root else { return }
    isOpen = true
    guard root.level <= TreeLimits.level else {
      throw .damagedNode(root.id, .malformed("a level above 16"))
    }
    try load(root.id, level: root.level, bytes: size)
  }

  /// Opens the next leaf; false at the end of the file.
  private mutating func descend() throws(VaultError) -> Bool {
    while let top = inner.indices.last {
      guard inner[top].next < inner[top].branches.count else {
        inner.removeLast()
        continue
      }
      let branch = inner[top].branches[inner[top].next]
      let level = inner[top].level - 1
      inner[top].next += 1
      try load(branch.id, level: level, bytes: branch.bytes)
      if level == 0 { return true }
    }
    return false
  }

  /// Reads a node whose items describe this many bytes.
  private mutating func load(_ id: ChunkID, level: UInt8, bytes: UInt64) throws(VaultError) {
    let node = try source.node(id)
    do throws(Damage) {
      var reader = ByteReader(node.rawSpan)
      let count = try reader.nodeHeader(.content, level: level)
      if level == 0 {
        leaf = try Self.extents(&reader, count, bytes)
        index = 0
      } else {
        inner.append(Inner(branches: try Self.branches(&reader, count, bytes), level: level))
      }
    } catch {
      throw .damagedNode(id, error)
    }
  }

  private static func extents(
    _ reader: inout ByteReader, _ count: Int, _ bytes: UInt64
  ) throws(Damage) -> [Extent] {
    var extents: [Extent] = []
    extents.reserveCapacity(count)
    var sum = ContentSum()
    for _ in 0..<count {
      let extent = try Extent(from: &reader)
      try sum.add(extent)
      extents.append(extent)
    }
    try reader.finish()
    guard sum.bytes == bytes else { throw .malformed("extents do not add up") }
    return extents
  }

  private static func branches(
    _ reader: inout ByteReader, _ count: Int, _ bytes: UInt64
  ) throws(Damage) -> [Branch] {
    var branches: [Branch] = []
    branches.reserveCapacity(count)
    var sum = ContentSum()
    for _ in 0..<count {
      let branch = Branch(bytes: try reader.varint(), id: try reader.id(ChunkID.self))
      guard branch.bytes > 0 else { throw .malformed("an empty node") }
      try sum.add(branch.bytes)
      branches.append(branch)
    }
    try reader.finish()
    guard sum.bytes == bytes else { throw .malformed("nodes do not add up") }
    return branches
  }

  private func damaged(_ damage: Damage) -> VaultError {
    if let root { .damagedNode(root.id, damage) } else { .damaged(object: "file content", damage) }
  }
}
