// The payload of an index segment, FORMAT.md section 11, read in place. A Segment value exists only
// when all of its bytes keep the format's rules: counts, orders and ranges are checked once, before
// anything is taken from them, so that its accessors cannot fail.

/// A pack as a segment names it.
package struct SegmentPack: Hashable, Sendable {
  package let name: ObjectHash
  /// Stored bytes.
  package let size: UInt32

  package init(name: ObjectHash, size: UInt32) {
    self.name = name
    self.size = size
  }
}

/// A frame as a segment names it.
package struct SegmentFrame: Hashable, Sendable {
  /// The pack's place in the segment.
  package let pack: UInt32
  /// Where the frame begins in its pack.
  package let offset: UInt32
  package let storedLength: UInt32
  package let plainLength: UInt32
  package let kind: ChunkKind

  package init(
    pack: UInt32, offset: UInt32, storedLength: UInt32, plainLength: UInt32, kind: ChunkKind
  ) {
    self.pack = pack
    self.offset = offset
    self.storedLength = storedLength
    self.plainLength = plainLength
    self.kind = kind
  }
}

/// A row: where a chunk is.
package struct SegmentRow: Hashable, Sendable {
  package let id: ChunkID
  /// The frame's place in the segment.
  package let frame: UInt32
  /// Where the chunk begins in the frame's plain text.
  package let offset: UInt32
  package let length: UInt32

  package init(id: ChunkID, frame: UInt32, offset: UInt32, length: UInt32) {
    self.id = id
    self.frame = frame
    self.offset = offset
    self.length = length
  }
}

