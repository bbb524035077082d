// Writes sorted rows into the chunks table, one transaction per batch. A batch is as large as the
// pages that it can dirty allow: LMDB keeps those in anonymous memory until the commit,
// and their memory for the next for as long as the environment is open.

internal import CLMDB
internal import Platform

/// The writing end of an import.
struct RowSink {
  private let cache: IndexCache
  private let appends: Bool
  /// Rows to give to `write` at once, at most.
  let batchSize: Int

  private static let batchLimit = 64 << 10
  // Of leaves; where they lie far apart each has a page above it that is dirtied too.
  private static let dirtyPages = 500
  private static let rowsPerPage = 60

  /// A sink for this many rows.
  init(_ cache: IndexCache, total: Int) throws(LMDBError) {
    self.cache = cache
    let present = try cache.shared.read { (snapshot) throws(LMDBError) in
      try snapshot.count(cache.tables.chunks)
    }
    appends = present == 0
    // Sorted rows hit the pages of the table evenly: a batch dirties a page per row while rows are
    // sparse, and shares pages when they are dense.
    let pages = max(1, present / Self.rowsPerPage)
    let rowsPerTouchedPage = max(1, total / pages)
    batchSize =
      appends ? Self.batchLimit : min(Self.batchLimit, Self.dirtyPages * rowsPerTouchedPage)
  }

  /// Puts sorted rows; the number of places that were new.
  func write(_ rows: UnsafeBufferPointer<IndexRow>) throws(LMDBError) -> Int {
    guard rows.count > 0 else { return 0 }
    return try cache.environment.write { (writer) throws(LMDBError) in
      let placeCount = try unsafe put(rows, writer)
      var counters = try IndexCounters(cache.tables, writer.snapshot)
      counters.placeCount += UInt64(placeCount)
      try counters.store(cache.tables, writer)
      return placeCount
    }
  }

  private func put(
    _ rows: UnsafeBufferPointer<IndexRow>, _ writer: borrowing LMDBWriter
  ) throws(LMDBError) -> Int {
    let cursor = try writer.cursor(cache.tables.chunks)
    var scratch = RowScratch()
    var placeCount = 0
    var index = 0
    while index < rows.count {
      let id = unsafe rows[index].id
      scratch.begin(id)
      while index < rows.count, unsafe rows[index].id == id {
        unsafe scratch.add(rows[index].place)
        index += 1
      }
      placeCount += try scratch.upsert(cursor, appends: appends)
    }
    return placeCount
  }
}

/// One row in its stored form, reused for all rows of a batch.
@safe
struct RowScratch: ~Copyable {
  private let memory: UnsafeMutableRawPointer
  private var id = ChunkID.zero
  private var count = 0

  private var key: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: memory, count: 32)
  }
  private var places: UnsafeMutableRawPointer { unsafe memory + 32 }

  init() {
    unsafe memory = .allocate(
      byteCount: 32 + RowValue.size(placeCount: RowValue.placeLimit), alignment: 8)
  }

  deinit {
    unsafe memory.deallocate()
  }

  @inline(__always)
  mutating func begin(_ id: ChunkID) {
    self.id = id
    count = 0
    unsafe id.store(to: memory)
  }

  /// Adds a place; they must ascend, and one that is there already is left out.
  @inline(__always)
  mutating func add(_ place: Placement) {
    guard count < RowValue.placeLimit else { return }
    if count > 0,
      unsafe Placement(loading: places + (count - 1) * Placement.storedSize) == place
    {
      return
    }
    unsafe place.store(to: places + count * Placement.storedSize)
    count += 1
  }

  @inline(__always)
  private func sealed() -> UnsafeRawBufferPointer {
    let sum = unsafe RowValue.checksum(id, places, count)
    let size = RowValue.size(placeCount: count)
    unsafe (places + size - 2).storeBytes(of: sum.littleEndian, as: UInt16.self)
    return unsafe UnsafeRawBufferPointer(start: places, count: size)
  }

  /// Puts the row, or joins it with what the table has; the number of new places.
  mutating func upsert(
    _ cursor: borrowing LMDBCursor, appends: Bool
  ) throws(LMDBError) -> Int {
    if appends, try unsafe cursor.put(key, sealed(), .atEnd) { return count }
    if try unsafe cursor.put(key, sealed(), .ifAbsent) { return count }
    let fresh = unsafe places(
      in: UnsafeRawBufferPointer(start: places, count: RowValue.size(placeCount: count)), count)
    guard let item = unsafe try cursor.find(key) else { throw .corrupt("a row that is not there") }
    guard let oldCount = unsafe RowValue.checkedCount(id, item.value) else {
      throw .badRow
    }
    let old = unsafe places(in: item.value, oldCount)
    let joined = Set(old).union(fresh).sorted()
    guard joined.count > old.count else { return 0 }
    count = 0
    // The newest packs are those that are there.
    for place in joined.suffix(RowValue.placeLimit) { add(place) }
    _ = try unsafe cursor.put(key, sealed(), .replacing)
    return count - old.count
  }

  /// Puts the row with exactly the places that were added, or deletes it when there are none.
  mutating func replace(_ cursor: borrowing LMDBCursor) throws(LMDBError) {
    if count > 0 {
      _ = try unsafe cursor.put(key, sealed(), .replacing)
    } else if unsafe try cursor.find(key) != nil {
      try cursor.delete()
    }
  }

  private func places(in value: UnsafeRawBufferPointer, _ count: Int) -> [Placement] {
    guard let base = value.baseAddress else { return [] }
    return (0..<count).map { unsafe Placement(loading: base + $0 * Placement.storedSize) }
  }
}
