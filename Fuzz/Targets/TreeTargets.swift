// Tree nodes and entries. A tree of hostile nodes is read whole, sought in, and, where it was
// accepted, encoded again.

import Igudar
import Platform
import Vault

extension FuzzTarget {
  static let trees = [
    FuzzTarget("entry", seeds: entrySeeds, run: runEntry),
    FuzzTarget("directory", seeds: directorySeeds, run: runDirectory),
    FuzzTarget("content", seeds: contentSeeds, run: runContent),
  ]

  // MARK: entry: whether it is a root, then the entry

  private static func file(_ name: String, _ extents: [Extent]) -> Entry {
    let size = extents.reduce(0) { $0 + $1.length }
    var entry = entry(name, .file(.init(size: size, content: .inline(extents))))
    entry.hardLink = .init(device: 1, count: 2)
    return entry
  }

  private static func entry(_ name: String, _ kind: Entry.Kind) -> Entry {
    var entry = Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: kind, mode: 0o644, uid: 1000, gid: 100,
      mtime: Timestamp(seconds: 1_700_000_000, nanoseconds: 1))
    entry.ctime = Timestamp(seconds: -1, nanoseconds: 2)
    entry.inode = 77
    entry.user = Array("user".utf8)
    entry.attributes = [
      ExtendedAttribute(name: Array("user.a".utf8), value: .inline([1])),
      ExtendedAttribute(name: Array("user.b".utf8), value: .chunk(Fixed.id(1), length: 2000)),
    ]
    return entry
  }

  private static var entries: [Entry] {
    let link = entry("link", .symbolicLink(target: Array("target".utf8)))
    var list = ByteWriter()
    list.varint(1)
    list.prefixed(link.encoded)
    return [
      entry("device", .blockDevice(.init(major: 8, minor: 1))),
      entry("directory", .directory(.inline(EntryList(trusted: list.bytes)))),
      entry("empty", .directory(.none)), entry("fifo", .fifo),
      file("file", [.chunk(Fixed.id(2), length: 4096), .hole(length: 1 << 40)]), link,
      entry("tree", .directory(.nodes(TreeReference(level: 2, id: Fixed.id(3))))),
    ]
  }

  private static func entrySeeds() -> [[UInt8]] {
    let root = entry("", .directory(.nodes(TreeReference(level: 0, id: Fixed.id(4)))))
    return entries.map { [0] + $0.encoded } + [[1] + root.encoded]
  }

  private static func runEntry(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let flag = input.first else { return false }
    let encoded = Array(input.dropFirst())
    guard let entry = try? Entry(decoding: encoded.rawSpan, isRoot: flag & 1 == 1) else {
      return false
    }
    try promise(entry.encoded == encoded, "an entry has two forms")
    return true
  }

  // MARK: Nodes: the level of the root, then nodes with their lengths

  /// Nodes that are asked for by the first byte of their ID; the root is node 0.
  private final class Nodes: NodeSource, @unchecked Sendable {
    let level: UInt8
    private let nodes: [[UInt8]]
    // Nodes may name each other, and level by level a walk takes them in many times.
    private var budget = 0

    init(_ input: [UInt8]) {
      var parts = InputReader(input)
      level = parts.byte() % 18
      var nodes: [[UInt8]] = []
      while !parts.isAtEnd { nodes.append(parts.piece()) }
      self.nodes = nodes
    }

    var root: TreeReference { TreeReference(level: level, id: Fixed.id(0)) }

    func allowReads() { budget = 100 }

    func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
      budget -= 1
      guard budget > 0, !nodes.isEmpty else { throw .missingChunk(id) }
      return nodes[Int(id.bytes[0]) % nodes.count]
    }
  }

  // MARK: directory

  private static func directorySeeds() -> [[UInt8]] {
    let half = entries.count / 2
    let leaves = [entries[..<half], entries[half...]].map { entries in
      node(type: 1, level: 0, items: entries.map { $0.encoded }) { $0.prefixed($1) }
    }
    let names = [entries[half - 1].name.bytes, entries[entries.count - 1].name.bytes]
    let inner = node(type: 2, level: 1, items: Array(names.enumerated())) { writer, name in
      writer.prefixed(name.element)
      writer.id(Fixed.id(UInt8(name.offset + 1), as: ChunkID.self))
    }
    let empty: [UInt8] = [1, 0, 0]
    return [
      [0] + piece(empty), [0] + piece(leaves[0]),
      [1] + piece(inner) + piece(leaves[0]) + piece(leaves[1]),
    ]
  }

  private static func node<Item>(
    type: UInt8, level: UInt8, items: [Item], write: (inout ByteWriter, Item) -> Void
  ) -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(type)
    writer.u8(level)
    writer.varint(UInt64(items.count))
    for item in items { write(&writer, item) }
    return writer.bytes
  }

  private static func runDirectory(_ input: [UInt8]) throws(Finding) -> Bool {
    let nodes = Nodes(input)
    nodes.allowReads()
    let found = try? walk(nodes)
    guard let found else { return false }
    for (entry, encoded) in found {
      try promise(entry.encoded == encoded, "an entry has two forms")
      nodes.allowReads()
      let again = try? DirectoryReader.find(entry.name, in: .nodes(nodes.root), from: nodes)
      try promise(again == entry, "an entry that is listed is not found")
    }
    for (earlier, later) in zip(found, found.dropFirst()) {
      try promise(earlier.0.name < later.0.name, "names do not ascend")
    }
    guard nodes.level == 0 else { return true }
    let leaf = node(type: 1, level: 0, items: found.map(\.1)) { $0.prefixed($1) }
    var parts = InputReader(input)
    _ = parts.byte()
    try promise(leaf == parts.piece(), "a leaf has two forms")
    return true
  }

  private static func walk(_ nodes: Nodes) throws(VaultError) -> [(Entry, [UInt8])] {
    var found: [(Entry, [UInt8])] = []
    var reader = DirectoryReader(.nodes(nodes.root), from: nodes)
    while try reader.advance() {
      found.append(reader.withCurrent { ($0.entry, Array(copying: $0.encoded)) })
      // A walk that takes the same nodes many times has shown what there is to see.
      guard found.count < 2000 else { throw .limit("entries") }
    }
    return found
  }

  // MARK: content: 64 bits of the file's size, then the nodes

  private static func contentSeeds() -> [[UInt8]] {
    let extents: [Extent] = [
      .chunk(Fixed.id(5), length: 1000), .hole(length: 50), .chunk(Fixed.id(6), length: 7),
    ]
    let leaf = node(type: 3, level: 0, items: extents) { writer, extent in
      switch extent {
      case .chunk(let id, let length):
        writer.varint(UInt64(length) << 1)
        writer.id(id)
      case .hole(let length): writer.varint(length << 1 | 1)
      }
    }
    let inner = node(type: 4, level: 1, items: [UInt64(1057), 1057]) { writer, bytes in
      writer.varint(bytes)
      writer.id(Fixed.id(1, as: ChunkID.self))
    }
    return [
      number(1057) + [0] + piece(leaf),
      number(2114) + [1] + piece(inner) + piece(leaf),
    ]
  }

  private static func number(_ number: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.u64(number)
    return writer.bytes
  }

  private static func runContent(_ input: [UInt8]) throws(Finding) -> Bool {
    var parts = InputReader(input)
    let bytes = parts.bytes(8) + [UInt8](repeating: 0, count: 8)
    var reader = ByteReader(bytes.rawSpan)
    guard let size = try? reader.u64() else { return false }
    guard let end = end(of: Nodes(parts.remainder()), size) else { return false }
    try promise(end == size, "another size")
    return true
  }

  // Where the last extent ends; nil for content that is not accepted.
  private static func end(of nodes: Nodes, _ size: UInt64) -> UInt64? {
    nodes.allowReads()
    var reader = ContentReader(.nodes(nodes.root), size: size, from: nodes)
    var (count, end) = (0, UInt64(0))
    do throws(VaultError) {
      while let extent = try reader.next() {
        guard count < 5000 else { return nil }
        count += 1
        end += extent.length
      }
    } catch { return nil }
    return end
  }
}
