// Sets of digests that stay small in memory however many they hold. A run keeps the chunks that it
// adds in one: they are in no segment of the cache yet, and must not be (order rule 6 of FORMAT.md).
//
// A shard is an open-addressing table, 32 bytes a slot and no object per digest (a digest is a hash
// already, so a word of it is a good enough place). When it has grown to its share of the memory
// limit all of it goes, sorted, into a private LMDB file that has lost its name already, and the
// shard begins again. A shard is a range of digests, so that they go to neighbouring pages of the
// file. Where that file cannot be made or has no room, shards grow in memory: hours of work are worth
// more than a limit.
//
// Invariant: of all calls of `insert` with one digest, exactly one returns true.

/// A set of 32-byte digests that only grows.
///
/// All threads may use it at the same time.
package final class DigestSet: Sendable {
  private let shards: [DigestShard]
  private let spill: DigestSpill
  private static let shardBits: UInt64 = 5

  /// An empty set that keeps about this many bytes in memory and the rest in a temporary file, for
  /// which it takes some 6 MiB more.
  ///
  /// `warn` is told, once, why there is no such file: then all stays in memory, up to 90 bytes each.
  package convenience init(
    memoryLimit: Int = 8 << 20, warn: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.init(memoryLimit: memoryLimit, filterLineCount: SpillFilter.lineCount, warn: warn)
  }

  /// The same with a filter of another size, a power of two, and another file, for tests.
  init(
    memoryLimit: Int, filterLineCount: Int, warn: @escaping @Sendable (String) -> Void = { _ in },
    makingFile: @escaping @Sendable () throws(LMDBError) -> TemporaryTable = {
      () throws(LMDBError) in try TemporaryTable()
    }
  ) {
    spill = DigestSpill(warn, makingFile)
    let share = memoryLimit >> Int(Self.shardBits)
    shards = (0..<(1 << Int(Self.shardBits))).map { [spill] _ in
      DigestShard(share, spill, filterLineCount: filterLineCount)
    }
  }

  @inline(__always)
  private func shard(_ digest: ChunkID) -> DigestShard {
    shards[Int(digest.words.0 >> (64 - Self.shardBits))]
  }

  /// Adds a digest; true if it was not there.
  package func insert(_ digest: ChunkID) throws(VaultError) -> Bool {
    try temporaryFileErrors { () throws(LMDBError) in try shard(digest).insert(digest) }
  }

  /// Whether a digest is in the set.
  package func contains(_ digest: ChunkID) throws(VaultError) -> Bool {
    try temporaryFileErrors { () throws(LMDBError) in try shard(digest).contains(digest) }
  }

  /// How many digests are in the set.
  package var count: Int { shards.reduce(0) { $0 + $1.count } }

  /// Whether digests had to leave memory.
  package var hasSpilled: Bool { spill.isInUse }

  /// Forgets all digests.
  package func removeAll() throws(VaultError) {
    try temporaryFileErrors { () throws(LMDBError) in
      for shard in shards { shard.lock.lock() }
      defer { for shard in shards { shard.lock.unlock() } }
      try spill.clear()
      for shard in shards { shard.clear() }
    }
  }
}

/// One shard: its own lock, its own slots.
@safe
private final class DigestShard: @unchecked Sendable {
  let lock = PosixMutex()
  private let spill: DigestSpill
  private let slotLimit: Int
  // All zero where nothing is.
  private var slots: UnsafeMutableBufferPointer<ChunkID>
  private var used = 0
  private var total = 0
  private var holdsZero = false
  private let filterLineCount: Int
  // Of the digests that left memory; nil while there are none.
  private var spilled: SpillFilter?

  private static let smallest = 16

  init(_ memory: Int, _ spill: DigestSpill, filterLineCount: Int) {
    self.spill = spill
    self.filterLineCount = filterLineCount
    // A power of two, so that a hash becomes a place by masking.
    let count = max(Self.smallest, memory / MemoryLayout<ChunkID>.stride)
    slotLimit = 1 << (Int.bitWidth - 1 - count.leadingZeroBitCount)
    unsafe slots = Self.emptySlots(Self.smallest)
  }

  deinit {
    unsafe slots.deallocate()
  }

  var count: Int {
    lock.lock()
    defer { lock.unlock() }
    return total
  }

  private static func emptySlots(_ count: Int) -> UnsafeMutableBufferPointer<ChunkID> {
    let slots = UnsafeMutableBufferPointer<ChunkID>.allocate(capacity: count)
    unsafe slots.initialize(repeating: .zero)
    return unsafe slots
  }

