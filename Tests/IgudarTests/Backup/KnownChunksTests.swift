// What an earlier version of a file tells may save time, but changes no cut and no ID.

import Glibc
import Platform
import Testing

@testable import Igudar
@testable import Vault

@Suite struct KnownChunksTests {
  private let harvest: Harvest
  private let context: BackupContext
  private let old = SeededRandomness(7).bytes(3 << 20)
  private let other = SeededRandomness(8).bytes(3 << 20)

  // Chunks are small, so that there are thousands.
  init() throws {
    let sizes = try #require(ChunkerParameters(minimum: 256, target: 1 << 10, maximum: 4 << 10))
    harvest = try Harvest(chunker: sizes)
    context = BackupContext(
      vault: harvest.repository.vault, options: BackupOptions(), progress: BackupProgress()
    ) { _ in }
  }

  // Cuts as a backup does; IDs that were not found out on the way are found out here.
  private func cuts(
    _ bytes: [UInt8], known: KnownChunks? = nil
  ) throws -> (cuts: [Cut], knownCount: Int) {
    var cuts: [Cut] = []
    var knownCount = 0
    let source = PieceSource(bytes)
    let cutter = StretchCutter(context: context, known: known)
    _ = try unsafe cutter.cut(from: 0) { (target) throws(SourceProblem) in
      try unsafe source.read(into: target)
    } submit: { (stretch) throws(VaultError) in
      defer { context.release(stretch.buffer) }
      var place = stretch.start
      for cut in stretch.cuts {
        let chunk = unsafe UnsafeRawBufferPointer(
          start: stretch.buffer.pointer + place, count: cut.length)
        let id = unsafe context.vault.hasher.id(of: chunk, kind: .data)
        if let found = cut.id {
          #expect(found == id)
          knownCount += 1
        }
        cuts.append(Cut(length: cut.length, id: id))
        place += cut.length
      }
    }
    return (cuts, knownCount)
  }

  private func known(_ extents: [Extent]) throws -> KnownChunks {
    let nodes = MemoryNodes()
    var content = ContentBuilder(into: nodes)
    for extent in extents { try content.append(extent) }
    let size = content.size
    let file = Entry.File(size: size, content: try content.finish())
    return KnownChunks(EarlierFile(file: file, nodes: nodes), in: context.vault)
  }

