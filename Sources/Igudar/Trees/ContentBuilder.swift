// Cuts a file's extents into nodes by the rules of FORMAT.md section 12: few extents stay in the
// file's entry, many go into nodes that end where chunk IDs say so. Memory is one node per level.

package import Vault

/// Builds the content of one file after another from its extents in order.
package struct ContentBuilder {
  private static let leastItems = 64
  private static let cutLimit: UInt64 = 1 << 56

  private struct Level {
    var items = NodeBuffer()
    /// The bytes of the file that the items describe.
    var bytes: UInt64 = 0
    var nodeCount = 0
    var lastID = ChunkID.zero
  }

  private let sink: any NodeSink
  private var few: [Extent] = []
  private var hole: UInt64 = 0
  private var levels: [Level] = []

  /// The bytes of the file so far.
  package private(set) var size: UInt64 = 0

  /// A builder that puts its nodes into this sink.
  package init(into sink: any NodeSink) {
    self.sink = sink
  }

  /// Adds the next extent; holes that follow each other become one, empty ones nothing.
  package mutating func append(_ extent: Extent) throws(VaultError) {
    size += extent.length
    switch extent {
    case .hole(let length): hole += length
    case .chunk:
      try addHole()
      try add(extent)
    }
  }

  /// Ends the file and gives its content; the builder is empty again.
  package mutating func finish() throws(VaultError) -> Content {
    defer { reset() }
    try addHole()
    if levels.isEmpty { return .inline(few) }
    var level = 0
    while true {
      if !levels[level].items.isEmpty { try flush(level) }
      if levels[level].nodeCount == 1 {
        return .nodes(TreeReference(level: UInt8(level), id: levels[level].lastID))
      }
      level += 1
    }
  }

  /// Forgets what was added since the beginning or the last `finish`.
  package mutating func reset() {
    few.removeAll(keepingCapacity: true)
    levels.removeAll(keepingCapacity: true)
    hole = 0
    size = 0
  }

  private mutating func addHole() throws(VaultError) {
    guard hole > 0 else { return }
    let length = hole
    hole = 0
    try add(.hole(length: length))
  }

  private mutating func add(_ extent: Extent) throws(VaultError) {
    if levels.isEmpty {
      if few.count < TreeLimits.inlineExtents {
        few.append(extent)
        return
      }
      for earlier in few { try addToLeaf(earlier) }
      few.removeAll(keepingCapacity: true)
    }
    try addToLeaf(extent)
  }

  private mutating func addToLeaf(_ extent: Extent) throws(VaultError) {
    let id: ChunkID? =
      switch extent {
      case .chunk(let id, _): id
      case .hole: nil
      }
    try append(bytes: extent.length, id: id, level: 0) { extent.write(to: &$0) }
  }

  private mutating func append(
    bytes: UInt64, id: ChunkID?, level: Int, _ write: (inout ByteWriter) -> Void
  ) throws(VaultError) {
    if level == levels.count { levels.append(Level()) }
    levels[level].items.append(write)
    levels[level].bytes += bytes
    let count = levels[level].items.count
    let cuts = count >= Self.leastItems && (id.map { $0.leadingWord < Self.cutLimit } ?? false)
    if cuts || count == TreeLimits.contentItems { try flush(level) }
  }

  /// Ends the node of a level and adds it to the level above.
  private mutating func flush(_ level: Int) throws(VaultError) {
    let type = TreeKind.content.type(at: UInt8(level))
    let id = try levels[level].items.flush(type, level: UInt8(level), to: sink)
    let bytes = levels[level].bytes
    levels[level].bytes = 0
    levels[level].nodeCount += 1
    levels[level].lastID = id
    try append(bytes: bytes, id: id, level: level + 1) { writer in
      writer.varint(bytes)
      writer.id(id)
    }
  }
}
