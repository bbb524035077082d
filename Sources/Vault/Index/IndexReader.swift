// Lookups of one thread. A lookup sees the newest committed state, takes no lock that another
// lookup wants, and allocates nothing; an idle reader pins nothing. Only `pack(of:)`, once it was
// prepared, answers from memory, and may be a thousand answers behind.

/// Looks chunks up.
///
/// One per thread; it must not be used by two at the same time.
@safe
package final class IndexReader {
  package let cache: IndexCache
  private let reader: LMDBReader
  private let key: UnsafeMutableRawPointer
  private var states: PackStates
  private var snapshotNumber = -1
  private var finder: PackFinder?
  private var hitCount: UInt32 = 0
  // The states of packs are looked at again after so many of its answers.
  private static let hitsBetweenLooks: UInt32 = 1024

  // An index is read whole for a lookup of every eighth chunk in it.
  private static let worthwhileShare = 8

  init(_ cache: IndexCache, without absent: Set<UInt32>) throws(LMDBError) {
    self.cache = cache
    states = PackStates(absent: absent)
    reader = try LMDBReader(cache.environment)
    unsafe key = .allocate(byteCount: 32, alignment: 8)
  }

  deinit {
    unsafe key.deallocate()
  }

  /// A place of the chunk in a pack that was not swept; nil when the index knows none.
  ///
  /// Packs that are not condemned go first.
  package func find(_ id: ChunkID) throws(VaultError) -> Placement? {
    do throws(LMDBError) {
      let snapshot = try begin()
      defer { reader.end() }
      guard let value = unsafe try row(id, snapshot) else { return nil }
      return try unsafe best(id, value)
    } catch {
      throw cache.failure(error)
    }
  }

  /// Prepares for about so many calls of `pack(of:)`; that can take memory and saves time only.
  package func expect(lookups count: Int) {
    do throws(LMDBError) {
      let snapshot = try begin()
      defer { reader.end() }
      let rowCount = try snapshot.count(cache.tables.chunks)
      guard count > rowCount / Self.worthwhileShare else { return }
      finder = try PackFinder.reading(cache.tables, snapshot, states)
    } catch {
      // Perhaps nobody asks for what is bad; the next start makes the cache anew.
      if error.isCorruption { cache.condemn() }
    }
  }

  /// Whether `pack(of:)` is answered from memory.
  var isPrepared: Bool { finder != nil }

  /// A pack that has the chunk and was not swept, as far as a moment ago; nil when the index knows
  /// none.
  @inline(__always)
  package func pack(of id: ChunkID) throws(VaultError) -> UInt32? {
    if let pack = finder?.pack(of: id) {
      hitCount &+= 1
      if hitCount % Self.hitsBetweenLooks == 0 { try lookAgain() }
      if finder != nil, states.state(pack) == .live { return pack }
    }
    return try find(id)?.pack
  }

  // Packs of which something else is known now may have left the index as well.
  private func lookAgain() throws(VaultError) {
    let generation = states.generation
    try cache.run { () throws(LMDBError) in
      _ = try begin()
      reader.end()
    }
    if states.generation != generation { finder = nil }
  }

  /// Whether the chunk has a place in a pack that was not swept.
  package func contains(_ id: ChunkID) throws(VaultError) -> Bool { try find(id) != nil }

  /// All places of the chunk in packs that were not swept, ascending.
  package func places(_ id: ChunkID) throws(VaultError) -> [Placement] {
    do throws(LMDBError) {
      let snapshot = try begin()
      defer { reader.end() }
      guard let value = unsafe try row(id, snapshot) else { return [] }
      guard let count = unsafe RowValue.checkedCount(id, value) else { throw .badRow }
      return (0..<count).map { unsafe Self.place($0, value) }
        .filter { states.state($0.pack) != .swept }
    } catch {
      throw cache.failure(error)
    }
  }

  /// Whether the chunk had places, and all of them are in packs that were swept.
  func hadPlaces(_ id: ChunkID) throws(VaultError) -> Bool {
    do throws(LMDBError) {
      let snapshot = try begin()
      defer { reader.end() }
      guard let value = unsafe try row(id, snapshot) else { return false }
      return try unsafe best(id, value) == nil
    } catch {
      throw cache.failure(error)
    }
  }

  /// What a pack number stands for; nil for a number that was never given out.
  package func pack(_ number: UInt32) throws(VaultError) -> IndexedPack? {
    try cache.run { () throws(LMDBError) in
      let snapshot = try begin()
      defer { reader.end() }
      return try IndexedPack.load(number, cache.tables, snapshot, states)
    }
  }

  @inline(__always)
  private func begin() throws(LMDBError) -> LMDBSnapshot {
    let snapshot = try reader.begin()
    let number = snapshot.number
    if number == snapshotNumber { return snapshot }
    do throws(LMDBError) {
      try states.refresh(cache.tables, snapshot)
    } catch {
      reader.end()
      throw error
    }
    snapshotNumber = number
    return snapshot
  }

  @inline(__always)
  private func row(
    _ id: ChunkID, _ snapshot: LMDBSnapshot
  ) throws(LMDBError) -> UnsafeRawBufferPointer? {
    unsafe id.store(to: key)
    return try unsafe snapshot.get(
      cache.tables.chunks, UnsafeRawBufferPointer(start: key, count: 32))
  }

  @inline(__always)
  private static func place(_ index: Int, _ value: UnsafeRawBufferPointer) -> Placement {
    guard let base = value.baseAddress else { preconditionFailure("a row has bytes") }
    return unsafe Placement(loading: base + index * Placement.storedSize)
  }

  @inline(__always)
  private func best(
    _ id: ChunkID, _ value: UnsafeRawBufferPointer
  ) throws(LMDBError) -> Placement? {
    guard let count = unsafe RowValue.checkedCount(id, value) else { throw .badRow }
    var condemned: Placement?
    for index in 0..<count {
      let place = unsafe Self.place(index, value)
      switch states.state(place.pack) {
      case .live: return place
      case .condemned: condemned = condemned ?? place
      case .swept: break
      }
    }
    return condemned
  }
}
