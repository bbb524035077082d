// Segments: what goes in comes out sorted and once, and nothing but a right payload is taken.

import Testing

@testable import Vault

@Suite struct SegmentTests {
  static func key() throws -> SecretKey {
    let bytes = [UInt8](0..<32)
    return unsafe SecretKey(copying: bytes.span.bytes)
  }

  static func name<Kind>(_ byte: UInt8) -> Identifier32<Kind> {
    Identifier32(bytes: [UInt8](repeating: byte, count: 32))
  }

  /// Two packs, three frames, four rows of three chunks, one superseded segment.
  static func sample() -> SegmentBuilder {
    var builder = SegmentBuilder()
    let second = builder.addPack(name(0xb2), size: 16 << 20)
    let first = builder.addPack(name(0xa1), size: 65536)
    let late = builder.addFrame(
      pack: second, offset: 5160, storedLength: 300_000, plainLength: 1 << 20, kind: .data)
    let early = builder.addFrame(
      pack: second, offset: 160, storedLength: 5000, plainLength: 9000, kind: .data)
    let tree = builder.addFrame(
      pack: first, offset: 160, storedLength: 1200, plainLength: 4000, kind: .tree)
    builder.addRow(name(3), frame: late, offset: 0, length: 1 << 20)
    builder.addRow(name(1), frame: tree, offset: 1000, length: 3000)
    builder.addRow(name(2), frame: early, offset: 0, length: 9000)
    builder.addRow(name(2), frame: tree, offset: 0, length: 1000)
    builder.addRow(name(1), frame: tree, offset: 1000, length: 3000)
    builder.supersede(name(0xee))
    return builder
  }

  @Test func vectors() throws {
    let key = try Self.key()
    let payload = Self.sample().finish(key)
    let segment = try Segment(payload: payload)
    var file = VectorFile()
    file.add("index key", key)
    for index in 0..<segment.packCount {
      let pack = segment.pack(index)
      file.add("pack \(index)", text: "\(pack.name) \(pack.size)")
    }
    for index in 0..<segment.frameCount {
      let frame = segment.frame(index)
      file.add(
        "frame \(index)",
        text: "\(frame.pack) \(frame.offset) \(frame.storedLength) \(frame.plainLength) "
          + "\(frame.kind.rawValue)")
    }
    for index in 0..<segment.rowCount {
      let row = segment.row(index)
      file.add("row \(index)", text: "\(row.id) \(row.frame) \(row.offset) \(row.length)")
    }
    for index in 0..<segment.supersededCount {
      file.add("superseded \(index)", text: segment.superseded(index).hex)
    }
    file.add("set checksum", segment.setChecksum.bytes)
    file.add("payload", payload)
    try file.compare(with: "segment")
    #expect(segment.computedChecksum(key) == segment.setChecksum)
  }

  // Evenly spread, all in one place, and a few of all others at both ends.
  @Test(arguments: [1, 15, 300, 70_000])
  func rowsOfAnyIDsComeSorted(count: Int) throws {
    let randomness = SeededRandomness(UInt64(count))
    var ids = (0..<count).map { _ in ChunkID(bytes: randomness.bytes(32)) }
    ids += (0..<min(count, 300)).map { _ in
      ChunkID(bytes: [0x80, 0, 0, 0, 0, 0, 0, 0] + randomness.bytes(24))
    }
    ids += [ChunkID(bytes: Array(repeating: 0xff, count: 32)), .zero, ids[0]]
    var builder = SegmentBuilder()
    let pack = builder.addPack(Self.name(1), size: 16 << 20)
    let frame = builder.addFrame(
      pack: pack, offset: 160, storedLength: 5000, plainLength: 9000, kind: .data)
    for id in ids { builder.addRow(id, frame: frame, offset: 0, length: 1) }
    let segment = try Segment(payload: builder.finish(try Self.key()))
    #expect((0..<segment.rowCount).map { segment.row($0).id } == Set(ids).sorted())
  }

  @Test func mutations() throws {
    let payload = Self.sample().finish(try Self.key())
    let frames = 48 + 2 * 36
    let rows = frames + 3 * 16
    let mutations = [
      Mutation.set("pack count", 0, [3], "malformed"),
      .set("frame count", 4, [2], "malformed"),
      .set("row count", 8, [0xff, 0xff, 0xff, 0xff], "malformed"),
      .set("superseded count", 12, [0], "malformed"),
      .set("order of packs", 48, [0xff], "malformed"),
      .set("pack without bytes", 80, [0, 0, 0, 0], "malformed"),
      .set("pack above the limit", 80, [1, 0, 0, 8], "malformed"),
      .set("frame of no pack", frames + 32, [2], "malformed"),
      .set("order of frames", frames, [1], "malformed"),
      .set("frame behind the pack's end", frames + 4, [0, 0, 1], "malformed"),
      .set("frames overlap", frames + 16 + 8, [0x89, 0x13], "malformed"),
      .set("frame without bytes", frames + 8, [0, 0, 0, 0], "malformed"),
      .set("frame without plain text", frames + 12, [0, 0, 0], "malformed"),
      .set("kind of a frame", frames + 15, [2], "malformed"),
      .set("order of rows", rows, [9], "malformed"),
      .set("row twice", rows + 42, Array(payload[rows..<rows + 42]), "malformed"),
      .set("row of no frame", rows + 32, [3], "malformed"),
      .set("row without bytes", rows + 39, [0, 0, 0], "malformed"),
      .set("row behind the frame's end", rows + 36, [0xe9, 3, 0], "malformed"),
    ]
    try VectorFile(mutations: mutations, of: "payload of segment.txt")
      .compare(with: "segment-mutations")
    for mutation in mutations {
      let thrown = errorThrown {
        _ = try Segment(payload: mutation.apply(to: payload))
      }
      #expect(thrown == mutation.error, "\(mutation.name)")
    }
  }

