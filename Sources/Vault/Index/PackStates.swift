// The packs that are not simply live, as a reader holds them: a byte per pack number up to the
// highest of them. Read again when the generation in the database has changed.

/// What the journal says of a pack.
package enum PackStanding: UInt8, Sendable {
  case live = 0
  /// No commit needs it as far as a prune saw; it can still be used and rescued.
  case condemned = 1
  /// It is deleted, or will be.
  case swept = 2
}

/// A pack as the index cache knows it.
package struct IndexedPack: Hashable, Sendable {
  /// Its number in this cache.
  package let number: UInt32
  package let hash: ObjectHash
  /// Stored bytes; 0 when no imported segment has named the pack yet.
  package let size: UInt32
  package let state: PackStanding

  static func load(
    _ number: UInt32, _ tables: IndexTables, _ snapshot: LMDBSnapshot, _ states: PackStates
  ) throws(LMDBError) -> IndexedPack? {
    guard let value = try snapshot.checked(tables.packs, IndexKey.number(number)) else {
      return nil
    }
    guard value.count == 36 else { throw .corrupt("a pack of another length") }
    let size = UInt32(value.half(32)) | UInt32(value.half(34)) << 16
    return IndexedPack(
      number: number, hash: ObjectHash(bytes: Array(value[..<32])), size: size,
      state: states.state(number))
  }
}

/// The states of packs by number.
struct PackStates {
  private var bytes: [UInt8] = []
  private(set) var generation: UInt64?
  // Packs that count as swept whatever the database says.
  private let absent: Set<UInt32>

  init(absent: Set<UInt32> = []) {
    self.absent = absent
  }

  @inline(__always)
  func state(_ pack: UInt32) -> PackStanding {
    guard Int(pack) < bytes.count else { return .live }
    return PackStanding(rawValue: bytes[Int(pack)]) ?? .live
  }

  /// Takes over what a snapshot says, if it is news.
  mutating func refresh(_ tables: IndexTables, _ snapshot: LMDBSnapshot) throws(LMDBError) {
    let current = try Self.generation(tables, snapshot)
    if current == generation { return }
    var fresh: [UInt8] = []
    try snapshot.forEach(tables.states) { (key, stored) throws(LMDBError) in
      guard let value = CheckedValue.open(tables.states, key, stored), value.count == 1,
        key.count == 4, PackStanding(rawValue: value[0]) != nil
      else { throw .corrupt("a pack's state") }
      let number = Int(IndexKey.decode(key))
      // Numbers ascend; those between are live.
      guard number < 1 << 28 else { throw .corrupt("a pack's number") }
      fresh.append(contentsOf: repeatElement(0, count: number - fresh.count))
      fresh.append(value[0])
    }
    for number in absent {
      let missing = Int(number) + 1 - fresh.count
      if missing > 0 { fresh.append(contentsOf: repeatElement(0, count: missing)) }
      fresh[Int(number)] = PackStanding.swept.rawValue
    }
    bytes = fresh
    generation = current
  }

  static func generation(
    _ tables: IndexTables, _ snapshot: LMDBSnapshot
  ) throws(LMDBError) -> UInt64 {
    guard let value = try snapshot.checked(tables.about, IndexKey.stateGeneration) else {
      return 0
    }
    guard value.count == 8 else { throw .corrupt("generation of pack states") }
    return value.word(0)
  }

  static func setGeneration(
    _ generation: UInt64, _ tables: IndexTables, _ writer: borrowing LMDBWriter
  ) throws(LMDBError) {
    var bytes = ByteWriter()
    bytes.u64(generation)
    try writer.putChecked(tables.about, IndexKey.stateGeneration, bytes.bytes)
  }
}

extension LMDBSnapshot {
  /// All items of a table, in the order of keys, copied out one by one.
  func forEach(
    _ table: LMDBDatabase, _ body: ([UInt8], [UInt8]) throws(LMDBError) -> Void
  ) throws(LMDBError) {
    let cursor = try cursor(table)
    var item = unsafe try cursor.first()
    while let found = unsafe item {
      try unsafe body([UInt8](found.key), [UInt8](found.value))
      unsafe item = unsafe try cursor.next()
    }
  }
}
