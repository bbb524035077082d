// Vectors of nodes: where directories and contents are cut under given keys, so that every
// implementation cuts alike.

import Platform
import Synchronization
import Testing
import Vault

@testable import Igudar

/// Nodes under the keys of the vectors, in the order in which they were made.
private final class KeyedNodes: NodeSource, NodeSink {
  let key: SecretKey
  private let made = Mutex<[(id: ChunkID, bytes: [UInt8])]>([])

  init(key: SecretKey) { self.key = key }

  var log: [(id: ChunkID, bytes: [UInt8])] { made.withLock { $0 } }

  func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
    guard let found = log.first(where: { $0.id == id }) else { throw .missingChunk(id) }
    return found.bytes
  }

  func put(node: RawSpan) throws(VaultError) -> ChunkID {
    let bytes = Array(copying: node)
    let id = ChunkID(bytes: Hash.keyed(key: key, label: .treeChunk, bytes))
    made.withLock { $0.append((id, bytes)) }
    return id
  }
}

@Suite struct NodeVectorTests {
  private let chunkKey = Self.key(0)
  private let cutKey = Self.key(32)

  private static func key(_ first: UInt8) -> SecretKey {
    let bytes = [UInt8](first..<first + 32)
    return SecretKey(copying: bytes.rawSpan)
  }

  private func describe(_ nodes: KeyedNodes, _ root: TreeReference, in lines: inout VectorLines) {
    for (index, node) in nodes.log.enumerated() {
      lines.add("node \(index)", text: "\(node.bytes[1]) \(node.bytes.count) \(node.id.hex)")
    }
    lines.add("root", text: "\(root.level) \(root.id.hex)")
    if let last = nodes.log.last { lines.add("root node", last.bytes) }
  }

  @Test func directoriesAreCutByTheirNames() throws {
    let nodes = KeyedNodes(key: chunkKey)
    var lines = VectorLines()
    lines.add("chunk-ID key", [UInt8](0..<32))
    lines.add("tree-cut key", [UInt8](32..<64))
    lines.add("entries", text: "12000")
    lines.add(
      "entry i", text: "a fifo named «entry » and i in six digits, mode 0, owner 0 and 0, mtime 0")
    var builder = DirectoryBuilder(cutting: TreeCut(domainKey: cutKey), into: nodes)
    for index in 0..<12000 {
      let name = "entry " + String(1_000_000 + index).dropFirst()
      let bytes: [UInt8] = [12] + Array(name.utf8) + [6, 4, 2, 0, 0, 6, 2, 0, 0]
      try builder.append(bytes.rawSpan)
    }
    let children = try builder.finish()
    guard case .nodes(let root) = children else { return }
    describe(nodes, root, in: &lines)
    try lines.compare(with: "tree-directory")
    var reader = DirectoryReader(children, from: nodes)
    var count = 0
    while try reader.advance() { count += 1 }
    #expect(count == 12000)
  }

  @Test func contentsAreCutByTheirChunks() throws {
    let nodes = KeyedNodes(key: chunkKey)
    var lines = VectorLines()
    lines.add("chunk-ID key", [UInt8](0..<32))
    lines.add("extents", text: "5000")
    lines.add(
      "extent i",
      text: "if i mod 10 is 9 a hole of i + 1 bytes, else a chunk of i + 1 bytes"
        + " whose ID is H(chunk-ID key; igudar chunk dat; u64 i)")
    var builder = ContentBuilder(into: nodes)
    for index in 0..<5000 {
      if index % 10 == 9 {
        try builder.append(.hole(length: UInt64(index) + 1))
      } else {
        var message = ByteWriter()
        message.u64(UInt64(index))
        let id = Hash.keyed(key: chunkKey, label: .dataChunk, message.bytes)
        try builder.append(.chunk(ChunkID(bytes: id), length: UInt32(index) + 1))
      }
    }
    let size = builder.size
    let content = try builder.finish()
    guard case .nodes(let root) = content else { return }
    lines.add("size", text: String(size))
    describe(nodes, root, in: &lines)
    try lines.compare(with: "tree-content")
    var reader = ContentReader(content, size: size, from: nodes)
    while try reader.next() != nil {}
    #expect(reader.offset == size)
  }

  /// Reads a tree to its end.
  private func read(_ node: [UInt8], _ what: Substring) throws(Damage) {
    let nodes = MemoryNodes()
    let root = TreeReference(level: what.hasSuffix("inner") ? 1 : 0, id: nodes.forge(node))
    let below: [UInt8] = [1, 0, 1, 12, 1, 0x61, 6, 4, 2, 0, 0, 6, 2, 0, 0]
    _ = nodes.forge(below)
    do throws(VaultError) {
      if what.hasPrefix("directory") {
        var reader = DirectoryReader(.nodes(root), from: nodes)
        while try reader.advance() {}
      } else {
        var reader = ContentReader(.nodes(root), size: 2, from: nodes)
        while try reader.next() != nil {}
      }
    } catch .damaged(_, let damage) {
      throw damage
    } catch {
      throw .badChunk
    }
  }

  private var rejected: [(what: String, bad: RejectedBytes)] {
    let entry: [UInt8] = [11, 1, 0x61, 6, 4, 2, 0, 0, 6, 2, 0, 0]
    let chunk = [2] + ChunkID.zero.bytes
    return [
      ("directory-leaf", .init("no bytes", [])),
      ("directory-leaf", .init("no count", [1, 0])),
      ("directory-leaf", .init("another type", [3, 0, 1] + entry)),
      ("directory-leaf", .init("another level", [1, 1, 1] + entry)),
      ("directory-leaf", .init("more items than bytes", [1, 0, 2] + entry)),
      ("directory-leaf", .init("a name twice", [1, 0, 2] + entry + entry)),
      ("directory-leaf", .init("bytes behind the items", [1, 0, 1] + entry + [0])),
      ("directory-leaf", .init("bytes in an empty leaf", [1, 0, 0, 0])),
      ("directory-inner", .init("no items", [2, 1, 0])),
      ("directory-inner", .init("a name that is none", [2, 1, 1, 1, 0x2f] + ChunkID.zero.bytes)),
      ("content-leaf", .init("no extents", [3, 0, 0])),
      ("content-leaf", .init("extents that do not add up", [3, 0, 1] + chunk)),
      ("content-leaf", .init("two holes side by side", [3, 0, 2, 3, 3])),
      ("content-leaf", .init("an empty extent", [3, 0, 2, 1, 5])),
      ("content-leaf", .init("bytes behind the extents", [3, 0, 1, 5, 0])),
      (
        "content-inner", .init("bytes below that do not add up", [4, 1, 1, 1] + ChunkID.zero.bytes)
      ),
      (
        "content-inner",
        .init("nothing below", [4, 1, 2, 0] + ChunkID.zero.bytes + [2] + ChunkID.zero.bytes)
      ),
    ]
  }

  @Test func nodesThatBreakARuleAreRejected() throws {
    var lines = VectorLines()
    for (what, bad) in rejected {
      lines.add(bad.name, text: "\(what) \(hexString(bad.bytes)) \(bad.error)")
    }
    for line in try lines.compare(with: "tree-nodes-rejected") {
      let words = line.value.split(separator: " ", omittingEmptySubsequences: false)
      let bytes = try vectorBytes(words[1])
      #expect(
        damageName { () throws(Damage) in try read(bytes, words[0]) } == words[2], "\(line.name)")
    }
  }
}