  @Test func everyShorterOrLongerPayloadIsRejected() throws {
    let payload = Self.sample().finish(try Self.key())
    for count in 0..<payload.count {
      #expect(throws: Damage.self) { _ = try Segment(payload: Array(payload[..<count])) }
    }
    #expect(throws: Damage.self) { _ = try Segment(payload: payload + [0]) }
  }

  @Test func flippedBitsAreRejectedOrChangeTheChecksum() throws {
    let key = try Self.key()
    let payload = Self.sample().finish(key)
    for bit in 0..<(payload.count - 32) * 8 {
      var changed = payload
      changed[bit / 8] ^= 1 << (bit & 7)
      guard let segment = try? Segment(payload: changed) else { continue }
      // A pack's size, a frame's plain length and its kind are not summed.
      let isSummed = segment.computedChecksum(key) != segment.setChecksum
      #expect(isSummed || (80..<168).contains(bit / 8), "bit \(bit)")
    }
  }

  @Test func orderOfAddingDoesNotMatter() throws {
    var random = SeededGenerator(11)
    let key = try Self.key()
    let sample = try SampleSegment(packCount: 5, framesPerPack: 6, chunksPerFrame: 7, &random)
    let other = try SampleSegment(
      packCount: 5, framesPerPack: 6, chunksPerFrame: 7, known: Array(sample.places.keys), &random)
    var forward = SegmentBuilder()
    forward.add(sample.segment) { _ in true }
    forward.add(other.segment) { _ in true }
    var backward = SegmentBuilder()
    backward.add(other.segment) { _ in true }
    backward.add(sample.segment) { _ in true }
    backward.add(other.segment) { _ in true }
    let payload = forward.finish(key)
    #expect(payload == backward.finish(key))
    #expect(try Segment(payload: payload).rowCount == 2 * 210)
  }

  @Test func mergedChecksumIsTheSumLessWhatWasDropped() throws {
    var random = SeededGenerator(12)
    let key = try Self.key()
    let samples = try (0..<3).map { _ in
      try SampleSegment(packCount: 4, framesPerPack: 3, chunksPerFrame: 5, &random)
    }
    let dropped = samples[1].packs[2]
    var builder = SegmentBuilder()
    var expected = SetChecksum.zero
    for sample in samples {
      builder.add(sample.segment) { $0 != dropped }
      builder.supersede(sample.name)
      expected += sample.segment.computedChecksum(key)
      expected -= sample.segment.computedChecksum(key) { $0 == dropped }
    }
    let merged = try Segment(payload: builder.finish(key))
    #expect(merged.setChecksum == expected)
    #expect(merged.computedChecksum(key) == expected)
    #expect(merged.supersededNames == samples.map(\.name).sorted())
    #expect(!(0..<merged.packCount).contains { merged.pack($0).name == dropped })
  }

  @Test(arguments: [1, 2, 3, 63, 64, 65, 200])
  func aChecksumIsTheSumOfItsRows(rowCount: Int) throws {
    var random = SeededGenerator(13)
    let key = try Self.key()
    let segment = try SampleSegment(
      packCount: 2, framesPerPack: 1, chunksPerFrame: 100, &random
    ).segment
    var together = RowSum(key)
    var oneByOne = SetChecksum.zero
    for index in 0..<rowCount {
      let row = segment.row(index)
      let frame = segment.frame(Int(row.frame))
      let pack = segment.pack(Int(frame.pack)).name
      together.add(row, in: frame, of: pack)
      var alone = RowSum(key)
      alone.add(row, in: frame, of: pack)
      oneByOne += alone.finish()
    }
    #expect(together.finish() == oneByOne)
  }

  @Test func emptySegmentIsASegment() throws {
    let payload = SegmentBuilder().finish(try Self.key())
    #expect(payload == [UInt8](repeating: 0, count: 48))
    let segment = try Segment(payload: payload)
    #expect(segment.rowCount == 0 && segment.setChecksum == .zero)
  }
}