  func insert(_ digest: ChunkID) throws(LMDBError) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if try holds(digest) { return false }
    if digest == .zero {
      holdsZero = true
    } else {
      // Three quarters full at most.
      if unsafe used * 4 >= slots.count * 3 { makeRoom() }
      unsafe slots[index(digest)] = digest
      used += 1
    }
    total += 1
    return true
  }

  func contains(_ digest: ChunkID) throws(LMDBError) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    return try holds(digest)
  }

  /// The lock is held.
  func clear() {
    unsafe slots.deallocate()
    unsafe slots = Self.emptySlots(Self.smallest)
    used = 0
    total = 0
    holdsZero = false
    spilled = nil
  }

  // The slot with this digest, or the free one where it belongs.
  @inline(__always)
  private func index(_ digest: ChunkID) -> Int {
    let mask = unsafe slots.count - 1
    var index = Int(truncatingIfNeeded: digest.words.1) & mask
    while unsafe slots[index] != .zero && slots[index] != digest { index = (index + 1) & mask }
    return index
  }

  private func holds(_ digest: ChunkID) throws(LMDBError) -> Bool {
    if digest == .zero { return holdsZero }
    if unsafe slots[index(digest)] == digest { return true }
    guard spilled?.mayContain(digest) == true else { return false }
    return try spill.contains(digest)
  }

  private func grow() {
    let old = unsafe slots
    unsafe slots = Self.emptySlots(old.count * 2)
    for place in old.indices where unsafe old[place] != .zero {
      unsafe slots[index(old[place])] = unsafe old[place]
    }
    unsafe old.deallocate()
  }

  private func makeRoom() {
    guard unsafe slots.count >= slotLimit else { return grow() }
    let digests = unsafe slots.filter { $0 != .zero }
    guard spill.put(digests) else { return grow() }
    var filter = spilled.take() ?? SpillFilter(lineCount: filterLineCount)
    for digest in digests { filter.insert(digest) }
    spilled = consume filter
    unsafe slots.update(repeating: .zero)
    used = 0
  }
}

/// The digests that left memory, in an LMDB file of this process.
private final class DigestSpill: @unchecked Sendable {
  private let warn: @Sendable (String) -> Void
  private let makeFile: @Sendable () throws(LMDBError) -> TemporaryTable
  private let lock = PosixMutex()
  // Guarded by `lock`; once made it stays.
  private var file: TemporaryTable?
  // Guarded by `lock`; a file that failed takes nothing more, but keeps what it has.
  private var hasFailed = false

  // Digests that are put in one transaction, whose pages stay mapped and in memory until it ends.
  private static let putCount = 1024

  init(
    _ warn: @escaping @Sendable (String) -> Void,
    _ makeFile: @escaping @Sendable () throws(LMDBError) -> TemporaryTable
  ) {
    self.warn = warn
    self.makeFile = makeFile
  }

  private func current() -> TemporaryTable? {
    lock.lock()
    defer { lock.unlock() }
    return file
  }

  var isInUse: Bool { current() != nil }

  func contains(_ digest: ChunkID) throws(LMDBError) -> Bool {
    guard let file = current() else { return false }
    let snapshot = try file.reader.begin()
    defer { file.reader.end() }
    return try unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) {
      (key) throws(LMDBError) in
      guard let base = key.baseAddress else { return false }
      unsafe digest.store(to: base)
      return try unsafe snapshot.get(file.table, UnsafeRawBufferPointer(key)) != nil
    }
  }

  /// Puts digests in any order; false when they have to stay in memory, wherever else they are then.
  func put(_ digests: [ChunkID]) -> Bool {
    lock.lock()
    let isUseless = hasFailed
    lock.unlock()
    if isUseless { return false }
    do throws(LMDBError) {
      try store(digests)
      return true
    } catch {
      lock.lock()
      let isFirst = !hasFailed
      hasFailed = true
      lock.unlock()
      if isFirst { warn("\(error)") }
      return false
    }
  }

  private func store(_ digests: [ChunkID]) throws(LMDBError) {
    let file = try make()
    let sorted = digests.sorted()
    var done = 0
    while done < sorted.count {
      let part = sorted[done..<min(done + Self.putCount, sorted.count)]
      try file.environment.write { (writer) throws(LMDBError) in
        for digest in part { try writer.put(file.table, digest.bytes, []) }
      }
      // The pages around these were mapped, and are of no use until others get their neighbours.
      try file.environment.dropPages()
      done = part.endIndex
    }
  }

  func clear() throws(LMDBError) {
    guard let file = current() else { return }
    try file.environment.write { (writer) throws(LMDBError) in try writer.clear(file.table) }
  }

  private func make() throws(LMDBError) -> TemporaryTable {
    lock.lock()
    defer { lock.unlock() }
    if let file { return file }
    let made = try makeFile()
    file = made
    return made
  }
}
