// What the format has no place for is left out and told; it never makes a tree that cannot be read.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct RefusedEntryTests {
  private func file(_ name: String) -> Entry { CraftedSnapshot.entry(name, .fifo) }

  /// An entry with two attributes of one name.
  private var twice: Entry {
    var entry = file("twice")
    let attribute = ExtendedAttribute(name: Array("user.x".utf8), value: .inline([1]))
    entry.attributes = [attribute, attribute]
    return entry
  }

  private var odd: Entry {
    var entry = file("odd")
    entry.mtime = Timestamp(seconds: 5, nanoseconds: 1_000_000_000)
    return entry
  }

  private func names(of entry: Entry, _ nodes: MemoryNodes) throws -> [String] {
    var reader = DirectoryReader(try #require(entry.children), from: nodes)
    var names: [String] = []
    while let entry = try reader.next() {
      names.append("\(entry.name)")
      guard entry.children != nil else { continue }
      names += try self.names(of: entry, nodes).map { "\(entry.name)/\($0)" }
    }
    return names
  }

  @Test func whatCannotBeReadAgainIsLeftOutAndTold() throws {
    let nodes = MemoryNodes()
    let refused = Mutex<[String]>([])
    var assembler = TreeAssembler(
      cutting: TestSipHash(key: (1, 2)), into: nodes, finishing: { _, _, _ in }
    ) { names, _ in
      refused.withLock { $0.append(names.map(\.description).joined(separator: "/")) }
    }
    var batch = Batch(number: 0)
    let folder = CraftedSnapshot.entry("folder", .directory(.none), mode: 0o755)
    batch.items.append(.enter(CraftedSnapshot.entry("", .directory(.none), mode: 0o755)))
    batch.add(file("a"))
    batch.items.append(.enter(folder))
    batch.add(file("b"))
    for entry in [odd, twice] { batch.add(entry) }
    batch.add(file("z"))
    batch.items.append(.leave)
    batch.add(file(String(repeating: "n", count: 256)))
    batch.add(file("z"))
    batch.items.append(.leave)
    try assembler.take(batch)
    let long = String(repeating: "n", count: 256)
    #expect(refused.withLock { $0 } == ["folder/odd", "folder/twice", long])
    let root = try #require(assembler.root)
    #expect(try names(of: root, nodes) == ["a", "folder", "folder/b", "folder/z", "z"])
  }

  @Test func aSnapshotWhoseRecordCannotBeReadHidesNoOther() throws {
    let harvest = try Harvest()
    try harvest.shell("echo barley > src/grain")
    let sound = try #require(try harvest.backup().snapshot)
    let vault = harvest.repository.vault
    let bad = try vault.begin().commit([1, 2, 3])
    let repository = try harvest.open(harvest.store)
    #expect(try repository.snapshots().map(\.id) == [sound])
    #expect(try repository.unreadableSnapshots() == [bad])
    // A backup goes on, a prune gives nothing up.
    _ = try harvest.backup()
    #expect(throws: VaultError.self) { try repository.allSnapshots() }
    try repository.forgetUnreadable([bad])
    #expect(try harvest.open(harvest.store).unreadableSnapshots() == [])
  }
}
