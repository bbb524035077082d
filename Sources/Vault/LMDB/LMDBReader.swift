// Reads of one thread at a time. A reader keeps one transaction object and its slot in the lock
// file, renewed for every read and reset after it: no allocation, always the newest state, and no
// idle reader that keeps old pages from being reused.

internal import CLMDB
internal import Glibc

/// A reusable read transaction.
///
/// Different threads use different readers.
final class LMDBReader: @unchecked Sendable {
  let environment: LMDBEnvironment
  private let slot: ReaderSlot

  init(_ environment: LMDBEnvironment) throws(LMDBError) {
    self.environment = environment
    slot = try environment.makeSlot()
  }

  deinit {
    environment.remove(slot)
  }

  /// Begins a read; `end` must follow, also after an error of what comes between.
  @inline(__always)
  func begin() throws(LMDBError) -> LMDBSnapshot {
    slot.mutex.lock()
    do throws(LMDBError) {
      return try unsafe LMDBSnapshot(environment.renew(slot))
    } catch {
      slot.mutex.unlock()
      guard error.code == MDB_MAP_RESIZED else { throw error }
    }
    return try beginAfterAdopting()
  }

  private func beginAfterAdopting() throws(LMDBError) -> LMDBSnapshot {
    // Another process can grow the file again meanwhile, but not forever.
    for _ in 0..<64 {
      try environment.adoptSize()
      slot.mutex.lock()
      do throws(LMDBError) {
        return try unsafe LMDBSnapshot(environment.renew(slot))
      } catch {
        slot.mutex.unlock()
        guard error.code == MDB_MAP_RESIZED else { throw error }
      }
    }
    throw LMDBError(code: MDB_MAP_RESIZED, "mdb_txn_renew")
  }

  @inline(__always)
  func end() {
    if let transaction = unsafe slot.transaction { unsafe mdb_txn_reset(transaction) }
    slot.mutex.unlock()
  }

  /// Runs the body on one consistent state.
  ///
  /// What it is given must not leave it, and it must not write.
  func read<Result>(
    _ body: (LMDBSnapshot) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    let snapshot = try begin()
    defer { end() }
    return try body(snapshot)
  }
}

/// One consistent state of an environment.
///
/// Bytes it hands out are valid until the read ends.
@safe
struct LMDBSnapshot {
  let transaction: OpaquePointer

  @inline(__always)
  init(_ transaction: OpaquePointer) {
    unsafe self.transaction = unsafe transaction
  }

  /// Changes with every commit.
  var number: Int { unsafe mdb_txn_id(transaction) }

  @inline(__always)
  func get(
    _ database: LMDBDatabase, _ key: UnsafeRawBufferPointer
  ) throws(LMDBError) -> UnsafeRawBufferPointer? {
    var keyValue = unsafe MDB_val(key)
    var value = unsafe MDB_val()
    let code = unsafe mdb_get(transaction, database.handle, &keyValue, &value)
    if code == MDB_NOTFOUND { return nil }
    try LMDBError.check(code, "mdb_get")
    return unsafe UnsafeRawBufferPointer(value)
  }

  func get(_ database: LMDBDatabase, _ key: [UInt8]) throws(LMDBError) -> [UInt8]? {
    try unsafe key.withRawBytes { (key) throws(LMDBError) in
      try unsafe get(database, key).map { unsafe [UInt8]($0) }
    }
  }

  func count(_ database: LMDBDatabase) throws(LMDBError) -> Int {
    var stat = MDB_stat()
    try unsafe LMDBError.check(mdb_stat(transaction, database.handle, &stat), "mdb_stat")
    return stat.ms_entries
  }

  func cursor(_ database: LMDBDatabase) throws(LMDBError) -> LMDBCursor {
    try unsafe LMDBCursor(transaction, database)
  }
}

extension MDB_val {
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) {
    unsafe self.init(
      mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  init(_ value: MDB_val) {
    unsafe self.init(start: value.mv_data, count: value.mv_size)
  }
}

extension [UInt8] {
  /// As `withUnsafeBytes`, with typed errors.
  @inline(__always)
  func withRawBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe span.bytes.withUnsafeBytes(body)
  }
}
