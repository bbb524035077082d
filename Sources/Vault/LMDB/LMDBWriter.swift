// A write transaction. There is one at a time over all processes; it is committed or, when it goes
// out of scope before, undone.

internal import CLMDB
internal import Glibc

/// An open write transaction.
@safe
struct LMDBWriter: ~Copyable {
  private let transaction: OpaquePointer

  init(beginning environment: OpaquePointer) throws(LMDBError) {
    var begun: OpaquePointer?
    try unsafe LMDBError.check(mdb_txn_begin(environment, nil, 0, &begun), "mdb_txn_begin")
    guard let transaction = unsafe begun else { throw LMDBError(code: ENOMEM, "mdb_txn_begin") }
    unsafe self.transaction = transaction
  }

  deinit {
    unsafe mdb_txn_abort(transaction)
  }

  consuming func commit() throws(LMDBError) {
    let transaction = unsafe transaction
    discard self
    try unsafe LMDBError.check(mdb_txn_commit(transaction), "mdb_txn_commit")
  }

  /// What the transaction sees, its own changes included; valid while it is open.
  var snapshot: LMDBSnapshot { unsafe LMDBSnapshot(transaction) }

  func database(_ name: StaticString) throws(LMDBError) -> LMDBDatabase {
    var handle: UInt32 = 0
    let code = unsafe name.utf8Start.withMemoryRebound(to: CChar.self, capacity: 1) {
      unsafe mdb_dbi_open(transaction, $0, UInt32(MDB_CREATE), &handle)
    }
    try LMDBError.check(code, "mdb_dbi_open")
    return LMDBDatabase(handle: handle)
  }

  func put(
    _ database: LMDBDatabase, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) throws(LMDBError) {
    var keyValue = unsafe MDB_val(key)
    var dataValue = unsafe MDB_val(value)
    try unsafe LMDBError.check(
      mdb_put(transaction, database.handle, &keyValue, &dataValue, 0), "mdb_put")
  }

  func put(_ database: LMDBDatabase, _ key: [UInt8], _ value: [UInt8]) throws(LMDBError) {
    try unsafe key.withRawBytes { (key) throws(LMDBError) in
      try unsafe value.withRawBytes { (value) throws(LMDBError) in
        try unsafe put(database, key, value)
      }
    }
  }

  /// Whether there was something to delete.
  @discardableResult
  func delete(_ database: LMDBDatabase, _ key: [UInt8]) throws(LMDBError) -> Bool {
    try unsafe key.withRawBytes { (key) throws(LMDBError) in
      var keyValue = unsafe MDB_val(key)
      let code = unsafe mdb_del(transaction, database.handle, &keyValue, nil)
      if code == MDB_NOTFOUND { return false }
      try LMDBError.check(code, "mdb_del")
      return true
    }
  }

  /// Empties a database.
  func clear(_ database: LMDBDatabase) throws(LMDBError) {
    try unsafe LMDBError.check(mdb_drop(transaction, database.handle, 0), "mdb_drop")
  }

  func cursor(_ database: LMDBDatabase) throws(LMDBError) -> LMDBCursor {
    try unsafe LMDBCursor(transaction, database)
  }
}
