// Entries come back as they were written, in one encoding only, and what breaks a rule of
// FORMAT.md section 12 is rejected.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct EntryTests {
  @Test func randomEntriesRoundTrip() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<3000 {
      let entry = generator.entry()
      let encoded = entry.encoded
      let decoded = try Entry(decoding: encoded.rawSpan)
      try #require(decoded == entry, "seed \(seed)")
      try #require(decoded.encoded == encoded, "seed \(seed)")
    }
  }

  @Test func everyBitFlipIsRejectedOrIsAnotherEntryInItsOwnEncoding() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<30 {
      let encoded = generator.entry().encoded
      for bit in 0..<encoded.count * 8 {
        var flipped = encoded
        flipped[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let entry = try? Entry(decoding: flipped.rawSpan) else { continue }
        try #require(entry.encoded == flipped, "seed \(seed), bit \(bit)")
      }
      for count in 0..<encoded.count {
        let cut = Array(encoded[..<count])
        guard let entry = try? Entry(decoding: cut.rawSpan) else { continue }
        try #require(entry.encoded == cut, "seed \(seed), cut to \(count)")
      }
    }
  }

  @Test func viewShowsWhatTheEntryHolds() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let entry = generator.entry()
      let encoded = entry.encoded
      let view = try EntryView(encoded.rawSpan)
      try #require(Array(copying: view.name) == entry.name.bytes, "seed \(seed)")
      try #require(view.type == entry.type)
      try #require(view.mtime == entry.mtime && view.ctime == entry.ctime)
      try #require(view.inode == entry.inode)
      try #require(view.size == entry.file?.size ?? 0)
      try #require(view.links == entry.hardLink?.count ?? 1)
      try #require(view.children == entry.children)
      try #require(view.content == entry.file?.content)
    }
  }

  private func plain(_ name: String, _ kind: Entry.Kind) -> Entry {
    Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: kind, mode: 0o644, uid: 0, gid: 0,
      mtime: Timestamp(seconds: 0, nanoseconds: 0))
  }

  private func rejects(_ entry: Entry, isRoot: Bool = false) -> Bool {
    let encoded = entry.encoded
    return (try? Entry(decoding: encoded.rawSpan, isRoot: isRoot)) == nil
  }

  @Test(arguments: ["", ".", "..", "a/b", "/", "a\0", String(repeating: "n", count: 256)])
  func namesThatCannotBeAreRejected(name: String) {
    #expect(rejects(plain(name, .fifo)))
  }

  @Test(arguments: ["...", ".a", "a.", "..a", "\u{7f}\n", String(repeating: "n", count: 255)])
  func strangeNamesAreAccepted(name: String) {
    #expect(!rejects(plain(name, .fifo)))
  }

  @Test func onlyARootHasNoName() {
    let root = TreeReference(level: 0, id: .zero)
    #expect(!rejects(plain("", .directory(.nodes(root))), isRoot: true))
    #expect(rejects(plain("a", .directory(.nodes(root))), isRoot: true))
    #expect(rejects(plain("", .directory(.none)), isRoot: true))
    #expect(rejects(plain("", .fifo), isRoot: true))
  }

  @Test func contentMustFitTheSize() {
    let chunk = Extent.chunk(.zero, length: 10)
    #expect(!rejects(plain("f", .file(.init(size: 10, content: .inline([chunk]))))))
    #expect(rejects(plain("f", .file(.init(size: 11, content: .inline([chunk]))))))
    #expect(rejects(plain("f", .file(.init(size: 0, content: .inline([chunk]))))))
    #expect(rejects(plain("f", .file(.init(size: 10, content: .empty)))))
    let holes: [Extent] = [.hole(length: 5), .hole(length: 5)]
    #expect(rejects(plain("f", .file(.init(size: 10, content: .inline(holes))))))
    let huge = Extent.chunk(.zero, length: 8 << 20 + 1)
    #expect(rejects(plain("f", .file(.init(size: 8 << 20 + 1, content: .inline([huge]))))))
    let many = [Extent](repeating: chunk, count: 65)
    #expect(rejects(plain("f", .file(.init(size: 650, content: .inline(many))))))
    let overflow: [Extent] = [.hole(length: 1 << 63 - 1), chunk, .hole(length: 1 << 63 - 1), chunk]
    #expect(rejects(plain("f", .file(.init(size: 18, content: .inline(overflow))))))
  }

  @Test func childrenMustBeInOrderAndFew() throws {
    func directory(_ names: [String]) -> Entry {
      var writer = ByteWriter()
      writer.varint(UInt64(names.count))
      for name in names { writer.prefixed(plain(name, .fifo).encoded) }
      return plain("d", .directory(.inline(EntryList(trusted: writer.bytes))))
    }
    #expect(!rejects(directory(["a", "b"])))
    #expect(rejects(directory(["b", "a"])))
    #expect(rejects(directory(["a", "a"])))
    #expect(rejects(directory(["a", "/"])))
    #expect(rejects(directory((1000..<1400).map(String.init))))
  }

  @Test func attributesMustBeInOrder() {
    func file(_ names: [String]) -> Entry {
      var entry = plain("f", .fifo)
      entry.attributes = names.map { .init(name: Array($0.utf8), value: .inline([])) }
      return entry
    }
    #expect(!rejects(file(["user.a", "user.b"])))
    #expect(rejects(file(["user.b", "user.a"])))
    #expect(rejects(file(["user.a", "user.a"])))
    #expect(rejects(file([""])))
  }

  @Test func deepInlineDirectoriesAreCheckedWithoutRecursion() throws {
    var entry = plain("x", .directory(.none))
    var depth = 0
    while true {
      var writer = ByteWriter()
      writer.varint(1)
      writer.prefixed(entry.encoded)
      guard writer.bytes.count <= TreeLimits.inlineDirectory else { break }
      entry = plain("x", .directory(.inline(EntryList(trusted: writer.bytes))))
      depth += 1
    }
    #expect(depth > 150 && depth < 256)
    #expect(!rejects(entry))
  }

  @Test func unknownFieldsAreKeptUnlessCritical() throws {
    var bytes = plain("f", .fifo).encoded
    #expect(throws: Damage.unknownCritical(30)) {
      try Entry(decoding: (bytes + [61, 1, 9]).rawSpan)
    }
    bytes += [60, 1, 9]
    let entry = try Entry(decoding: bytes.rawSpan)
    #expect(entry.unknown == [UnknownField(number: 30, value: [9])])
    #expect(entry.encoded == bytes)
  }
}
