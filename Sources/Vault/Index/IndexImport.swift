// Brings segments into the index cache. Rows are gathered, sorted and written in the order of
// their keys: a small import goes straight from memory; a large one spills sorted runs and merges
// them, so that an empty database is filled page by page from the left (MDB_APPEND) and a full one
// is touched once from left to right.

internal import Platform

/// What an import did.
package struct IndexImportResult: Hashable, Sendable {
  /// Segments that are new in the cache.
  package internal(set) var segmentCount = 0
  /// Places that are new in the cache.
  package internal(set) var placeCount = 0
  /// Segments for which there was nothing to read.
  package internal(set) var skipped: [ObjectHash] = []
}

extension IndexCache {
  /// Imports those of the segments that are not in the cache yet.
  ///
  /// `load` reads one; nil skips it, and it will be asked for again next time.
  package func importSegments(
    _ names: [ObjectHash], rowsInMemory: Int = 256 << 10,
    load: (ObjectHash) throws(VaultError) -> Segment?
  ) throws(VaultError) -> IndexImportResult {
    importLock.lock()
    defer { importLock.unlock() }
    let known = try Set(importedSegments())
    var result = IndexImportResult()
    var work = IndexImport(self, rowsInMemory)
    for name in names where !known.contains(name) {
      guard let segment = try load(name) else {
        result.skipped.append(name)
        continue
      }
      try run { () throws(LMDBError) in try work.add(segment, name) }
      result.segmentCount += 1
    }
    guard result.segmentCount > 0 else { return result }
    result.placeCount = try run { () throws(LMDBError) in try work.finish() }
    return result
  }

  /// Imports one segment that is at hand.
  @discardableResult
  package func importSegment(
    _ name: ObjectHash, _ segment: Segment
  ) throws(VaultError) -> IndexImportResult {
    try importSegments([name]) { _ in segment }
  }

  /// The segments that were imported, ascending.
  package func importedSegments() throws(VaultError) -> [ObjectHash] {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var names: [ObjectHash] = []
        try snapshot.forEach(tables.segments) { (key, _) throws(LMDBError) in
          guard key.count == 32 else { throw .corrupt("a segment's name") }
          names.append(ObjectHash(bytes: key))
        }
        return names
      }
    }
  }
}

/// An import under way.
@safe
private struct IndexImport: ~Copyable {
  private struct Imported {
    let name: ObjectHash
    let rowCount: Int
    // Places in `packs` while the group is open, numbers afterwards.
    var packs: [UInt32]
  }

  private let cache: IndexCache
  private var rows: UnsafeMutableBufferPointer<IndexRow>
  private var rowCount = 0
  // The packs that the rows in memory are in; a row's pack is a place in this list.
  private var packs: [SegmentPack] = []
  private var open: [Imported] = []
  private var closed: [Imported] = []
  private var spill: RowSpill?

  // Rows of 56 bytes; sorting takes half as much again.
  private let capacity: Int

  init(_ cache: IndexCache, _ capacity: Int) {
    self.cache = cache
    self.capacity = capacity
    unsafe rows = .allocate(capacity: 0)
  }

  deinit {
    unsafe rows.deallocate()
  }

  mutating func add(_ segment: Segment, _ name: ObjectHash) throws(LMDBError) {
    var base = addPacks(of: segment, name)
    var index = 0
    while index < segment.rowCount {
      let room = try makeRoom(segment.rowCount - index)
      if room == 0 {
        try spillGroup()
        // The segment goes on in the next group, which has to know its packs again.
        closed.removeAll { $0.name == name }
        base = addPacks(of: segment, name)
        continue
      }
      for row in index..<index + room { append(segment, row, base) }
      index += room
    }
  }

  private mutating func addPacks(of segment: Segment, _ name: ObjectHash) -> UInt32 {
    let base = UInt32(packs.count)
    for index in 0..<segment.packCount { packs.append(segment.pack(index)) }
    open.append(
      Imported(
        name: name, rowCount: segment.rowCount, packs: Array(base..<UInt32(packs.count))))
    return base
  }

