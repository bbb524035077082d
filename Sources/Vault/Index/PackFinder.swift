// In which pack a chunk is, held in memory for a thread that looks most of an index up: to read all
// rows once, in the order in which the database has them, takes a tenth of the time.
//
// A slot has the first 12 bytes of an ID. IDs are keyed hashes, so that another chunk of a million has
// the same is a matter of 2^-76. A slot's place follows from the ID as its order does: the rows, which
// ascend, are put into memory from its beginning to its end.
//
// Invariant: what is not found can still be in the database.
// Bounds: 18 bytes for each row, and no more rows than `rowLimit`.

internal import Glibc
internal import Platform

/// Finds packs by the chunks in them.
@safe
struct PackFinder: ~Copyable {
  private struct Slot {
    let word: UInt64
    let half: UInt32
    let pack: UInt32

    init(_ id: ChunkID, pack: UInt32) {
      word = id.words.0
      half = UInt32(truncatingIfNeeded: id.words.1 >> 32)
      self.pack = pack
    }

    static var free: Slot { Slot(.zero, pack: .max) }
  }

  /// Rows of the largest index that is held: 22 MiB.
  static let rowLimit = 1_300_000
  // Whoever can write packs can give chunks any ID, and none makes a search long.
  private static let stepLimit = 64

  private let memory: OwnedBuffer
  private let slotCount: Int

  /// Room for this many chunks, a ninth of it to spare.
  init(rowCount: Int) {
    slotCount = rowCount + rowCount / 8 + Self.stepLimit
    memory = OwnedBuffer(scatteredCapacity: slotCount * MemoryLayout<Slot>.stride)
    unsafe slots.initialize(repeating: .free, count: slotCount)
  }

  @inline(__always)
  private var slots: UnsafeMutablePointer<Slot> {
    unsafe memory.pointer.assumingMemoryBound(to: Slot.self)
  }

  // Where the search for an ID begins; all its steps are inside the memory.
  @inline(__always)
  private func start(_ word: UInt64) -> Int {
    Int(word.multipliedFullWidth(by: UInt64(slotCount - Self.stepLimit)).high)
  }

  /// Adds a chunk, unless there is no room where it should be.
  @inline(__always)
  func add(_ id: ChunkID, pack: UInt32) {
    let start = start(id.words.0)
    for index in start..<start + Self.stepLimit where unsafe slots[index].pack == .max {
      unsafe slots[index] = Slot(id, pack: pack)
      return
    }
  }

  /// A pack that has the chunk.
  @inline(__always)
  func pack(of id: ChunkID) -> UInt32? {
    let wanted = Slot(id, pack: 0)
    let start = start(wanted.word)
    for index in start..<start + Self.stepLimit {
      let slot = unsafe slots[index]
      if slot.word == wanted.word && slot.half == wanted.half && slot.pack != .max {
        return slot.pack
      }
      if slot.pack == .max { return nil }
    }
    return nil
  }
}

extension PackFinder {
  /// All rows of an index that have a place in a pack that is live; nil for an index that is too large.
  static func reading(
    _ tables: IndexTables, _ snapshot: LMDBSnapshot, _ states: PackStates
  ) throws(LMDBError) -> PackFinder? {
    let rowCount = try snapshot.count(tables.chunks)
    guard rowCount <= rowLimit else { return nil }
    let finder = PackFinder(rowCount: rowCount)
    var pages = MappedPages()
    unsafe try snapshot.forEachRow(tables.chunks) { id, places, count in
      unsafe pages.add(places)
      for index in 0..<count {
        let pack = unsafe Placement(loading: places + index * Placement.storedSize).pack
        guard states.state(pack) == .live else { continue }
        return finder.add(id, pack: pack)
      }
    }
    pages.leave()
    return finder
  }
}

/// The part of a file's map that was read: nobody needs it in this process's memory soon.
private struct MappedPages {
  private static let size: UInt = 4096
  private var first = UInt.max
  private var last: UInt = 0

  @unsafe
  mutating func add(_ pointer: UnsafeRawPointer) {
    let page = UInt(bitPattern: pointer) / Self.size
    first = min(first, page)
    last = max(last, page)
  }

  /// Takes the pages out of the process; they stay in the system's cache of files.
  func leave() {
    guard first <= last else { return }
    // The map is of a file and never written to, so whoever reads there gets the same bytes again.
    _ = unsafe madvise(
      UnsafeMutableRawPointer(bitPattern: first * Self.size), Int((last - first + 1) * Self.size),
      MADV_DONTNEED)
  }
}
