// Reads the entries of a directory in order, one leaf in memory and one inner node per level.
// Everything is checked on the way: types, levels, counts, names that ascend across nodes, and the
// last name of each node against what the node above says. Nothing recurses.

package import Platform
package import Vault

/// A cursor over the entries of a directory.
package struct DirectoryReader: ~Copyable {
  private let source: any NodeSource
  private var root: TreeReference?
  private var inner: [NodeCursor] = []
  private var leaf: NodeCursor
  private var entry = 0..<0
  private var scan = EntryScan()
  private var lastName: [UInt8] = []

  /// A cursor before the first entry.
  package init(_ children: Children, from source: any NodeSource) {
    self.source = source
    switch children {
    case .nodes(let reference):
      root = reference
      leaf = NodeCursor()
    case .inline(let list): leaf = NodeCursor(list)
    }
  }

  /// Goes to the next entry; false at the end.
  package mutating func advance() throws(VaultError) -> Bool {
    try openRoot(from: [])
    while leaf.remaining == 0 {
      guard try openLeaf(from: []) else { return false }
    }
    do throws(Damage) { try readEntry() } catch { throw leaf.error(for: error) }
    return true
  }

  /// Goes to the first entry whose name is not before this one; false if there is none.
  ///
  /// It must be asked first, and reads one node per level.
  package mutating func seek(_ name: FileName) throws(VaultError) -> Bool {
    precondition(entry.isEmpty, "seek comes before everything else")
    try openRoot(from: name.bytes)
    while leaf.remaining == 0 {
      guard try openLeaf(from: name.bytes) else { return false }
    }
    while try advance() {
      if !current.name.precedes(name.bytes.rawSpan) { return true }
    }
    return false
  }

  /// The entry that `advance` or `seek` went to.
  package var current: EntryView {
    @_lifetime(borrow self)
    get { EntryView(leaf.bytes.rawSpan.extracting(entry), scanned: scan) }
  }

  /// Hands out the entry that `advance` or `seek` came to.
  package func withCurrent<Result>(_ body: (borrowing EntryView) -> Result) -> Result {
    body(current)
  }

  /// Goes to the next entry and gives it; nil at the end.
  package mutating func next() throws(VaultError) -> Entry? {
    try advance() ? current.entry : nil
  }

  /// The entry with this name; nil if there is none.
  ///
  /// Reads one node per level.
  package static func find(
    _ name: FileName, in children: Children, from source: any NodeSource
  ) throws(VaultError) -> Entry? {
    var reader = DirectoryReader(children, from: source)
    guard try reader.seek(name) else { return nil }
    return reader.current.name.equals(name.bytes.rawSpan) ? reader.current.entry : nil
  }

  /// The entry at the end of a path of names below a directory; nil if there is none.
  ///
  /// Reads one node per level of each directory on the way.
  package static func find(
    _ path: [FileName], below root: Entry, from source: any NodeSource
  ) throws(VaultError) -> Entry? {
    var entry = root
    for name in path {
      guard let children = entry.children,
        let next = try find(name, in: children, from: source)
      else { return nil }
      entry = next
    }
    return entry
  }

  /// Passes over nodes that two readers come to next and that are the same in both.
  ///
  /// Both must have taken all entries up to the same name. Nodes above leaves are opened only as
  /// far as it takes to compare them.
  package static func passShared(
    _ left: inout Self, _ right: inout Self
  ) throws(VaultError) {
    try left.openRootNode()
    try right.openRootNode()
    while let (leftLevel, leftNext) = try left.nextNode(),
      let (rightLevel, rightNext) = try right.nextNode()
    {
      if leftLevel == rightLevel && leftNext.id == rightNext.id {
        try left.passNode(leftNext)
        try right.passNode(rightNext)
        continue
      }
      if max(leftLevel, rightLevel) == 0 { return }
      if leftLevel >= rightLevel { try left.descend(leftNext, leftLevel) }
      if rightLevel >= leftLevel { try right.descend(rightNext, rightLevel) }
    }
  }

  private mutating func readEntry() throws(Damage) {
    let bytes = leaf.bytes
    var reader = ByteReader(bytes.rawSpan.extracting(leaf.offset..<bytes.count))
    let item = try reader.prefixed()
    let scan = try EntryScan(item)
    try setLastName(item.extracting(scan.name.range))
    self.scan = scan
    leaf.pass(reader.offset)
    entry = leaf.offset - item.byteCount..<leaf.offset
    if leaf.remaining == 0 { try leaf.checkEnd(lastName: lastName) }
  }

  private mutating func setLastName(_ name: RawSpan) throws(Damage) {
    guard lastName.rawSpan.precedes(name) else { throw .malformed("names out of order") }
    lastName.removeAll(keepingCapacity: true)
    unsafe name.withUnsafeBytes { unsafe lastName.append(contentsOf: $0) }
  }

  private mutating func openRoot(from name: [UInt8]) throws(VaultError) {
    guard root != nil else { return }
    try openRootNode()
    if !inner.isEmpty { _ = try openLeaf(from: name) }
  }

  private mutating func openRootNode() throws(VaultError) {
    guard let root = root.take() else { return }
    guard root.level <= TreeLimits.level else {
      throw .damagedNode(root.id, .malformed("a level above 16"))
    }
    try open(root.id, level: root.level, promise: nil)
    if root.level == 0 && leaf.remaining == 0 {
      do throws(Damage) { try leaf.checkEnd(lastName: []) } catch { throw leaf.error(for: error) }
    }
  }

  private mutating func open(
    _ id: ChunkID, level: UInt8, promise: [UInt8]?
  ) throws(VaultError) {
    let cursor = try NodeCursor(id, level: level, promise: promise, from: source)
    if level == 0 { leaf = cursor } else { inner.append(cursor) }
  }

  /// Opens the next leaf that can hold names from this one on; false if there is none.
  private mutating func openLeaf(from name: [UInt8]) throws(VaultError) -> Bool {
    while let (level, next) = try nextNode() {
      if next.name.rawSpan.precedes(name.rawSpan) {
        try passNode(next)
        continue
      }
      try descend(next, level)
      if level == 0 { return true }
    }
    return false
  }

  /// An item of an inner node: the node below, its last name, and the bytes that say so.
  private struct Branch {
    let id: ChunkID
    let name: [UInt8]
    let size: Int
  }

  /// The level of the node that comes next, and the item that names it; nil while a leaf is open or
  /// when there is no more.
  private mutating func nextNode() throws(VaultError) -> (level: UInt8, Branch)? {
    guard leaf.remaining == 0 else { return nil }
    while let top = inner.last {
      if top.remaining == 0 {
        inner.removeLast()
        continue
      }
      do throws(Damage) { return (top.level - 1, try branch(in: top)) } catch {
        throw top.error(for: error)
      }
    }
    return nil
  }

  private func branch(in node: NodeCursor) throws(Damage) -> Branch {
    var reader = ByteReader(node.bytes.rawSpan.extracting(node.offset..<node.bytes.count))
    let last = try reader.prefixed()
    let id = try reader.id(ChunkID.self)
    guard last.isFileName else { throw .malformed("a name that is none") }
    guard lastName.rawSpan.precedes(last) else { throw .malformed("names out of order") }
    return Branch(id: id, name: Array(copying: last), size: reader.offset)
  }

  /// Opens the node that `nextNode` answered.
  private mutating func descend(_ next: Branch, _ level: UInt8) throws(VaultError) {
    try take(next)
    try open(next.id, level: level, promise: next.name)
  }

  /// Goes on behind the node that `nextNode` answered.
  private mutating func passNode(_ next: Branch) throws(VaultError) {
    try take(next)
    lastName = next.name
  }

  private mutating func take(_ next: Branch) throws(VaultError) {
    let top = inner.count - 1
    inner[top].pass(next.size)
    guard inner[top].remaining == 0 else { return }
    do throws(Damage) { try inner[top].checkEnd(lastName: next.name) } catch {
      throw inner[top].error(for: error)
    }
  }
}