  private func extents(_ bytes: [UInt8]) throws -> [Extent] {
    try cuts(bytes).cuts.map { .chunk(try #require($0.id), length: UInt32($0.length)) }
  }

  // Cuts the same with the earlier version as without; answers how many chunks were not scanned for.
  @discardableResult
  private func expectSame(_ bytes: [UInt8], after extents: [Extent]) throws -> (Int, of: Int) {
    let plain = try cuts(bytes)
    let guided = try cuts(bytes, known: known(extents))
    #expect(plain.knownCount == 0)
    #expect(guided.cuts == plain.cuts)
    return (guided.knownCount, plain.cuts.count)
  }

  @Test(.timeLimit(.minutes(1)))
  func whatIsAsItWasIsNotScanned() throws {
    let (known, count) = try expectSame(old, after: extents(old))
    #expect(known == count - 1, "all but the last, which ended with the file")
  }

  // Of some thousand chunks with changes, two that have the same length by accident lead nowhere.
  @Test(.timeLimit(.minutes(1)))
  func lengthsThatAgreeByAccident() throws {
    let extents = try extents(old)
    let lengths = extents.map { UInt32($0.length) }
    // What is not there any more has the lengths of what is, in another order.
    let id = ChunkID(words: Hash.name(of: [1]).words)
    let gone = lengths.prefix(300).reversed().map { Extent.chunk(id, length: $0) }
    let (known, count) = try expectSame(Array(other[..<5000]) + old, after: gone + extents)
    #expect(known >= count - 20, "\(known) of \(count)")
  }

  // A large part was overwritten: what comes behind it is found again.
  @Test(.timeLimit(.minutes(1)))
  func behindALongChange() throws {
    let bytes = Array(old[..<500_000] + other[500_000..<2_200_000] + old[2_200_000...])
    let (known, count) = try expectSame(bytes, after: extents(old))
    #expect(known > count * 2 / 5, "\(known) of \(count)")
  }

  // A few chunks around every change are scanned, no more.
  @Test(.timeLimit(.minutes(1)))
  func changesAreFound() throws {
    let extents = try extents(old)
    var overwritten = old
    for place in [0, 700_000, 708_000, 2_500_000] {
      overwritten.replaceSubrange(place..<place + 100, with: other[place..<place + 100])
    }
    let insertion = other[..<1234]
    let middle = 1_300_000
    let parts: [[ArraySlice<UInt8>]] = [
      [overwritten[...]],
      [old[..<middle], insertion, old[middle...]],
      [old[..<middle], old[(middle + 77)...]],
      [insertion, old[...]],
      [old[10_000...]],
      [old[...], other[..<5000]],
      [old[..<2_700_000]],
      [old[1_000_000...], old[..<1_000_000]],
    ]
    let changed = parts.map { Array($0.joined()) }
    for bytes in changed.dropLast() {
      let (known, count) = try expectSame(bytes, after: extents)
      #expect(known >= count - 20, "\(known) of \(count)")
    }
    // What comes earlier than it did is found, what comes later is not looked for.
    let (known, count) = try expectSame(changed[7], after: extents)
    #expect(known > count / 2)
  }

  @Test(.timeLimit(.minutes(1)))
  func anotherFileIsCutAsIfNothingWereKnown() throws {
    let (known, _) = try expectSame(other, after: extents(old))
    #expect(known == 0)
    try expectSame(old, after: [])
    try expectSame([], after: extents(old))
    try expectSame([1], after: extents(old))
    try expectSame([UInt8](repeating: 0, count: 100_000), after: extents(old))
    let zeros = [UInt8](repeating: 0, count: 100_000)
    try expectSame(zeros, after: extents(zeros))
    try expectSame([UInt8](repeating: 1, count: 100_000), after: extents(zeros))
  }

  // The end of the data is no cut: what was added behind it belongs to the same chunk.
  @Test(.timeLimit(.minutes(1)))
  func theLastChunkGoesOn() throws {
    let other = try extents(other)
    for end in stride(from: 1_000_000, to: 1_010_000, by: 999) {
      let begun = try extents(Array(old[..<end]))
      try expectSame(old, after: begun)
      try expectSame(old, after: begun + [.hole(length: 1 << 20)] + other)
      // The hole is gone: the same bytes now go on without it.
      let rest = try extents(Array(old[end...]))
      try expectSame(old, after: begun + [.hole(length: 4096)] + rest)
    }
  }

  // Lists that no backup made: lengths that are none, IDs of other chunks, chunks that are too small
  // or too large for a cut.
  @Test(.timeLimit(.minutes(1)), arguments: 1...8 as ClosedRange<UInt64>)
  func aWrongListIsNotBelieved(seed: UInt64) throws {
    let random = SeededRandomness(seed)
    let right = try extents(old)
    let ids = right.compactMap { extent in
      if case .chunk(let id, _) = extent { id } else { nil }
    }
    var extents: [Extent] = []
    for (index, extent) in right.enumerated() {
      let draw = random.bytes(4)
      switch draw[0] % 8 {
      case 0: extents.append(.chunk(ids[Int(draw[1]) % ids.count], length: UInt32(extent.length)))
      case 1: extents.append(.chunk(ids[index], length: UInt32(draw[1]) * 20 + 1))
      case 2: extents.append(.chunk(ids[index], length: 8 << 20))
      case 3: break
      case 4: extents += [extent, extent]
      default: extents.append(extent)
      }
    }
    // The right ID of bytes that are no chunk.
    let id = unsafe old.withUnsafeBytes {
      unsafe context.vault.hasher.id(of: UnsafeRawBufferPointer(rebasing: $0[..<100]), kind: .data)
    }
    try expectSame(old, after: [.chunk(id, length: 100)] + extents)
    try expectSame(old, after: extents)
  }

  @Test func aListThatCannotBeReadIsNoHindrance() throws {
    let id = ChunkID(words: Hash.name(of: [1]).words)
    let file = Entry.File(size: 3 << 20, content: .nodes(TreeReference(level: 1, id: id)))
    let missing = EarlierFile(file: file, nodes: MemoryNodes())
    let known = KnownChunks(missing, in: context.vault)
    #expect(try cuts(old, known: known).cuts == cuts(old).cuts)
  }

  // MARK: Whole backups

  private func content(
    of summary: BackupSummary, at path: [FileName]
  ) throws -> Content? {
    let snapshots = try harvest.repository.snapshots()
    let snapshot = try #require(snapshots.first { $0.id == summary.snapshot })
    return try harvest.repository.entry(at: path, in: snapshot).file?.content
  }

  // The larger one is read by the walk, side by side with what is known.
  @Test(arguments: [4_500_000, 17_000_000])
  func aChangedFileIsBackedUpAsIfNothingWereKnown(_ size: Int) throws {
    try harvest.shell("head -c \(size) /dev/urandom > src/file")
    let path = harvest.folder.appending("src/file").components
    let first = try harvest.backup()
    try harvest.shell(
      """
      printf changed | dd of=src/file bs=1 seek=2000000 conv=notrunc status=none
      printf appended >> src/file
      """)
    let second = try harvest.backup()
    var options = BackupOptions()
    options.readsAll = true
    let forced = try harvest.backup(options)
    #expect(try content(of: second, at: path) != content(of: first, at: path))
    #expect(try content(of: second, at: path) == content(of: forced, at: path))
    #expect(second.counts.plainBytesAdded < 200_000)
  }

  @Test func aChangedStreamIsBackedUpAsIfNothingWereKnown() throws {
    func backUp(readsAll: Bool = false) throws -> BackupSummary {
      let file = try Descriptor.open(harvest.folder.appending("dump"), O_RDONLY)
      var options = BackupOptions()
      options.readsAll = readsAll
      return try StreamBackup(
        of: file.raw, named: "/db/dump", to: harvest.repository, options: options
      ).run { _ in }
    }
    try harvest.shell("head -c 3000000 /dev/urandom > dump")
    _ = try backUp()
    try harvest.shell(
      "{ head -c 1000000 dump; echo more; tail -c 2000000 dump; } > new; mv new dump")
    let second = try backUp()
    let forced = try backUp(readsAll: true)
    let path = FilePath("/db/dump").components
    #expect(try content(of: second, at: path) == content(of: forced, at: path))
    #expect(second.counts.plainBytesAdded < 200_000)
  }
}
