// Vectors of entries: one of every type in its only encoding, and encodings that break one rule.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct EntryVectorTests {
  private func id(_ number: UInt64) -> ChunkID {
    ChunkID(words: (number, number + 1, number + 2, number + 3))
  }

  private func entry(_ name: String, _ kind: Entry.Kind) -> Entry {
    Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: kind, mode: 0o644, uid: 1000, gid: 100,
      mtime: Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789))
  }

  private var full: Entry {
    let extents: [Extent] = [.chunk(id(1), length: 70000), .hole(length: 4096)]
    var full = entry("full", .file(.init(size: 74096, content: .inline(extents))))
    full.flags = Entry.changedWhileRead
    full.ctime = Timestamp(seconds: 1_700_000_001, nanoseconds: 0)
    full.atime = Timestamp(seconds: 0, nanoseconds: 0)
    full.birthTime = Timestamp(seconds: -1, nanoseconds: 999_999_999)
    full.inode = 1 << 40
    full.hardLink = .init(device: 2, count: 3)
    full.user = Array("user".utf8)
    full.group = Array("group".utf8)
    full.inodeFlags = 0x10
    full.projectID = 7
    full.attributes = [
      .init(name: Array("security.selinux".utf8), value: .chunk(id(9), length: 2000)),
      .init(name: Array("user.a".utf8), value: .inline([1, 2])),
    ]
    full.unknown = [UnknownField(number: 100, value: [1, 2, 3])]
    return full
  }

  private func entries() -> [(name: String, entry: Entry)] {
    var least = entry("x", .fifo)
    least.mode = 0
    least.uid = 0
    least.gid = 0
    least.mtime = Timestamp(seconds: 0, nanoseconds: 0)
    var inside = ByteWriter()
    inside.varint(2)
    inside.prefixed(entry("a", .directory(.none)).encoded)
    inside.prefixed(entry("b", .fifo).encoded)
    let list = EntryList(trusted: inside.bytes)
    var lacking = entry("p", .fifo)
    lacking.flags = Entry.lacksAttributes
    var bytes = least
    bytes.name = FileName(unchecked: [0xff, 0x0a, 0x1b])
    return [
      ("least", least), ("full file", full), ("name that is not text", bytes),
      ("empty file", entry("empty", .file(.init(size: 0, content: .empty)))),
      (
        "file of nodes",
        entry("f", .file(.init(size: 1 << 40, content: .nodes(.init(level: 2, id: id(5))))))
      ),
      ("empty directory", entry("d", .directory(.none))),
      ("inline directory", entry("d", .directory(.inline(list)))),
      ("directory of nodes", entry("d", .directory(.nodes(.init(level: 1, id: id(6)))))),
      ("symbolic link", entry("l", .symbolicLink(target: Array("../x".utf8)))),
      ("character device", entry("null", .characterDevice(.init(major: 1, minor: 3)))),
      ("block device", entry("sda", .blockDevice(.init(major: 8, minor: 0)))),
      ("fifo", entry("p", .fifo)), ("socket", entry("s", .socket)),
      ("attributes that could not be read", lacking),
    ]
  }

  @Test func entriesHaveTheirOneEncoding() throws {
    var lines = VectorLines()
    for (name, entry) in entries() { lines.add(name, entry.encoded) }
    let committed = try lines.compare(with: "tree-entries")
    for (line, (_, entry)) in zip(committed, entries()) {
      let bytes = try vectorBytes(line.value)
      #expect(try Entry(decoding: bytes.rawSpan) == entry, "\(line.name)")
    }
  }

  /// An entry of a type with the given fields: owner and mtime are zero.
  private func raw(_ type: UInt8, _ fields: [UInt8], name: String = "x") -> [UInt8] {
    [UInt8(name.utf8.count)] + Array(name.utf8) + [type] + fields
  }

  private var rejected: [RejectedBytes] {
    let base: [UInt8] = [4, 2, 0, 0, 6, 2, 0, 0]
    let chunk = [2] + ChunkID.zero.bytes
    let reference = [0] + ChunkID.zero.bytes
    let below = raw(6, base)
    let item = [UInt8(below.count)] + below
    let file = base + [35, 1, 1]
    return [
      .init("no bytes", []), .init("a name without end", [5, 0x61]),
      .init("empty name", raw(6, base, name: "")), .init("dot", raw(6, base, name: ".")),
      .init("dot dot", raw(6, base, name: "..")), .init("slash", raw(6, base, name: "a/b")),
      .init("NUL", raw(6, base, name: "a\0")), .init("type 0", raw(0, base)),
      .init("type 8", raw(8, base)), .init("no owner", raw(6, [6, 2, 0, 0])),
      .init("no mtime", raw(6, [4, 2, 0, 0])),
      .init("mode zero is written", raw(6, [3, 1, 0] + base)),
      .init("mode above 07777", raw(6, [3, 2, 0x80, 0x20] + base)),
      .init("mode not critical", raw(6, [2, 1, 1] + base)),
      .init("fields out of order", raw(6, [6, 2, 0, 0, 4, 2, 0, 0])),
      .init("a field twice", raw(6, [4, 2, 0, 0] + base)),
      .init("varint not in its shortest form", raw(6, base + [14, 2, 0x81, 0])),
      .init(
        "varint above 64 bits", raw(6, base + [14, 10] + [UInt8](repeating: 0xff, count: 9) + [2])),
      .init(
        "nanoseconds above their limit",
        raw(6, [4, 2, 0, 0, 6, 6, 0] + [0x80, 0x94, 0xeb, 0xdc, 0x03])),
      .init("a field that is too short", raw(6, base + [8, 1, 0])),
      .init("a field that is too long", raw(6, base + [8, 3, 0, 0, 0])),
      .init("a field without end", raw(6, base + [8, 9, 0, 0])),
      .init("uid above 32 bits", raw(6, [4, 6, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 6, 2, 0, 0])),
      .init("one link", raw(6, base + [18, 1, 1])),
      .init("device without links", raw(6, base + [16, 1, 1])),
      .init("links of a directory", raw(2, base + [18, 1, 2, 41, 1, 0])),
      .init("empty user", raw(6, base + [20, 0])),
      .init("no attributes in a list", raw(6, base + [28, 1, 0])),
      .init("attributes out of order", raw(6, base + [28, 9, 2, 1, 0x62, 0, 0, 1, 0x61, 0, 0])),
      .init("attribute without name", raw(6, base + [28, 5, 1, 0, 0, 1, 1])),
      .init("attribute of an unknown form", raw(6, base + [28, 5, 1, 1, 0x61, 2, 0])),
      .init("device number of a fifo", raw(6, base + [31, 2, 0, 0])),
      .init("device without number", raw(4, base)), .init("link without target", raw(3, base)),
      .init("empty target", raw(3, base + [33, 0])),
      .init("target with NUL", raw(3, base + [33, 2, 0x61, 0])),
      .init("size without content", raw(1, file)),
      .init("content without size", raw(1, base + [37, 34, 1] + chunk)),
      .init("content of both forms", raw(1, file + [37, 34, 1] + chunk + [39, 33] + reference)),
      .init("extents that do not add up", raw(1, base + [35, 1, 2, 37, 34, 1] + chunk)),
      .init("empty extent", raw(1, file + [37, 35, 2, 0] + chunk)),
      .init("two holes side by side", raw(1, base + [35, 1, 2, 37, 3, 2, 3, 3])),
      .init(
        "chunk above 8 MiB",
        raw(
          1,
          base + [35, 4, 0x81, 0x80, 0x80, 4, 37, 37, 1, 0x82, 0x80, 0x80, 8] + ChunkID.zero.bytes)),
      .init("no extents in a list", raw(1, base + [37, 1, 0])),
      .init("level above 16", raw(1, file + [39, 33, 17] + ChunkID.zero.bytes)),
      .init(
        "reference of the wrong length", raw(1, file + [39, 32, 0] + ChunkID.zero.bytes.dropLast())),
      .init("directory without children", raw(2, base)),
      .init("children of both forms", raw(2, base + [41, 1, 0, 43, 33] + reference)),
      .init("children of a file", raw(1, base + [41, 1, 0])),
      .init(
        "children twice of one name",
        raw(2, base + [41, UInt8(1 + 2 * item.count), 2] + item + item)),
      .init(
        "bytes behind the children", raw(2, base + [41, UInt8(2 + item.count), 1] + item + [0])),
      .init(
        "a child without owner",
        raw(2, base + [41, 14, 1, 12] + raw(6, [6, 2, 0, 0, 14, 3, 0x80, 0x80, 1]))),
      .init("flags zero are written", raw(6, base + [44, 1, 0])),
      .init("unknown critical field", raw(6, base + [61, 1, 1]), "unknownCritical"),
      .init("bytes behind the fields", raw(6, base + [0])),
    ]
  }

  @Test func entriesThatBreakARuleAreRejected() throws {
    var lines = VectorLines()
    for bad in rejected { lines.add(bad.name, text: hexString(bad.bytes) + " " + bad.error) }
    for line in try lines.compare(with: "tree-entries-rejected") {
      let words = line.value.split(separator: " ", omittingEmptySubsequences: false)
      let bytes = try vectorBytes(words[0])
      let error = damageName { () throws(Damage) in _ = try Entry(decoding: bytes.rawSpan) }
      #expect(error == words[1], "\(line.name)")
    }
  }
}
