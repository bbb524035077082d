// Walks visit everything once, in order, and what cannot be read hides nothing else.

import Platform
import Storage
import Testing
import Vault

@testable import Igudar

@Suite struct TreeWalkTests {
  private let nodes = MemoryNodes()

  private func directory(_ name: String, _ entries: [Entry], inline: Bool = true) throws -> Entry {
    var builder = DirectoryBuilder(cutting: TestSipHash(key: (1, 2)), into: nodes)
    for entry in entries.sorted(by: { $0.name < $1.name }) { try builder.append(entry) }
    let children = try builder.finish(isRoot: !inline)
    return entry(name, .directory(children))
  }

  private func entry(_ name: String, _ kind: Entry.Kind) -> Entry {
    Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: kind, mode: 0o755, uid: 0, gid: 0,
      mtime: Timestamp(seconds: 1, nanoseconds: 0))
  }

  private func file(_ name: String) -> Entry { entry(name, .file(.init(size: 0, content: .empty))) }

  private func sample() throws -> Entry {
    let below = try directory("b", [file("2"), file("1")])
    let aside = try directory("c", [file("3")], inline: false)
    return try directory("", [file("a"), below, aside, file("d")], inline: false)
  }

  private func paths(
    of root: Entry, _ step: (FilePath) -> WalkStep = { _ in .onward }
  ) throws -> (met: [String], unreadable: [String]) {
    var (met, unreadable): ([String], [String]) = ([], [])
    try TreeWalk(from: nodes).visit(
      below: root, unreadable: { path, _ in unreadable.append("\(path)") }
    ) { entry, folder in
      let path = folder.appending(entry.name)
      met.append("\(path)")
      return step(path)
    }
    return (met, unreadable)
  }

  @Test func foldersComeBeforeWhatIsInThem() throws {
    let met = try paths(of: try sample()).met
    #expect(met == ["/a", "/b", "/b/1", "/b/2", "/c", "/c/3", "/d"])
  }

  @Test func foldersCanBePassedAndWalksEnded() throws {
    let root = try sample()
    #expect(
      try paths(of: root) { $0 == "/b" ? .past : .onward }.met == ["/a", "/b", "/c", "/c/3", "/d"])
    #expect(try paths(of: root) { $0 == "/b/1" ? .stop : .onward }.met == ["/a", "/b", "/b/1"])
    #expect(try paths(of: file("a")).met == [])
  }

  @Test func aFolderThatCannotBeReadHidesNothingElse() throws {
    let lost = entry(
      "b", .directory(.nodes(TreeReference(level: 0, id: ChunkID(words: (1, 2, 3, 4))))))
    let forged = nodes.forge([1, 0, 1, 0xff])
    let bad = entry("c", .directory(.nodes(TreeReference(level: 0, id: forged))))
    let root = try directory("", [file("a"), lost, bad, file("d")])
    let (met, unreadable) = try paths(of: root)
    #expect(met == ["/a", "/b", "/c", "/d"])
    #expect(unreadable == ["/b", "/c"])
  }

  @Test func aStoreThatFailsEndsTheWalkAndIsNoTroubleOfAFolder() throws {
    let root = try sample()
    nodes.fail(with: .store(.unavailable("the host is down")))
    #expect(throws: RepositoryError.store("the host is down")) {
      try TreeWalk(from: nodes).visit(
        below: root, unreadable: { path, error in Issue.record("\(path): \(error)") }
      ) { _, _ in .onward }
    }
  }

  @Test func foldersSayHowDeepTheyLie() throws {
    var met: [String] = []
    try TreeWalk(from: nodes).visit(
      below: try sample(), at: "/below/here",
      unreadable: { path, error in Issue.record("\(path): \(error)") }
    ) { entry, folder in
      met.append("\(folder.depth) \(folder.path) \(folder.appending(entry.name))")
      return .onward
    }
    #expect(met.prefix(3).last == "1 /below/here/b /below/here/b/1")
    #expect(met.last == "0 /below/here /below/here/d")
  }

  @Test func manyEntriesAreReadNodeByNode() throws {
    let names = (100_000..<120_000).map { "file \($0)" }
    let root = try directory("", names.map(file), inline: false)
    var met = 0
    try TreeWalk(from: nodes).visit(
      below: root,
      unreadable: { _, error in
        Issue.record("\(error)")
      }
    ) { entry, _ in
      if met == 0 { #expect(nodes.readCount < 5, "the first entry waits for nodes it needs not") }
      #expect(entry.name.bytes == Array(names[met].utf8))
      met += 1
      return .onward
    }
    #expect(met == names.count)
    #expect(nodes.readCount == nodes.ids.count)
  }

  @Test func everyReferenceIsToldOnceAndSharedNodesAreReadOnce() throws {
    var random = SeededGenerator(seed: 7)
    let shared = Extent.chunk(random.id(), length: 100)
    var files = (0..<3000).map { index in
      let own = Extent.chunk(random.id(), length: UInt32(index + 1))
      return entry(
        "\(index)", .file(.init(size: UInt64(index + 101), content: .inline([shared, own]))))
    }
    files[0].attributes = [
      ExtendedAttribute(name: [97], value: .chunk(random.id(), length: 2000))
    ]
    let below = try directory("below", files, inline: false)
    var again = below
    again.name = FileName(unchecked: Array("again".utf8))
    let root = try directory("", [below, again], inline: false)
    var walk = ReferenceWalk(from: nodes, remembering: DigestSet())
    var (data, trees): ([ChunkID], [ChunkID]) = ([], [])
    for _ in 0..<2 {
      try walk.walk(
        root,
        found: { id, kind, _ in if kind == .data { data.append(id) } else { trees.append(id) } },
        unreadable: { _, error in Issue.record("\(error)") })
    }
    #expect(data.count == 3002)
    #expect(Set(data).count == data.count)
    #expect(Set(trees) == nodes.ids)
    #expect(nodes.readCount == nodes.ids.count)
  }

  @Test func digestsAreToldApartAlsoWhenTheyLeaveMemory() throws {
    let set = DigestSet(memoryLimit: 1 << 16)
    for number in 0..<20_000 as Range<UInt64> {
      #expect(try set.insert(number & 7, number))
    }
    for number in 0..<20_000 as Range<UInt64> where try set.insert(number & 7, number) {
      Issue.record("\(number) was forgotten")
    }
    #expect(try set.insert(1, 0))
    try set.removeAll()
    #expect(try set.insert(1, 0))
  }
}
