// The chunks that this run is adding: who uploads which, and where it went. They are in no segment
// of the cache yet, and must not be: order rule 6 of FORMAT.md.
//
// A shard is an open-addressing table (a chunk ID is a keyed hash, so a word of it is a good enough
// place), 56 bytes a slot and no object per row. When it has grown to its share of the memory limit
// its rows go, sorted, into a private LMDB file that has lost its name already, and the shard
// begins again; what is in the shard then overrides what is in the file. A shard is a range of IDs,
// so that its rows go to neighbouring pages of the file.
//
// Invariant: of all calls of `claim` with one ID, exactly one returns true, unless a `release` of
// that ID comes in between.

internal import CLMDB

/// What is known of a chunk of this run.
package enum PendingChunk: Hashable, Sendable {
  /// Somebody is uploading it.
  case claimed
  /// It is in a pack of this run, whose number is the run's own.
  case placed(Placement)
}

/// The new chunks of a running process.
///
/// All threads may use it at the same time.
package final class PendingTable: Sendable {
  private let shards: [PendingShard]
  private let spill: PendingSpill
  private static let shardBits: UInt64 = 5

  /// A table that keeps about this many bytes in memory and the rest in a temporary file.
  package init(memoryLimit: Int = 8 << 20) {
    spill = PendingSpill()
    let share = memoryLimit >> Int(Self.shardBits)
    shards = (0..<(1 << Int(Self.shardBits))).map { [spill] _ in PendingShard(share, spill) }
  }

  @inline(__always)
  private func shard(_ id: ChunkID) -> PendingShard {
    shards[Int(id.words.0 >> (64 - Self.shardBits))]
  }

  /// True for the first caller, who must upload the chunk, then `place` or `release` it.
  package func claim(_ id: ChunkID) throws(VaultError) -> Bool {
    try run { () throws(LMDBError) in try shard(id).claim(id) }
  }

  /// Notes where a claimed chunk went.
  package func place(_ id: ChunkID, _ placement: Placement) throws(VaultError) {
    try run { () throws(LMDBError) in try shard(id).set(id, .placed(placement)) }
  }

  /// Gives a claim back, because the chunk was not uploaded: the next `claim` is true again.
  package func release(_ id: ChunkID) throws(VaultError) {
    try run { () throws(LMDBError) in try shard(id).set(id, nil) }
  }

  /// What is known of a chunk; nil when it is none of this run's.
  package func find(_ id: ChunkID) throws(VaultError) -> PendingChunk? {
    try run { () throws(LMDBError) in try shard(id).find(id) }
  }

  /// Chunks that are claimed or placed.
  package var count: Int { shards.reduce(0) { $0 + $1.liveCount } }

  /// Whether rows had to leave memory.
  package var hasSpilled: Bool { spill.isInUse }

  /// Forgets all rows, after their segment was committed and imported.
  package func removeAll() throws(VaultError) {
    try run { () throws(LMDBError) in
      for shard in shards { shard.lock.lock() }
      defer { for shard in shards { shard.lock.unlock() } }
      for shard in shards { shard.clear() }
      try spill.clear()
    }
  }

  private func run<Result>(
    _ body: () throws(LMDBError) -> Result
  ) throws(VaultError) -> Result {
    do throws(LMDBError) {
      return try body()
    } catch {
      throw .cache("the table of this run's chunks: \(error)")
    }
  }
}

/// One shard: its own lock, its own slots.
@safe
private final class PendingShard: @unchecked Sendable {
  /// What a slot says of its ID.
  private enum Mark: UInt8 {
    case free, claimed, placed, released
  }

  private struct Slot {
    var id: ChunkID
    var place: Placement
    var mark: Mark
  }

  let lock = PosixMutex()
  private let spill: PendingSpill
  private let slotLimit: Int
  private var slots: UnsafeMutableBufferPointer<Slot>
  private var used = 0
  private var live = 0

  init(_ memory: Int, _ spill: PendingSpill) {
    self.spill = spill
    // A power of two, so that a hash becomes a place by masking.
    let count = max(16, memory / MemoryLayout<Slot>.stride)
    slotLimit = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
    unsafe slots = Self.emptySlots(16)
  }

  deinit {
    unsafe slots.deallocate()
  }

  var liveCount: Int {
    lock.lock()
    defer { lock.unlock() }
    return live
  }

  private static func emptySlots(_ count: Int) -> UnsafeMutableBufferPointer<Slot> {
    let slots = UnsafeMutableBufferPointer<Slot>.allocate(capacity: count)
    unsafe slots.initialize(repeating: Slot(id: .zero, place: .nowhere, mark: .free))
    return unsafe slots
  }

