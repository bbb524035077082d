// Directories: entries into nodes and back.

import Igudar
import Platform
import Vault

extension Benchmark {
  static let trees = [
    Benchmark("tree/encode") { encode() },
    Benchmark("tree/decode") { try decode() },
    Benchmark("tree/find") { try find() },
  ]

  private static let entryCount = 100_000

  private static func entries() -> [Entry] {
    var generator = SampleGenerator(seed: 1)
    return (0..<entryCount).map { number in
      let digits = String(number)
      let name = "file-" + String(repeating: "0", count: 6 - digits.count) + digits + ".swift"
      let size = UInt32(1 + generator.below(30_000))
      let content = Content.inline([.chunk(generator.id(as: ChunkID.self), length: size)])
      let mtime = Timestamp(seconds: Int64(1_700_000_000 + number), nanoseconds: 5)
      var entry = Entry(
        name: FileName(unchecked: Array(name.utf8)),
        kind: .file(.init(size: UInt64(size), content: content)), mode: 0o644, uid: 1000,
        gid: 1000, mtime: mtime)
      entry.ctime = mtime
      entry.birthTime = mtime
      entry.inode = UInt64(number)
      entry.user = Array("user".utf8)
      entry.group = Array("users".utf8)
      return entry
    }
  }

  /// Nodes by their chunk IDs, in memory.
  private final class Nodes: NodeSource, NodeSink, @unchecked Sendable {
    private let hasher = ChunkHasher(key: keyring.currentDomain.chunkIDKey)
    private(set) var nodes: [ChunkID: [UInt8]] = [:]

    var bytes: Int { nodes.values.reduce(0) { $0 + $1.count } }

    func clear() { nodes.removeAll(keepingCapacity: true) }

    func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
      guard let node = nodes[id] else { throw .missingChunk(id) }
      return node
    }

    func put(node: RawSpan) throws(VaultError) -> ChunkID {
      let bytes = Array(copying: node)
      let id = unsafe bytes.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .tree) }
      nodes[id] = bytes
      return id
    }
  }

  private static let cut = TreeCut(domainKey: keyring.currentDomain.treeCutKey)

  private static func build(_ entries: [Entry], into nodes: Nodes) throws -> Children {
    var builder = DirectoryBuilder(cutting: cut, into: nodes)
    for entry in entries { try builder.append(entry) }
    return try builder.finish()
  }

  private static func encode() -> Round {
    let entries = entries()
    let nodes = Nodes()
    return Round(entryCount, .items, before: { nodes.clear() }) {
      _ = try build(entries, into: nodes)
      return ["nodes": nodes.nodes.count, "node bytes": nodes.bytes]
    }
  }

  private static func decode() throws -> Round {
    let nodes = Nodes()
    let children = try build(entries(), into: nodes)
    return Round(entryCount, .items) {
      var reader = DirectoryReader(children, from: nodes)
      var size: UInt64 = 0
      while try reader.advance() { size &+= reader.withCurrent { $0.size } }
      return ["bytes of files": Int(size)]
    }
  }

  private static func find() throws -> Round {
    let nodes = Nodes()
    let entries = entries()
    let children = try build(entries, into: nodes)
    var generator = SampleGenerator(seed: 2)
    let names = (0..<2000).map { _ in entries[generator.below(entryCount)].name }
    return Round(names.count, .items) {
      var found = 0
      for name in names where try DirectoryReader.find(name, in: children, from: nodes) != nil {
        found += 1
      }
      return ["found": found]
    }
  }
}
