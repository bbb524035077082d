// Trees as plain dictionaries, to compare what walks find with what anybody would find.

import Platform
import Vault

@testable import Igudar

/// A tree as its paths; directories are there as entries without children.
struct ModelTree {
  /// Every entry but the root, by its path from `/`.
  var entries: [FilePath: Entry] = [:]

  private static let names = ["a", "a.b", "a0", "b", "bc", "z", "\u{e9}"]

  /// A random tree in which some directories are large.
  init(_ random: inout SeededGenerator) {
    var directories: [FilePath] = ["/"]
    for _ in 0..<40 {
      let parent = directories[random.number(below: directories.count)]
      let path = parent.appending(Self.names[random.number(below: Self.names.count)])
      guard entries[path] == nil else { continue }
      entries[path] = Self.entry(path, &random)
      if entries[path]?.type == .directory { directories.append(path) }
    }
    let large = directories[random.number(below: directories.count)]
    for number in 0..<(random.chance(50) ? 500 : 0) {
      let path = large.appending("n\(number)")
      entries[path] = Self.entry(path, &random, isFile: true)
    }
  }

  private static func entry(
    _ path: FilePath, _ random: inout SeededGenerator, isFile: Bool = false
  ) -> Entry {
    let kinds: [Entry.Kind] = [
      .file(.init(size: 5, content: .inline([.chunk(random.id(), length: 5)]))),
      .directory(.none), .directory(.none), .symbolicLink(target: [97]), .fifo,
    ]
    let kind = isFile ? kinds[0] : kinds[random.number(below: kinds.count)]
    var entry = Entry(
      name: path.lastComponent ?? Entry.rootName, kind: kind, mode: 0o644, uid: 0, gid: 0,
      mtime: Timestamp(seconds: Int64(random.number(below: 3))))
    entry.inode = UInt64(random.number(below: 100))
    return entry
  }

  /// Changes some of the tree.
  mutating func change(_ random: inout SeededGenerator) {
    for _ in 0..<random.number(below: 12) {
      let paths = entries.keys.sorted()
      guard !paths.isEmpty else { return }
      let path = paths[random.number(below: paths.count)]
      switch random.number(below: 5) {
      case 0: remove(path)
      case 1:
        remove(path)
        entries[path] = Self.entry(path, &random)
      case 2: entries[path]?.mode = 0o600
      case 3:
        guard entries[path]?.type == .file else { break }
        entries[path]?.kind = .file(
          .init(size: 5, content: .inline([.chunk(random.id(), length: 5)])))
      default:
        guard entries[path]?.type == .directory else { break }
        let fresh = path.appending("fresh")
        if entries[fresh] == nil { entries[fresh] = Self.entry(fresh, &random) }
      }
    }
  }

  private mutating func remove(_ path: FilePath) {
    entries[path] = nil
    let below = path.bytes + [0x2f]
    for other in entries.keys where other.bytes.starts(with: below) { entries[other] = nil }
  }

  /// The root of the tree in nodes.
  func build(into nodes: MemoryNodes) throws -> Entry {
    var children: [FilePath: [Entry]] = [:]
    // What is below comes before what it is in.
    let depths = entries.keys.map { path in (depth: path.bytes.count { $0 == 0x2f }, path: path) }
    for (_, path) in depths.sorted(by: { $0.depth > $1.depth }) {
      guard let entry = entries[path] else { continue }
      var whole = entry
      if entry.type == .directory {
        whole.kind = .directory(try directory(children[path] ?? [], in: nodes))
      }
      children[path.parent, default: []].append(whole)
    }
    let list = try directory(children["/"] ?? [], in: nodes, isRoot: true)
    return Entry(
      name: Entry.rootName, kind: .directory(list), mode: 0o755, uid: 0, gid: 0,
      mtime: Timestamp(seconds: 0))
  }

  private func directory(
    _ entries: [Entry], in nodes: MemoryNodes, isRoot: Bool = false
  ) throws -> Children {
    var builder = DirectoryBuilder(cutting: TestSipHash(key: (1, 2)), into: nodes)
    for entry in entries.sorted(by: { $0.name < $1.name }) { try builder.append(entry) }
    return try builder.finish(isRoot: isRoot)
  }
}
