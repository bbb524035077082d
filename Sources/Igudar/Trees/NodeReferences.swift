// What a node refers to, for whoever follows trees without looking at files: prune marks what is
// used, check finds what is missing. A node is checked whole on the way; only what takes two nodes
// to see (names and sizes promised by the node above) is left to the readers.

import Platform
package import Vault

/// A node that something refers to, with what it must be.
package struct NodeReference: Hashable, Sendable {
  package let kind: TreeKind
  package let level: UInt8
  package let id: ChunkID

  package init(kind: TreeKind, level: UInt8, id: ChunkID) {
    self.kind = kind
    self.level = level
    self.id = id
  }

  package init(_ kind: TreeKind, _ root: TreeReference) {
    self.init(kind: kind, level: root.level, id: root.id)
  }
}

/// Collects what nodes refer to; one collector serves many nodes and keeps its memory.
package struct NodeReferences: Sendable {
  /// Nodes that the last node refers to, in its order.
  package private(set) var nodes: [NodeReference] = []
  /// Chunks of data that the last node refers to, with their lengths.
  package private(set) var chunks: [(id: ChunkID, length: UInt32)] = []

  private var waiting: [Range<Int>] = []

  package init() {}

  /// Reads a node that must be what the reference says.
  package mutating func read(_ bytes: [UInt8], as reference: NodeReference) throws(VaultError) {
    clear()
    do throws(Damage) {
      try read(bytes.rawSpan, reference.kind, level: reference.level)
    } catch {
      throw .damagedNode(reference.id, error)
    }
  }

  /// Reads an entry that is known by itself, such as the root of a snapshot.
  package mutating func read(_ entry: Entry) throws(VaultError) {
    clear()
    let bytes = entry.encoded
    do throws(Damage) {
      let scan = try EntryScan(outside: bytes.rawSpan, isRoot: entry.name.bytes.isEmpty)
      try add(scan, of: bytes.rawSpan, at: 0)
      try readWaitingLists(bytes.rawSpan)
    } catch {
      throw .damaged(object: "entry", error)
    }
  }

  /// Forgets what was read.
  mutating func clear() {
    nodes.removeAll(keepingCapacity: true)
    chunks.removeAll(keepingCapacity: true)
    waiting.removeAll(keepingCapacity: true)
  }

  private mutating func read(_ span: RawSpan, _ kind: TreeKind, level: UInt8) throws(Damage) {
    guard level <= TreeLimits.level else { throw .malformed("a level above 16") }
    var reader = ByteReader(span)
    let count = try reader.nodeHeader(kind, level: level)
    switch (kind, level) {
    case (.directory, 0): try readEntries(&reader, count, at: 0)
    case (.directory, _): try readNames(&reader, count, level: level)
    case (.content, 0): try readExtents(&reader, count)
    case (.content, _): try readBranches(&reader, count, level: level)
    }
    try reader.finish()
    try readWaitingLists(span)
  }

  /// Reads entries that begin at an offset of the node, and lets the lists inside them wait.
  private mutating func readEntries(
    _ reader: inout ByteReader, _ count: Int, at offset: Int
  ) throws(Damage) {
    var last = RawSpan()
    for _ in 0..<count {
      let item = try reader.prefixed()
      let scan = try EntryScan(outside: item)
      let name = item.extracting(scan.name.range)
      guard last.precedes(name) else { throw .malformed("names out of order") }
      last = name
      try add(scan, of: item, at: offset + reader.offset - item.byteCount)
    }
  }

  private mutating func readWaitingLists(_ span: RawSpan) throws(Damage) {
    while let range = waiting.popLast() {
      var reader = ByteReader(span.extracting(range))
      let count = try reader.count(itemMinimum: TreeLimits.entryMinimum)
      guard reader.remaining < TreeLimits.inlineDirectory else {
        throw .malformed("a long list of entries that is not in nodes")
      }
      try readEntries(&reader, count, at: range.lowerBound)
      try reader.finish()
    }
  }

  private mutating func add(_ scan: EntryScan, of item: RawSpan, at offset: Int) throws(Damage) {
    if let root = scan.reference {
      nodes.append(NodeReference(scan.type == .file ? .content : .directory, root))
    } else if scan.type == .directory {
      let start = offset + Int(scan.inline.start)
      waiting.append(start..<start + Int(scan.inline.count))
    } else if scan.type == .file, !scan.inline.isEmpty {
      var reader = ByteReader(item.extracting(scan.inline.range))
      let count = try reader.count(itemMinimum: 1)
      try readExtents(&reader, count)
    }
    guard !scan.attributes.isEmpty else { return }
    for attribute in try ExtendedAttribute.list(checked: item.extracting(scan.attributes.range)) {
      if case .chunk(let id, let length) = attribute.value { chunks.append((id, length)) }
    }
  }

  private mutating func readExtents(_ reader: inout ByteReader, _ count: Int) throws(Damage) {
    var sum = ContentSum()
    for _ in 0..<count {
      let extent = try Extent(from: &reader)
      try sum.add(extent)
      if case .chunk(let id, let length) = extent { chunks.append((id, length)) }
    }
  }

  private mutating func readNames(
    _ reader: inout ByteReader, _ count: Int, level: UInt8
  ) throws(Damage) {
    guard count > 0 else { throw .malformed("an empty node") }
    var last = RawSpan()
    for _ in 0..<count {
      let name = try reader.prefixed()
      guard name.isFileName, last.precedes(name) else { throw .malformed("names out of order") }
      last = name
      let id = try reader.id(ChunkID.self)
      nodes.append(NodeReference(kind: .directory, level: level - 1, id: id))
    }
  }

  private mutating func readBranches(
    _ reader: inout ByteReader, _ count: Int, level: UInt8
  ) throws(Damage) {
    var sum = ContentSum()
    for _ in 0..<count {
      let bytes = try reader.varint()
      guard bytes > 0 else { throw .malformed("an empty node") }
      try sum.add(bytes)
      let id = try reader.id(ChunkID.self)
      nodes.append(NodeReference(kind: .content, level: level - 1, id: id))
    }
  }
}
