// Directories come back from their nodes, equal entries give equal nodes whatever their history,
// small changes touch few nodes, and nodes that break a rule are rejected.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct DirectoryTests {
  private let hash = TestSipHash(key: (1, 2))

  private func build(
    _ entries: [Entry], into nodes: MemoryNodes, isRoot: Bool = false
  ) throws -> Children {
    var builder = DirectoryBuilder(cutting: hash, into: nodes)
    for entry in entries { try builder.append(entry) }
    return try builder.finish(isRoot: isRoot)
  }

  private func build(encoded entries: [[UInt8]], into nodes: MemoryNodes) throws {
    var builder = DirectoryBuilder(cutting: hash, into: nodes)
    for entry in entries { try builder.append(entry.rawSpan) }
    _ = try builder.finish(isRoot: true)
  }

  private func read(_ children: Children, from nodes: MemoryNodes) throws -> [Entry] {
    var reader = DirectoryReader(children, from: nodes)
    var entries: [Entry] = []
    while let entry = try reader.next() { entries.append(entry) }
    return entries
  }

  /// Files with names in order, about 90 bytes each.
  private func files(_ count: Int) -> [Entry] {
    (0..<count).map { index in
      let name = "file " + String(1_000_000 + index * 3)
      return file(name)
    }
  }

  private func file(_ name: String) -> Entry {
    var entry = Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: .fifo, mode: 0o644, uid: 1000, gid: 1000,
      mtime: Timestamp(seconds: 1_700_000_000, nanoseconds: 5))
    entry.ctime = entry.mtime
    entry.user = Array("somebody".utf8)
    entry.group = Array("everybody".utf8)
    return entry
  }

  @Test func theDomainKeyCutsAsTheFormatSays() {
    let domainKey = [UInt8](0..<32)
    let key = Hash.keyed(
      key: SecretKey(copying: domainKey.rawSpan), label: .treeCut, [])
    func word(_ start: Int) -> UInt64 {
      (0..<8).reduce(0) { $0 | UInt64(key[start + $1]) << (8 * UInt64($1)) }
    }
    let words = (word(0), word(8))
    let cut = TreeCut(domainKey: SecretKey(copying: domainKey.rawSpan))
    for count in 0..<40 {
      let message = [UInt8](repeating: 7, count: count)
      #expect(cut.cutHash(of: message.rawSpan) == TestSipHash(key: words).hash(message))
    }
  }

  @Test func sipHashIsThePapers() {
    let key = (UInt64(0x0706_0504_0302_0100), UInt64(0x0f0e_0d0c_0b0a_0908))
    #expect(TestSipHash(key: key).hash(Array(0..<15)) == 0xa129_ca61_49be_45e5)
  }

  @Test(arguments: [0, 1, 2, 40, 60, 100, 200, 1000, 5000])
  func entriesComeBackInOrder(count: Int) throws {
    let nodes = MemoryNodes()
    let entries = files(count)
    let children = try build(entries, into: nodes)
    #expect(try read(children, from: nodes) == entries)
  }

  @Test func randomDirectoriesComeBack() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for count in [3, 30, 300, 3000] {
      let nodes = MemoryNodes()
      let entries = generator.entries(count)
      let children = try build(entries, into: nodes)
      try #require(try read(children, from: nodes) == entries, "seed \(seed)")
    }
  }

  @Test func fewEntriesAreInlineButForTheRoot() throws {
    let nodes = MemoryNodes()
    guard case .inline = try build(files(20), into: nodes) else {
      Issue.record("20 entries are not inline")
      return
    }
    #expect(nodes.ids.isEmpty)
    guard case .nodes(let root) = try build([], into: nodes, isRoot: true) else {
      Issue.record("a root is inline")
      return
    }
    #expect(root.level == 0)
    #expect(try nodes.node(root.id) == [1, 0, 0])
    #expect(try read(.nodes(root), from: nodes).isEmpty)
  }

  @Test func inlineEndsAtItsLimit() throws {
    let one = file("a").encoded.count + 1
    let nodes = MemoryNodes()
    for extra in [4096 - one - 1, 4096 - one] {
      var last = file("b")
      last.user = []
      last.user = [UInt8](repeating: 1, count: extra - (last.encoded.count + 2 + 3))
      let isInline = extra + one < 4096
      try #require(last.encoded.count + 2 == extra)
      let children = try build([file("a"), last], into: nodes)
      if case .inline = children { #expect(isInline) } else { #expect(!isInline) }
      #expect(try read(children, from: nodes).count == 2)
    }
  }

  @Test func nodesHaveTheirSizes() throws {
    let nodes = MemoryNodes()
    let children = try build(files(8000), into: nodes)
    guard case .nodes(let root) = children else { return }
    #expect(root.level == 1)
    let sizes = try nodes.ids.filter { $0 != root.id }.map { try nodes.node($0).count }
    let mean = sizes.reduce(0, +) / sizes.count
    #expect(sizes.allSatisfy { $0 <= 131_072 + 6 })
    #expect(sizes.filter { $0 < 8192 }.count <= 1)
    #expect((24_000...42_000).contains(mean), "mean \(mean)")
  }

  @Test func historyDoesNotMatter() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let entries = generator.entries(2000)
    let nodes = MemoryNodes()
    let whole = try build(entries, into: nodes)
    let before = nodes.ids
    var builder = DirectoryBuilder(cutting: hash, into: nodes)
    for entry in entries.dropLast(700) { try builder.append(entry) }
    _ = try builder.finish()
    for entry in entries.dropFirst(3) { try builder.append(entry) }
    builder.reset()
    for entry in entries {
      let encoded = entry.encoded
      try builder.append(encoded.rawSpan)
    }
    #expect(try builder.finish() == whole, "seed \(seed)")
    #expect(nodes.ids.isSuperset(of: before))
  }

  @Test func oneChangeTouchesOneNodePerLevelAndAtMostItsNeighbours() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let entries = files(6000).map(\.encoded)
    let unchanged = MemoryNodes()
    try build(encoded: entries, into: unchanged)
    let before = unchanged.ids
    #expect(before.count > 10)
    for change in 0..<15 {
      let nodes = MemoryNodes()
      var changed = entries
      let place = generator.number(below: entries.count)
      switch change % 3 {
      case 0: changed[place][changed[place].count - 1] ^= 1
      case 1: changed.remove(at: place)
      default:
        let fresh = file("file " + String(1_000_000 + place * 3 + 1))
        changed.insert(fresh.encoded, at: place + 1)
      }
      try build(encoded: changed, into: nodes)
      let fresh = nodes.ids.subtracting(before).count
      try #require(fresh <= 6, "seed \(seed): change \(change) made \(fresh) of \(before.count)")
    }
  }

  @Test func lookupFindsWhatIsThereAndNothingElse() throws {
    let nodes = MemoryNodes()
    let entries = files(10000)
    let children = try build(entries, into: nodes)
    for place in [0, 1, 777, 5000, 9998, 9999] {
      let before = nodes.readCount
      let found = try DirectoryReader.find(entries[place].name, in: children, from: nodes)
      #expect(found == entries[place])
      #expect(nodes.readCount - before <= 2)
    }
    for name in ["a", "file 1000001", "file 2", "z"] {
      let name = FileName(unchecked: Array(name.utf8))
      #expect(try DirectoryReader.find(name, in: children, from: nodes) == nil)
    }
    var reader = DirectoryReader(children, from: nodes)
    #expect(try reader.seek(FileName(unchecked: Array("file 1015001".utf8))))
    var rest = 0
    repeat { rest += 1 } while try reader.advance()
    #expect(rest == 10000 - 5001)
  }

  @Test func largeEntriesHaveNodesOfTheirOwn() throws {
    var large = file("m")
    large.attributes = (0..<200).map { index in
      .init(
        name: Array("user.\(1000 + index)".utf8),
        value: .inline([UInt8](repeating: UInt8(index), count: 1000)))
    }
    let nodes = MemoryNodes()
    let entries = [file("a"), large, file("z")]
    let children = try build(entries, into: nodes)
    #expect(try read(children, from: nodes) == entries)
    #expect(nodes.ids.count == 4)
  }
}
