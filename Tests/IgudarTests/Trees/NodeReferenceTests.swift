// Following references from the root finds every node and every chunk of a tree, and what readers
// find by reading files.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct NodeReferenceTests {
  private let hash = TestSipHash(key: (3, 4))

  /// A tree with directories in directories, large files and attributes in chunks.
  private func tree(
    _ generator: inout SeededGenerator, _ nodes: MemoryNodes, depth: Int
  ) throws -> Children {
    var entries: [Entry] = []
    for name in Set((0..<(depth == 0 ? 400 : 12)).map { _ in generator.name() }).sorted() {
      var entry = generator.entry(named: name)
      if entry.type == .directory {
        let children = depth < 3 ? try tree(&generator, nodes, depth: depth + 1) : .none
        entry.kind = .directory(children)
      } else if entry.type == .file {
        var builder = ContentBuilder(into: nodes)
        let count = generator.chance(3) ? 500 : generator.number(below: 4)
        for extent in generator.extents(count) { try builder.append(extent) }
        let size = builder.size
        entry.kind = .file(.init(size: size, content: try builder.finish()))
      }
      entries.append(entry)
    }
    var builder = DirectoryBuilder(cutting: hash, into: nodes)
    for entry in entries { try builder.append(entry) }
    return try builder.finish(isRoot: depth == 0)
  }

  /// The chunks of a tree, found by reading it.
  private func chunks(_ children: Children, _ nodes: MemoryNodes) throws -> [ChunkID] {
    var found: [ChunkID] = []
    var reader = DirectoryReader(children, from: nodes)
    while let entry = try reader.next() {
      for attribute in entry.attributes {
        if case .chunk(let id, _) = attribute.value { found.append(id) }
      }
      if let children = entry.children { found += try self.chunks(children, nodes) }
      guard let file = entry.file else { continue }
      var extents = ContentReader(file, from: nodes)
      while let extent = try extents.next() {
        if case .chunk(let id, _) = extent { found.append(id) }
      }
    }
    return found
  }

  @Test func referencesLeadToEverything() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let nodes = MemoryNodes()
    let children = try tree(&generator, nodes, depth: 0)
    let root = Entry(
      name: Entry.rootName, kind: .directory(children), mode: 0, uid: 0, gid: 0,
      mtime: Timestamp(seconds: 0, nanoseconds: 0))
    var references = NodeReferences()
    try references.read(root)
    var waiting = references.nodes
    var seen: Set<ChunkID> = []
    var found: [ChunkID] = []
    while let next = waiting.popLast() {
      guard seen.insert(next.id).inserted else { continue }
      try references.read(try nodes.node(next.id), as: next)
      waiting += references.nodes
      found += references.chunks.map(\.id)
    }
    #expect(seen == nodes.ids, "seed \(seed)")
    #expect(Set(found) == Set(try chunks(children, nodes)), "seed \(seed)")
  }

  @Test func flippedNodesAreNeverReadPastTheirEnd() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let nodes = MemoryNodes()
    var builder = DirectoryBuilder(cutting: hash, into: nodes)
    for entry in generator.entries(8) { try builder.append(entry) }
    guard case .nodes(let root) = try builder.finish(isRoot: true) else { return }
    let bytes = try nodes.node(root.id)
    var references = NodeReferences()
    for bit in 0..<bytes.count * 8 {
      var flipped = bytes
      flipped[bit / 8] ^= 1 << UInt8(bit % 8)
      let isAccepted =
        (try? references.read(flipped, as: NodeReference(.directory, root))) != nil
      let children = Children.nodes(TreeReference(level: 0, id: nodes.forge(flipped)))
      try #require(isAccepted == reads(children, nodes), "seed \(seed), bit \(bit)")
    }
  }

  private func reads(_ children: Children, _ nodes: MemoryNodes) -> Bool {
    var reader = DirectoryReader(children, from: nodes)
    do {
      while try reader.advance() {}
      return true
    } catch {
      return false
    }
  }

  @Test func pathsLeadToEntries() throws {
    var generator = SeededGenerator(seed: 5)
    let nodes = MemoryNodes()
    var entry = generator.entry(named: FileName(Array("deep".utf8)))
    entry.kind = .fifo
    let wanted = entry
    for name in ["c", "b", "a"] {
      var builder = DirectoryBuilder(cutting: hash, into: nodes)
      try builder.append(entry)
      entry = generator.entry(named: FileName(Array(name.utf8)))
      entry.kind = .directory(try builder.finish())
      entry.hardLink = nil
    }
    var builder = DirectoryBuilder(cutting: hash, into: nodes)
    try builder.append(entry)
    var root = entry
    root.name = Entry.rootName
    root.kind = .directory(try builder.finish(isRoot: true))
    func find(_ path: FilePath) throws -> Entry? {
      try DirectoryReader.find(path.components, below: root, from: nodes)
    }
    #expect(try find("/a/b/c/deep") == wanted)
    #expect(try find("/") == root)
    #expect(try find("/a/b/x") == nil)
    #expect(try find("/a/b/c/deep/x") == nil)
  }
}
