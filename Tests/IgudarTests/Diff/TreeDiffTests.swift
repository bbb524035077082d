// Differences are those that two dictionaries have, and what trees share is not read.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

@Suite struct TreeDiffTests {
  private func differences(
    _ nodes: MemoryNodes, _ old: Entry, _ new: Entry
  ) throws -> [(path: FilePath, text: String)] {
    var found: [(path: FilePath, text: String)] = []
    try TreeDiff(from: nodes).run(
      from: old, to: new, unreadable: { Issue.record("\($0): \($1)") },
      found: {
        found.append(($0.path, $0.old == nil ? "+" : $0.new == nil ? "-" : text($0.change)))
        return true
      })
    return found
  }

  private func text(_ change: EntryChange) -> String {
    (change.contains(.type) ? "T" : "") + (change.contains(.content) ? "M" : "")
      + (change.contains(.bitRot) ? "?" : "") + (change.contains(.metadata) ? "U" : "")
  }

  private func expected(_ old: ModelTree, _ new: ModelTree) -> [FilePath: String] {
    var expected: [FilePath: String] = [:]
    for path in Set(old.entries.keys).union(new.entries.keys) {
      switch (old.entries[path], new.entries[path]) {
      case (let before?, let after?):
        if before == after { continue }
        expected[path] = text(EntryChange(from: before, to: after))
      case (nil, _): expected[path] = "+"
      case (_, nil): expected[path] = "-"
      }
    }
    return expected
  }

  @Test(arguments: 1...24 as ClosedRange<UInt64>)
  func differencesAreThoseOfDictionaries(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let nodes = MemoryNodes()
    let old = ModelTree(&random)
    var new = old
    new.change(&random)
    let found = try differences(nodes, try old.build(into: nodes), try new.build(into: nodes))
    let texts = Dictionary(uniqueKeysWithValues: found.map { ($0.path, $0.text) })
    #expect(texts == expected(old, new), "seed \(seed)")
    let order = found.map { $0.path.bytes.map { $0 == 0x2f ? 0 : $0 } }
    #expect(
      order == order.sorted { $0.lexicographicallyPrecedes($1) }, "seed \(seed): out of order")
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func chunksAreThoseOfSets(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let nodes = MemoryNodes()
    let old = ModelTree(&random)
    var new = old
    new.change(&random)
    let (first, second) = (try old.build(into: nodes), try new.build(into: nodes))
    func chunks(_ tree: Entry) throws -> Set<ChunkID> {
      var walk = ReferenceWalk(from: nodes, remembering: DigestSet())
      var ids: Set<ChunkID> = []
      try walk.walk(
        tree, found: { id, _, _ in ids.insert(id) },
        unreadable: { _, error in Issue.record("\(error)") })
      return ids
    }
    let difference = ChunkDifference(from: nodes)
    var found: Set<ChunkID> = []
    try difference.passOver(first) { Issue.record("\($0)") }
    try difference.find(
      second, found: { id, _, _ in found.insert(id) }, unreadable: { Issue.record("\($0)") })
    #expect(found == (try chunks(second)).subtracting(try chunks(first)), "seed \(seed)")
  }

  // A directory of many nodes.
  private func large(_ nodes: MemoryNodes, without missing: Int? = nil) throws -> Entry {
    var builder = DirectoryBuilder(cutting: TestSipHash(key: (1, 2)), into: nodes)
    for number in 100_000..<120_000 where number != missing {
      try builder.append(
        Entry(
          name: FileName(unchecked: Array("file \(number)".utf8)), kind: .fifo, mode: 0, uid: 0,
          gid: 0, mtime: Timestamp(seconds: 0)))
    }
    return Entry(
      name: Entry.rootName, kind: .directory(try builder.finish(isRoot: true)), mode: 0, uid: 0,
      gid: 0, mtime: Timestamp(seconds: 0))
  }

  @Test func equalNodesOfAChangedDirectoryAreNotRead() throws {
    let nodes = MemoryNodes()
    let (old, new) = (try large(nodes), try large(nodes, without: 113_456))
    let before = nodes.readCount
    let found = try differences(nodes, old, new)
    #expect(found.map(\.text) == ["-"])
    #expect(found.first?.path == "/file 113456")
    #expect(nodes.ids.count > 12)
    #expect(nodes.readCount - before < 7)
  }

  @Test func treesOfDifferentHeightShareNodesToo() throws {
    let nodes = MemoryNodes()
    let tall = try large(nodes)
    var reader = DirectoryReader(tall.children ?? .none, from: nodes)
    var builder = DirectoryBuilder(cutting: TestSipHash(key: (1, 2)), into: nodes)
    for _ in 0..<2000 {
      guard let entry = try reader.next() else { break }
      try builder.append(entry)
    }
    var low = tall
    low.kind = .directory(try builder.finish(isRoot: true))
    #expect(try differences(nodes, low, tall).count == 18_000)
    #expect(try differences(nodes, tall, low).count == 18_000)
  }

  @Test func aStoreThatFailsEndsTheComparison() throws {
    let nodes = MemoryNodes()
    let (old, new) = (try large(nodes), try large(nodes, without: 113_456))
    nodes.fail(with: .store(.unavailable("the host is down")))
    #expect(throws: RepositoryError.store("the host is down")) {
      try TreeDiff(from: nodes).run(
        from: old, to: new, unreadable: { Issue.record("\($0): \($1)") }, found: { _ in true })
    }
  }

  @Test func damageIsToldAndNotTakenForADifference() throws {
    let nodes = MemoryNodes()
    func tree(_ lost: Children) throws -> Entry {
      var model = ModelTree.empty
      model.entries["/a"] = model.directory("a")
      model.entries["/b"] = model.directory("b")
      var root = try model.build(into: nodes)
      var builder = DirectoryBuilder(cutting: TestSipHash(key: (1, 2)), into: nodes)
      var below = model.directory("a")
      below.kind = .directory(lost)
      try builder.append(below)
      try builder.append(model.directory("b"))
      root.kind = .directory(try builder.finish(isRoot: true))
      return root
    }
    let gone = Children.nodes(TreeReference(level: 0, id: ChunkID(words: (1, 2, 3, 4))))
    let there = try large(nodes).children ?? .none
    var (found, unreadable): ([FilePath], [FilePath]) = ([], [])
    try TreeDiff(from: nodes).run(
      from: try tree(gone), to: try tree(there), unreadable: { path, _ in unreadable.append(path) },
      found: {
        found.append($0.path)
        return true
      })
    #expect(found.isEmpty)
    #expect(unreadable == ["/a"])
  }
}

extension ModelTree {
  static var empty: ModelTree {
    var tree = self.init(seed: 1)
    tree.entries = [:]
    return tree
  }

  private init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    self.init(&random)
  }

  func directory(_ name: String) -> Entry {
    Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: .directory(.none), mode: 0, uid: 0,
      gid: 0, mtime: Timestamp(seconds: 0))
  }
}