  func claim(_ id: ChunkID) throws(LMDBError) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if try locate(id) != nil { return false }
    try put(id, .nowhere, .claimed)
    live += 1
    return true
  }

  func set(_ id: ChunkID, _ chunk: PendingChunk?) throws(LMDBError) {
    lock.lock()
    defer { lock.unlock() }
    let before = try locate(id)
    switch chunk {
    case .placed(let place): try put(id, place, .placed)
    case .claimed: try put(id, .nowhere, .claimed)
    case nil:
      guard before != nil else { return }
      try put(id, .nowhere, .released)
    }
    live += (chunk == nil ? 0 : 1) - (before == nil ? 0 : 1)
  }

  func find(_ id: ChunkID) throws(LMDBError) -> PendingChunk? {
    lock.lock()
    defer { lock.unlock() }
    return try locate(id)
  }

  /// The lock is held.
  func clear() {
    unsafe slots.deallocate()
    unsafe slots = Self.emptySlots(16)
    used = 0
    live = 0
  }

  // The slot with this ID, or the free one where it belongs.
  @inline(__always)
  private func index(_ id: ChunkID) -> Int {
    let mask = unsafe slots.count - 1
    var index = Int(truncatingIfNeeded: id.words.1) & mask
    while unsafe slots[index].mark != .free && slots[index].id != id { index = (index + 1) & mask }
    return index
  }

  private func locate(_ id: ChunkID) throws(LMDBError) -> PendingChunk? {
    let slot = unsafe slots[index(id)]
    switch slot.mark {
    case .claimed: return .claimed
    case .placed: return .placed(slot.place)
    case .released: return nil
    case .free: return try spill.find(id)
    }
  }

  private func put(_ id: ChunkID, _ place: Placement, _ mark: Mark) throws(LMDBError) {
    var target = index(id)
    if unsafe slots[target].mark == .free {
      // Three quarters full at most.
      if unsafe used * 4 >= slots.count * 3 {
        try makeRoom()
        target = index(id)
      }
      used += 1
    }
    unsafe slots[target] = Slot(id: id, place: place, mark: mark)
  }

  private func makeRoom() throws(LMDBError) {
    if unsafe slots.count < slotLimit {
      let old = unsafe slots
      unsafe slots = Self.emptySlots(old.count * 2)
      for place in old.indices where unsafe old[place].mark != .free {
        unsafe slots[index(old[place].id)] = unsafe old[place]
      }
      unsafe old.deallocate()
      return
    }
    var rows: [(ChunkID, PendingChunk?)] = []
    rows.reserveCapacity(used)
    for place in unsafe slots.indices {
      let slot = unsafe slots[place]
      switch slot.mark {
      case .free: break
      case .claimed: rows.append((slot.id, .claimed))
      case .placed: rows.append((slot.id, .placed(slot.place)))
      case .released: rows.append((slot.id, nil))
      }
    }
    try spill.put(rows)
    unsafe slots.update(repeating: Slot(id: .zero, place: .nowhere, mark: .free))
    used = 0
  }
}

extension Placement {
  fileprivate static var nowhere: Placement {
    Placement(pack: 0, frameOffset: 0, frameLength: 0, offset: 0, length: 0)
  }
}

/// The rows that left memory, in an LMDB file of this process.
private final class PendingSpill: @unchecked Sendable {
  private struct File {
    let environment: LMDBEnvironment
    let table: LMDBDatabase
    let reader: LMDBReader
  }

  private let lock = PosixMutex()
  // Guarded by `lock`; once made it stays.
  private var file: File?

  private func current() -> File? {
    lock.lock()
    defer { lock.unlock() }
    return file
  }

  var isInUse: Bool { current() != nil }

  func find(_ id: ChunkID) throws(LMDBError) -> PendingChunk? {
    guard let file = current() else { return nil }
    let snapshot = try file.reader.begin()
    defer { file.reader.end() }
    return try unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) {
      (key) throws(LMDBError) in
      guard let base = key.baseAddress else { return nil }
      unsafe id.store(to: base)
      guard let value = try unsafe snapshot.get(file.table, UnsafeRawBufferPointer(key)) else {
        return nil
      }
      guard let start = value.baseAddress, value.count == Placement.storedSize else {
        return .claimed
      }
      return unsafe .placed(Placement(loading: start))
    }
  }

  /// Puts rows in any order; nil takes one away.
  func put(_ rows: [(ChunkID, PendingChunk?)]) throws(LMDBError) {
    let file = try make()
    let sorted = rows.sorted { $0.0 < $1.0 }
    try file.environment.write { (writer) throws(LMDBError) in
      for (id, chunk) in sorted {
        switch chunk {
        case nil: try writer.delete(file.table, id.bytes)
        case .claimed: try writer.put(file.table, id.bytes, [])
        case .placed(let place): try writer.put(file.table, id.bytes, place.stored)
        }
      }
    }
  }

  func clear() throws(LMDBError) {
    guard let file = current() else { return }
    try file.environment.write { (writer) throws(LMDBError) in try writer.clear(file.table) }
  }

  private func make() throws(LMDBError) -> File {
    lock.lock()
    defer { lock.unlock() }
    if let file { return file }
    let environment = try LMDBEnvironment.temporary()
    let made = File(
      environment: environment, table: try environment.databases(["rows"])[0],
      reader: try LMDBReader(environment))
    file = made
    return made
  }
}

extension Placement {
  fileprivate var stored: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: Self.storedSize) { buffer, count in
      if let base = buffer.baseAddress { unsafe store(to: UnsafeMutableRawPointer(base)) }
      count = Self.storedSize
    }
  }
}
