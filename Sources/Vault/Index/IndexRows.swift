// All rows of the index cache: walking them, and dropping those of packs that are gone.

extension IndexCache {
  /// All chunks with all their places, ascending by ID, until the body says false.
  ///
  /// Places in swept packs are among them. The body may use the cache; changes made meanwhile may
  /// or may not show.
  package func forEachRow(
    _ body: (ChunkID, [Placement]) throws(VaultError) -> Bool
  ) throws(VaultError) {
    try forEachBatch { (batch) throws(VaultError) in
      for (id, places) in batch where try !body(id, places) { return false }
      return true
    }
  }

  /// Drops packs and their rows.
  ///
  /// Their numbers are not given out again.
  package func dropPacks(_ names: [ObjectHash]) throws(VaultError) {
    let numbers = try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        var numbers: [(ObjectHash, UInt32)] = []
        for name in names {
          if let number = try number(of: name, snapshot) { numbers.append((name, number)) }
        }
        return numbers
      }
    }
    guard !numbers.isEmpty else { return }
    try dropRows(of: Set(numbers.map(\.1)))
    try run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in try forget(numbers, writer) }
    }
  }

  /// Forgets segments.
  ///
  /// The packs that no other imported segment names are dropped with their rows.
  package func dropSegments(_ names: [ObjectHash]) throws(VaultError) {
    let dropped = Set(names)
    var doomed: Set<UInt32> = []
    var kept: Set<UInt32> = []
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        try snapshot.forEach(tables.segments) { (key, stored) throws(LMDBError) in
          guard let value = CheckedValue.open(tables.segments, key, stored), key.count == 32,
            value.count % 4 == 0
          else { throw .corrupt("a segment's packs") }
          let numbers = stride(from: 4, to: value.count, by: 4).map {
            UInt32(value.half($0)) | UInt32(value.half($0 + 2)) << 16
          }
          if dropped.contains(ObjectHash(bytes: key)) {
            doomed.formUnion(numbers)
          } else {
            kept.formUnion(numbers)
          }
        }
      }
    }
    doomed.subtract(kept)
    var packs: [ObjectHash] = []
    for number in doomed {
      if let pack = try pack(number) { packs.append(pack.hash) }
    }
    try dropPacks(packs)
    try run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        for name in dropped { try writer.delete(tables.segments, name.bytes) }
      }
    }
  }

  // MARK: Parts

  private func forEachBatch(
    _ body: ([(ChunkID, [Placement])]) throws(VaultError) -> Bool
  ) throws(VaultError) {
    var after: ChunkID?
    while true {
      let batch = try run { () throws(LMDBError) in
        try shared.read { (snapshot) throws(LMDBError) in try rows(after: after, snapshot) }
      }
      guard let last = batch.last, try body(batch) else { return }
      after = last.0
    }
  }

  private func rows(
    after last: ChunkID?, _ snapshot: LMDBSnapshot
  ) throws(LMDBError) -> [(ChunkID, [Placement])] {
    var batch: [(ChunkID, [Placement])] = []
    let cursor = try snapshot.cursor(tables.chunks)
    var item = unsafe try last == nil ? cursor.first() : nil
    if let last {
      unsafe item = try unsafe last.bytes.withRawBytes { (key) throws(LMDBError) in
        try unsafe cursor.seek(key)
      }
      if let found = unsafe item, unsafe [UInt8](found.key) == last.bytes {
        unsafe item = unsafe try cursor.next()
      }
    }
    while let found = unsafe item, batch.count < 2048 {
      guard let base = unsafe found.key.baseAddress, unsafe found.key.count == 32 else {
        throw .corrupt("a row's key")
      }
      let id = unsafe ChunkID(loading: base)
      guard let count = unsafe RowValue.checkedCount(id, found.value),
        let value = unsafe found.value.baseAddress
      else { throw .badRow }
      let places = (0..<count).map { unsafe Placement(loading: value + $0 * Placement.storedSize) }
      batch.append((id, places))
      unsafe item = unsafe try cursor.next()
    }
    return batch
  }

  private func dropRows(of numbers: Set<UInt32>) throws(VaultError) {
    try forEachBatch { (batch) throws(VaultError) in
      let touched = batch.filter { $0.1.contains { numbers.contains($0.pack) } }.map(\.0)
      if !touched.isEmpty {
        try run { () throws(LMDBError) in try drop(numbers, from: touched) }
      }
      return true
    }
  }

  // The rows are read again inside the transaction: another process may have changed them.
  private func drop(_ numbers: Set<UInt32>, from rows: [ChunkID]) throws(LMDBError) {
    try environment.write { (writer) throws(LMDBError) in
      var gone = 0
      var scratch = RowScratch()
      let cursor = try writer.cursor(tables.chunks)
      for id in rows {
        guard let stored = try writer.snapshot.get(tables.chunks, id.bytes) else { continue }
        let places = try unsafe stored.withRawBytes { (value) throws(LMDBError) in
          guard let count = unsafe RowValue.checkedCount(id, value), let base = value.baseAddress
          else { throw LMDBError.badRow }
          return (0..<count).map { unsafe Placement(loading: base + $0 * Placement.storedSize) }
        }
        scratch.begin(id)
        for place in places where !numbers.contains(place.pack) { scratch.add(place) }
        gone += places.count { numbers.contains($0.pack) }
        try scratch.replace(cursor)
      }
      var counters = try IndexCounters(tables, writer.snapshot)
      counters.placeCount -= min(counters.placeCount, UInt64(gone))
      try counters.store(tables, writer)
    }
  }

  private func forget(
    _ packs: [(ObjectHash, UInt32)], _ writer: borrowing LMDBWriter
  ) throws(LMDBError) {
    var counters = try IndexCounters(tables, writer.snapshot)
    for (name, number) in packs {
      let known = try IndexedPack.load(number, tables, writer.snapshot, PackStates())
      guard let known, known.hash == name else { continue }
      counters.packBytes -= min(counters.packBytes, UInt64(known.size))
      try writer.delete(tables.packs, IndexKey.number(number))
      try writer.delete(tables.names, name.bytes)
      try writer.delete(tables.states, IndexKey.number(number))
    }
    try counters.store(tables, writer)
    let generation = try PackStates.generation(tables, writer.snapshot)
    try PackStates.setGeneration(generation + 1, tables, writer)
  }
}