/// A checked segment payload.
package struct Segment: Sendable {
  package let payload: [UInt8]
  package let packCount: Int
  package let frameCount: Int
  package let rowCount: Int
  package let supersededCount: Int

  static let headerSize = 48
  static let packSize = 36
  static let frameSize = 16
  static let rowSize = 42
  static let nameSize = 32

  private var framesOffset: Int { Self.headerSize + packCount * Self.packSize }
  private var rowsOffset: Int { framesOffset + frameCount * Self.frameSize }
  private var supersededOffset: Int { rowsOffset + rowCount * Self.rowSize }

  /// Takes a payload; throws what rule it breaks.
  package init(payload: [UInt8]) throws(Damage) {
    guard payload.count >= Self.headerSize else { throw .malformed("segment without header") }
    self.payload = payload
    func count(_ index: Int) -> Int {
      Int(UInt32(truncatingIfNeeded: payload.word(index * 4)))
    }
    packCount = count(0)
    frameCount = count(1)
    rowCount = count(2)
    supersededCount = count(3)
    // Four 32-bit counts times small sizes stay far below 2^63.
    guard supersededOffset + supersededCount * Self.nameSize == payload.count else {
      throw .malformed("segment's counts do not fit its length")
    }
    try checkPacks()
    try checkFrames()
    try checkRows()
    try checkSuperseded()
  }

  package var setChecksum: SetChecksum {
    unsafe SetChecksum(bytes: payload.span.bytes.extracting(16..<48))
  }

  package func pack(_ index: Int) -> SegmentPack {
    precondition(index >= 0 && index < packCount, "a pack of this segment")
    let offset = Self.headerSize + index * Self.packSize
    return SegmentPack(name: id(at: offset), size: u32(at: offset + 32))
  }

  package func frame(_ index: Int) -> SegmentFrame {
    precondition(index >= 0 && index < frameCount, "a frame of this segment")
    let offset = framesOffset + index * Self.frameSize
    let last = u32(at: offset + 12)
    return SegmentFrame(
      pack: u32(at: offset), offset: u32(at: offset + 4), storedLength: u32(at: offset + 8),
      plainLength: last & 0xff_ffff, kind: last >> 24 == 0 ? .data : .tree)
  }

  package func row(_ index: Int) -> SegmentRow {
    precondition(index >= 0 && index < rowCount, "a row of this segment")
    let offset = rowsOffset + index * Self.rowSize
    // The last u24 ends the row: it is read from one byte earlier.
    return SegmentRow(
      id: id(at: offset), frame: u32(at: offset + 32), offset: u32(at: offset + 36) & 0xff_ffff,
      length: u32(at: offset + 38) >> 8)
  }

  /// The name of a segment whose rows this one took over.
  package func superseded(_ index: Int) -> ObjectHash {
    precondition(index >= 0 && index < supersededCount, "a superseded segment of this segment")
    return id(at: supersededOffset + index * Self.nameSize)
  }

  package var supersededNames: [ObjectHash] { (0..<supersededCount).map(superseded) }

  /// The checksum that the rows really have, or those of some packs; costs a hash each.
  package func computedChecksum(
    _ key: SecretKey, of isCounted: (ObjectHash) -> Bool = { _ in true }
  ) -> SetChecksum {
    let packs = (0..<packCount).map { pack($0).name }
    let counted = packs.map(isCounted)
    var sum = RowSum(key)
    for index in 0..<rowCount {
      let row = row(index)
      let frame = frame(Int(row.frame))
      let pack = Int(frame.pack)
      if counted[pack] { sum.add(row, in: frame, of: packs[pack]) }
    }
    return sum.finish()
  }

  @inline(__always)
  private func u32(at offset: Int) -> UInt32 {
    unsafe UInt32(
      littleEndian: payload.span.bytes.unsafeLoadUnaligned(
        fromByteOffset: offset, as: UInt32.self))
  }

  @inline(__always)
  private func id<Kind>(at offset: Int) -> Identifier32<Kind> {
    unsafe payload.span.bytes.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return .zero }
      return unsafe Identifier32(loading: base + offset)
    }
  }

  // MARK: Rules

  private func checkPacks() throws(Damage) {
    for index in 0..<packCount {
      let pack = pack(index)
      guard pack.size > 0, pack.size <= Limits.packSize else {
        throw .malformed("size of a pack")
      }
      guard index == 0 || self.pack(index - 1).name < pack.name else {
        throw .malformed("packs out of order")
      }
    }
  }

  private func checkFrames() throws(Damage) {
    var last: SegmentFrame?
    var inPack = 0
    for index in 0..<frameCount {
      let frame = frame(index)
      guard frame.pack < packCount else { throw .malformed("frame of an unknown pack") }
      guard u32(at: framesOffset + index * Self.frameSize + 12) >> 24 <= 1 else {
        throw .malformed("kind of a frame")
      }
      guard frame.plainLength > 0, frame.storedLength > 0,
        UInt64(frame.offset) + UInt64(frame.storedLength) <= pack(Int(frame.pack)).size
      else { throw .malformed("range of a frame") }
      if let last, last.pack == frame.pack {
        guard UInt64(last.offset) + UInt64(last.storedLength) <= frame.offset else {
          throw .malformed("frames overlap or are out of order")
        }
        inPack += 1
      } else {
        guard (last?.pack ?? 0) <= frame.pack else { throw .malformed("frames out of order") }
        inPack = 1
      }
      guard inPack <= Limits.packItemCount else { throw .malformed("too many frames in a pack") }
      last = frame
    }
  }

  private func checkRows() throws(Damage) {
    guard rowCount > 0 else { return }
    var last = row(0)
    for index in 0..<rowCount {
      let row = row(index)
      guard row.frame < frameCount else { throw .malformed("row of an unknown frame") }
      guard row.length > 0, row.length <= Limits.chunkSize,
        row.offset + row.length <= frame(Int(row.frame)).plainLength
      else { throw .malformed("range of a row") }
      guard index == 0 || last.isBefore(row) else { throw .malformed("rows out of order") }
      last = row
    }
  }

  private func checkSuperseded() throws(Damage) {
    guard supersededCount > 1 else { return }
    for index in 1..<supersededCount where superseded(index - 1) >= superseded(index) {
      throw .malformed("superseded segments out of order")
    }
  }
}

extension SegmentRow {
  /// The order of rows in a segment.
  @inline(__always)
  func isBefore(_ other: SegmentRow) -> Bool {
    if id != other.id { return id < other.id }
    return (frame, offset) < (other.frame, other.offset)
  }
}
