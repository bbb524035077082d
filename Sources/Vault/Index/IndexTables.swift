// The tables of the index cache and what stands in them.
//
// | table | key | value |
// |---|---|---|
// | about | a word | identity, counters, generation of pack states, journal head, a note of prune |
// | chunks | chunk ID | placements, checksum (Placement.swift) |
// | packs | pack number, big-endian | hash, u32 size |
// | names | pack hash | pack number |
// | states | pack number, big-endian | u8 state of a pack that is not simply live |
// | segments | segment hash | u32 row count, pack numbers |
// | journal | entry number, big-endian | hash, seal, payload |
// | notes | epoch, big-endian, hash of the value | records of notes, sealed (NoteCache.swift) |
//
// Every value but those of `chunks` ends with eight bytes of BLAKE2b over table, key and value: a
// flipped bit must not revive a swept pack or give a chunk to the wrong one.

internal import CLMDB

/// The tables of an index cache.
struct IndexTables: Sendable {
  let about: LMDBDatabase
  let chunks: LMDBDatabase
  let packs: LMDBDatabase
  let names: LMDBDatabase
  let states: LMDBDatabase
  let segments: LMDBDatabase
  let journal: LMDBDatabase
  /// Nil where a full disk has no room for it: it came later than the others.
  let notes: LMDBDatabase?

  /// Raised when the layout changes so that another version would misread it; a cache of another
  /// version is made anew.
  static let version: UInt32 = 2

  init(in environment: LMDBEnvironment) throws(LMDBError) {
    let opened = try environment.databases([
      "about", "chunks", "packs", "names", "states", "segments", "journal",
    ])
    about = opened[0]
    chunks = opened[1]
    packs = opened[2]
    names = opened[3]
    states = opened[4]
    segments = opened[5]
    journal = opened[6]
    notes = try? environment.databases(["notes"])[0]
  }

  var all: [LMDBDatabase] {
    [about, chunks, packs, names, states, segments, journal] + (notes.map { [$0] } ?? [])
  }

  /// Checks every row: one whose key was changed would never be found again, and what it tells of
  /// would count as lost.
  func verify(in environment: LMDBEnvironment) throws(LMDBError) {
    let reader = try LMDBReader(environment)
    try reader.read { (snapshot) throws(LMDBError) in
      unsafe try snapshot.forEachRow(chunks) { _, _, _ in }
      // A bad row of notes is passed over when it is met.
      let others = all.filter { $0.handle != chunks.handle && $0.handle != notes?.handle }
      for table in others {
        try snapshot.forEach(table) { (key, stored) throws(LMDBError) in
          guard CheckedValue.open(table, key, stored) != nil else {
            throw .corrupt("a value with a wrong checksum")
          }
        }
      }
    }
  }
}

/// Small values with a checksum.
enum CheckedValue {
  static let checkSize = 8

  static func seal(_ table: LMDBDatabase, _ key: [UInt8], _ value: [UInt8]) -> [UInt8] {
    value + check(table, key, value[...])
  }

  /// The value without its checksum, nil when it does not hold.
  static func open(_ table: LMDBDatabase, _ key: [UInt8], _ stored: [UInt8]) -> [UInt8]? {
    guard stored.count >= checkSize else { return nil }
    let value = stored.dropLast(checkSize)
    return check(table, key, value) == Array(stored.suffix(checkSize)) ? Array(value) : nil
  }

  private static func check(
    _ table: LMDBDatabase, _ key: [UInt8], _ value: ArraySlice<UInt8>
  ) -> [UInt8] {
    // Handles are given out in the order of names, so they are the same at every start.
    var whole: [UInt8] = []
    whole.reserveCapacity(2 + key.count + value.count)
    whole += [UInt8(truncatingIfNeeded: table.handle), UInt8(key.count)]
    whole += key
    whole += value
    return Array(Hash.name(of: whole).bytes.prefix(checkSize))
  }
}

extension LMDBSnapshot {
  /// A value whose checksum holds; nil when there is none.
  func checked(_ table: LMDBDatabase, _ key: [UInt8]) throws(LMDBError) -> [UInt8]? {
    guard let stored = try get(table, key) else { return nil }
    guard let value = CheckedValue.open(table, key, stored) else {
      throw .corrupt("a value with a wrong checksum")
    }
    return value
  }
}

extension LMDBWriter {
  func putChecked(
    _ table: LMDBDatabase, _ key: [UInt8], _ value: [UInt8]
  ) throws(LMDBError) {
    try put(table, key, CheckedValue.seal(table, key, value))
  }
}

/// Keys of the tables.
enum IndexKey {
  static let identity = Array("identity".utf8)
  static let counters = Array("counters".utf8)
  static let stateGeneration = Array("states".utf8)
  static let head = Array("head".utf8)
  static let pruneNote = Array("pruned".utf8)

  static func number(_ number: UInt32) -> [UInt8] {
    [
      UInt8(truncatingIfNeeded: number >> 24), UInt8(truncatingIfNeeded: number >> 16),
      UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number),
    ]
  }

  static func number(_ number: UInt64) -> [UInt8] {
    IndexKey.number(UInt32(truncatingIfNeeded: number >> 32))
      + IndexKey.number(UInt32(truncatingIfNeeded: number))
  }

  /// Back from `number`.
  static func decode(_ key: [UInt8]) -> UInt64 {
    key.reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// What the cache counts as it changes.
struct IndexCounters {
  var placeCount: UInt64 = 0
  var packBytes: UInt64 = 0
  /// The next pack number; none is given out twice.
  var nextPack: UInt32 = 0

  init() {}

  init(_ tables: IndexTables, _ snapshot: LMDBSnapshot) throws(LMDBError) {
    guard let value = try snapshot.checked(tables.about, IndexKey.counters) else { return }
    guard value.count == 20 else { throw .corrupt("counters of another length") }
    placeCount = value.word(0)
    packBytes = value.word(8)
    nextPack = UInt32(value.half(16)) | UInt32(value.half(18)) << 16
  }

  func store(_ tables: IndexTables, _ writer: borrowing LMDBWriter) throws(LMDBError) {
    var bytes = ByteWriter(capacity: 20)
    bytes.u64(placeCount)
    bytes.u64(packBytes)
    bytes.u32(nextPack)
    try writer.putChecked(tables.about, IndexKey.counters, bytes.bytes)
  }
}