  // Room for some of the rows that are wanted; 0 when the buffer is full.
  private mutating func makeRoom(_ wanted: Int) throws(LMDBError) -> Int {
    if unsafe rows.count - rowCount < wanted && rows.count < capacity {
      let count = unsafe min(capacity, max(rowCount + wanted, rows.count * 2))
      let larger = UnsafeMutableBufferPointer<IndexRow>.allocate(capacity: count)
      _ = unsafe larger.moveInitialize(fromContentsOf: rows[..<rowCount])
      unsafe rows.deallocate()
      unsafe rows = unsafe larger
    }
    return unsafe min(wanted, rows.count - rowCount)
  }

  @inline(__always)
  private mutating func append(_ segment: Segment, _ index: Int, _ base: UInt32) {
    let row = segment.row(index)
    let frame = segment.frame(Int(row.frame))
    let place = Placement(
      pack: base + frame.pack, frameOffset: frame.offset, frameLength: frame.storedLength,
      offset: row.offset, length: row.length, kind: frame.kind)
    unsafe rows.initializeElement(at: rowCount, to: IndexRow(id: row.id, place: place))
    rowCount += 1
  }

  // Gives the gathered packs their numbers and sorts the gathered rows.
  private mutating func settleGroup() throws(LMDBError) {
    let cache = cache
    let packs = packs
    let numbers = try cache.environment.write { (writer) throws(LMDBError) in
      try cache.assignNumbers(packs, writer)
    }
    for index in 0..<rowCount {
      unsafe rows[index].place.pack = unsafe numbers[Int(rows[index].place.pack)]
    }
    var gathered = unsafe UnsafeMutableBufferPointer(rebasing: rows[..<rowCount])
    unsafe gathered.sort(by: IndexRow.precedes)
    for var segment in open {
      segment.packs = segment.packs.map { numbers[Int($0)] }
      closed.append(segment)
    }
    open = []
    self.packs = []
  }

  private mutating func spillGroup() throws(LMDBError) {
    try settleGroup()
    if spill == nil { spill = try RowSpill(in: cache.directory) }
    try unsafe spill?.append(UnsafeBufferPointer(rebasing: rows[..<rowCount]))
    rowCount = 0
  }

  /// Writes what was gathered; the number of places that are new.
  mutating func finish() throws(LMDBError) -> Int {
    guard spill == nil else { return try finishMerging() }
    try settleGroup()
    let sink = try RowSink(cache, total: rowCount)
    var placeCount = 0
    var done = 0
    while done < rowCount {
      let count = min(sink.batchSize, rowCount - done)
      placeCount += try unsafe sink.write(UnsafeBufferPointer(rebasing: rows[done..<done + count]))
      done += count
    }
    try record()
    return placeCount
  }

  private mutating func finishMerging() throws(LMDBError) -> Int {
    try spillGroup()
    guard let spill else { return 0 }
    let sink = try RowSink(cache, total: spill.rowCount)
    let batchSize = unsafe min(sink.batchSize, rows.count)
    var merge = try RowMerge(spill)
    var placeCount = 0
    var isDone = false
    while !isDone {
      var count = 0
      while count < batchSize {
        guard let row = try merge.next() else {
          isDone = true
          break
        }
        unsafe rows[count] = row
        count += 1
      }
      placeCount += try unsafe sink.write(UnsafeBufferPointer(rebasing: rows[..<count]))
    }
    try record()
    return placeCount
  }

  private func record() throws(LMDBError) {
    let segments = closed
    let cache = cache
    try cache.environment.write { (writer) throws(LMDBError) in
      for segment in segments {
        var value = ByteWriter(capacity: 4 + segment.packs.count * 4)
        value.u32(UInt32(segment.rowCount))
        for pack in segment.packs { value.u32(pack) }
        try writer.putChecked(cache.tables.segments, segment.name.bytes, value.bytes)
      }
    }
  }
}
