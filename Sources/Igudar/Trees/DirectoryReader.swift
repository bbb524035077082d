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
    guard let root else { return }
    self.root = nil
    guard root.level <= TreeLimits.level else {
      throw .damagedNode(root.id, .malformed("a level above 16"))
    }
    try open(root.id, level: root.level, promise: nil)
    if root.level > 0 {
      _ = try openLeaf(from: name)
    } else if leaf.remaining == 0 {
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
    while let top = inner.indices.last {
      if inner[top].remaining == 0 {
        inner.removeLast()
        continue
      }
      let level = inner[top].level - 1
      var below: (id: ChunkID, name: [UInt8])?
      do throws(Damage) {
        below = try readItem(top, from: name)
      } catch {
        throw inner[top].error(for: error)
      }
      guard let below else { continue }
      try open(below.id, level: level, promise: below.name)
      if level == 0 { return true }
    }
    return false
  }

  /// Reads the next item of an inner node; nil if all names below it come before this one.
  private mutating func readItem(
    _ top: Int, from name: [UInt8]
  ) throws(Damage) -> (id: ChunkID, name: [UInt8])? {
    let bytes = inner[top].bytes
    var reader = ByteReader(bytes.rawSpan.extracting(inner[top].offset..<bytes.count))
    let last = try reader.prefixed()
    let id = try reader.id(ChunkID.self)
    guard last.isFileName else { throw .malformed("a name that is none") }
    guard lastName.rawSpan.precedes(last) else { throw .malformed("names out of order") }
    let isBefore = last.precedes(name.rawSpan)
    let copy = Array(copying: last)
    inner[top].pass(reader.offset)
    if inner[top].remaining == 0 { try inner[top].checkEnd(lastName: copy) }
    if isBefore { lastName = copy }
    return isBefore ? nil : (id, copy)
  }
}
