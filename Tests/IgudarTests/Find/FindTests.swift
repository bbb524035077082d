// What is found is what a filter over all paths finds, and what snapshots share is searched once.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct FindTests {
  private func found(_ find: Find, in tree: Entry) throws -> [FilePath] {
    var paths: [FilePath] = []
    let goesOn = try find.run(
      in: tree, unreadable: { Issue.record("\($0): \($1)") },
      found: { entry, path in
        #expect(path.lastComponent == entry.name)
        paths.append(path)
        return true
      })
    #expect(goesOn)
    return paths
  }

  private static let patterns: [[String]] = [
    ["a"], ["*b*"], ["/a/*"], ["a/b"], ["**/z"], ["/z"], ["n1*"], ["nothing"], ["a", "!a.b"], ["*"],
  ]

  @Test(arguments: 1...16 as ClosedRange<UInt64>)
  func whatIsFoundIsWhatAFilterFinds(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let nodes = MemoryNodes()
    var query = FindQuery()
    let texts = Self.patterns[random.number(below: Self.patterns.count)]
    let patterns = try PatternSet(texts.map { Array($0.utf8) })
    query.patterns = patterns
    if random.chance(30) { query.types = [.file, .symbolicLink] }
    if random.chance(30) { query.oldest = Timestamp(seconds: 1) }
    if random.chance(30) { query.newest = Timestamp(seconds: 1) }
    if random.chance(20) { query.leastSize = 5 }
    if random.chance(10) { query.mostSize = 4 }
    let find = Find(query, from: nodes)
    var model = ModelTree(&random)
    // One search over several snapshots: what it remembers of the first must not hide anything.
    for _ in 0..<3 {
      let expected = model.entries.filter { path, entry in
        patterns.match(path).isMatched
          && (query.types.isEmpty || query.types.contains(entry.type))
          && entry.mtime >= query.oldest ?? entry.mtime
          && entry.mtime <= query.newest ?? entry.mtime
          && (query.leastSize == nil && query.mostSize == nil
            || entry.file.map { $0.size >= query.leastSize ?? 0 && $0.size <= query.mostSize ?? 9 }
              ?? false)
      }
      let paths = try found(find, in: try model.build(into: nodes))
      #expect(Set(paths) == Set(expected.keys), "seed \(seed), \(texts)")
      #expect(Set(paths).count == paths.count)
      model.change(&random)
    }
  }

  @Test func whatWasSearchedInVainIsNotReadAgain() throws {
    var random = SeededGenerator(seed: 3)
    let nodes = MemoryNodes()
    var model = ModelTree.empty
    for name in ["/x", "/y"] {
      model.entries[FilePath(name)] = model.directory(String(name.dropFirst()))
      for number in 0..<2000 {
        let path = FilePath(name).appending("f\(random.next())-\(number)")
        var entry = model.directory("")
        entry.kind = .fifo
        entry.name = path.lastComponent ?? Entry.rootName
        model.entries[path] = entry
      }
    }
    let first = try model.build(into: nodes)
    var hit = model.directory("hit")
    hit.kind = .fifo
    model.entries["/y/hit"] = hit
    let second = try model.build(into: nodes)
    var query = FindQuery()
    query.patterns = try PatternSet([Array("hit".utf8)])
    let find = Find(query, from: nodes)
    #expect(try found(find, in: first).isEmpty)
    let whole = nodes.readCount
    #expect(try found(find, in: first).isEmpty)
    #expect(nodes.readCount == whole)
    #expect(try found(find, in: second) == ["/y/hit"])
    let part = nodes.readCount - whole
    #expect(part < whole * 2 / 3)
    #expect(try found(find, in: second) == ["/y/hit"])
    #expect(nodes.readCount - whole == 2 * part)
  }

  @Test func whatCannotBeReadIsToldForEverySnapshot() throws {
    let nodes = MemoryNodes()
    var lost = ModelTree.empty.directory("lost")
    lost.kind = .directory(.nodes(TreeReference(level: 0, id: ChunkID(words: (1, 2, 3, 4)))))
    var builder = DirectoryBuilder(cutting: TestSipHash(key: (1, 2)), into: nodes)
    try builder.append(lost)
    var root = lost
    root.kind = .directory(try builder.finish(isRoot: true))
    let find = Find(FindQuery(), from: nodes)
    for _ in 0..<2 {
      var (paths, unreadable): ([FilePath], [FilePath]) = ([], [])
      _ = try find.run(
        in: root, unreadable: { path, _ in unreadable.append(path) },
        found: { _, path in
          paths.append(path)
          return true
        })
      #expect(paths == ["/lost"])
      #expect(unreadable == ["/lost"])
    }
  }
}
