// Where a chunk is, as the local index keeps it: 18 bytes beside a pack number of this cache.
//
// A database row is a chunk ID and its placements, ascending, followed by a checksum of two bytes
// over both. A row can have several placements: the same chunk in several packs.

/// One place of a chunk.
package struct Placement: Hashable, Sendable {
  /// The pack's number in the index cache that gave this placement.
  package var pack: UInt32
  /// Where the frame begins in its pack.
  package var frameOffset: UInt32
  /// The frame's stored bytes.
  package var frameLength: UInt32
  /// Where the chunk begins in the frame's plain text.
  package var offset: UInt32
  /// The chunk's bytes.
  package var length: UInt32
  /// What the frame holds.
  package var kind: ChunkKind

  package init(
    pack: UInt32, frameOffset: UInt32, frameLength: UInt32, offset: UInt32, length: UInt32,
    kind: ChunkKind = .data
  ) {
    self.pack = pack
    self.frameOffset = frameOffset
    self.frameLength = frameLength
    self.offset = offset
    self.length = length
    self.kind = kind
  }
}

extension Placement {
  /// Whether both lie in the same frame.
  package func isInFrame(of other: Placement) -> Bool {
    pack == other.pack && frameOffset == other.frameOffset && frameLength == other.frameLength
  }
}

extension Placement: Comparable {
  /// By pack, then by place in it.
  package static func < (left: Placement, right: Placement) -> Bool {
    (left.pack, left.frameOffset, left.offset, left.frameLength, left.length)
      < (right.pack, right.frameOffset, right.offset, right.frameLength, right.length)
  }
}

extension Placement {
  static let storedSize = 18
  private static let treeBit: UInt32 = 1 << 31

  /// Reads 18 bytes.
  @unsafe @inline(__always)
  init(loading pointer: UnsafeRawPointer) {
    let length = unsafe UInt32(
      littleEndian: pointer.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    let low = unsafe UInt32(
      littleEndian: pointer.loadUnaligned(fromByteOffset: 12, as: UInt32.self))
    let high = unsafe UInt32(
      littleEndian: pointer.loadUnaligned(fromByteOffset: 14, as: UInt32.self))
    unsafe self.init(
      pack: UInt32(littleEndian: pointer.loadUnaligned(as: UInt32.self)),
      frameOffset: UInt32(littleEndian: pointer.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
      frameLength: length & ~Self.treeBit, offset: low & 0xff_ffff, length: high >> 8,
      kind: length & Self.treeBit == 0 ? .data : .tree)
  }

  /// Writes 18 bytes.
  @unsafe @inline(__always)
  func store(to pointer: UnsafeMutableRawPointer) {
    let marked = frameLength | (kind == .tree ? Self.treeBit : 0)
    unsafe pointer.storeBytes(of: pack.littleEndian, as: UInt32.self)
    unsafe pointer.storeBytes(of: frameOffset.littleEndian, toByteOffset: 4, as: UInt32.self)
    unsafe pointer.storeBytes(of: marked.littleEndian, toByteOffset: 8, as: UInt32.self)
    // The second number overwrites the zero byte above the first.
    let joined = UInt64(offset & 0xff_ffff) | UInt64(length & 0xff_ffff) << 24
    unsafe pointer.storeBytes(
      of: UInt32(truncatingIfNeeded: joined).littleEndian, toByteOffset: 12, as: UInt32.self)
    unsafe pointer.storeBytes(
      of: UInt16(truncatingIfNeeded: joined >> 32).littleEndian, toByteOffset: 16, as: UInt16.self)
  }
}

/// A chunk and one of its places, as rows travel through an import.
struct IndexRow: Hashable {
  var id: ChunkID
  var place: Placement

  static let storedSize = 32 + Placement.storedSize

  @inline(__always)
  static func precedes(_ left: IndexRow, _ right: IndexRow) -> Bool {
    let a = left.id.words
    let b = right.id.words
    if a.0 != b.0 { return a.0 < b.0 }
    if a.1 != b.1 || a.2 != b.2 || a.3 != b.3 { return left.id < right.id }
    return left.place < right.place
  }
}

/// The value of a row in the database: placements and checksum.
enum RowValue {
  /// More places than anybody needs of one chunk; the rest is left out.
  static let placeLimit = 64

  static func size(placeCount: Int) -> Int { placeCount * Placement.storedSize + 2 }

  /// How many placements a value of this size holds; nil for a size that no value has.
  @inline(__always)
  static func placeCount(size: Int) -> Int? {
    let (count, rest) = (size - 2).quotientAndRemainder(dividingBy: Placement.storedSize)
    return size > 2 && rest == 0 && count <= placeLimit ? count : nil
  }

  /// The placements of a value whose checksum holds; nil otherwise.
  @unsafe @inline(__always)
  static func checkedCount(_ id: ChunkID, _ value: UnsafeRawBufferPointer) -> Int? {
    guard let count = placeCount(size: value.count), let base = value.baseAddress else {
      return nil
    }
    let stored = unsafe UInt16(
      littleEndian: base.loadUnaligned(fromByteOffset: value.count - 2, as: UInt16.self))
    return unsafe stored == checksum(id, base, count) ? count : nil
  }

  /// Mixes the ID and the placements behind the pointer into 16 bits.
  @unsafe @inline(__always)
  static func checksum(_ id: ChunkID, _ places: UnsafeRawPointer, _ count: Int) -> UInt16 {
    let words = id.words
    var state = words.0 &+ 0x9e37_79b9_7f4a_7c15
    state = mix(state, words.1)
    state = mix(state, words.2)
    state = mix(state, words.3)
    for index in 0..<count {
      let place = unsafe places + index * Placement.storedSize
      state = unsafe mix(state, UInt64(littleEndian: place.loadUnaligned(as: UInt64.self)))
      state = unsafe mix(
        state, UInt64(littleEndian: place.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
      state = unsafe mix(
        state,
        UInt64(
          UInt16(littleEndian: place.loadUnaligned(fromByteOffset: 16, as: UInt16.self))))
    }
    state ^= state >> 32
    return UInt16(truncatingIfNeeded: state ^ (state >> 16))
  }

  @inline(__always)
  private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (state ^ word) &* 0xff51_afd7_ed55_8ccd
    return mixed ^ (mixed >> 29)
  }
}

extension LMDBSnapshot {
  /// Hands out all rows of a table of chunks, ascending.
  ///
  /// The body gets the ID, where the placements begin, which is valid during the call, and how many
  /// they are.
  /// - Throws: `corrupt` at the first that is not as it was written.
  @unsafe @inline(__always)
  func forEachRow(
    _ chunks: LMDBDatabase,
    _ body: (ChunkID, UnsafeRawPointer, Int) throws(LMDBError) -> Void
  ) throws(LMDBError) {
    let cursor = try cursor(chunks)
    var row = unsafe try cursor.first()
    while let found = unsafe row {
      guard let key = unsafe found.key.baseAddress, unsafe found.key.count == 32,
        let value = unsafe found.value.baseAddress,
        let count = unsafe RowValue.checkedCount(ChunkID(loading: key), found.value)
      else { throw .badRow }
      unsafe try body(ChunkID(loading: key), value, count)
      unsafe row = unsafe try cursor.next()
    }
  }
}

extension LMDBError {
  /// A row whose checksum does not hold.
  static var badRow: LMDBError { .corrupt("a row with a wrong checksum") }
}
