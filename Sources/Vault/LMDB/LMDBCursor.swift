// A position in a database. It must go before its transaction ends; scopes see to that.

internal import CLMDB
internal import Glibc

/// A cursor over one database.
@safe
struct LMDBCursor: ~Copyable {
  private let raw: OpaquePointer

  /// Key and value at a position, valid until the transaction ends or changes something.
  @unsafe
  struct Item {
    let key: UnsafeRawBufferPointer
    let value: UnsafeRawBufferPointer
  }

  /// How a put treats a key that is there.
  enum Insertion {
    /// Leaves it alone and says so.
    case ifAbsent
    /// As `ifAbsent`, for a key behind all others: fills pages to the brim.
    case atEnd
    case replacing
  }

  init(_ transaction: OpaquePointer, _ database: LMDBDatabase) throws(LMDBError) {
    var opened: OpaquePointer?
    try unsafe LMDBError.check(
      mdb_cursor_open(transaction, database.handle, &opened), "mdb_cursor_open")
    guard let cursor = unsafe opened else { throw LMDBError(code: ENOMEM, "mdb_cursor_open") }
    unsafe raw = cursor
  }

  deinit {
    unsafe mdb_cursor_close(raw)
  }

  /// The item with the first key.
  func first() throws(LMDBError) -> Item? { unsafe try move(MDB_FIRST, MDB_val()) }

  /// The item behind the current one.
  func next() throws(LMDBError) -> Item? { unsafe try move(MDB_NEXT, MDB_val()) }

  /// The item with the last key.
  func last() throws(LMDBError) -> Item? { unsafe try move(MDB_LAST, MDB_val()) }

  /// The first item whose key is at least this one.
  func seek(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> Item? {
    unsafe try move(MDB_SET_RANGE, MDB_val(key))
  }

  /// The item with exactly this key.
  func find(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> Item? {
    unsafe try move(MDB_SET_KEY, MDB_val(key))
  }

  private func move(_ operation: MDB_cursor_op, _ target: MDB_val) throws(LMDBError) -> Item? {
    var key = unsafe target
    var value = unsafe MDB_val()
    let code = unsafe mdb_cursor_get(raw, &key, &value, operation)
    if code == MDB_NOTFOUND { return nil }
    try LMDBError.check(code, "mdb_cursor_get")
    return unsafe Item(key: UnsafeRawBufferPointer(key), value: UnsafeRawBufferPointer(value))
  }

  /// Puts an item; false when the key is there already (or, `atEnd`, is not behind all others).
  func put(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ insertion: Insertion
  ) throws(LMDBError) -> Bool {
    let flags: Int32 =
      switch insertion {
      case .ifAbsent: MDB_NOOVERWRITE
      case .atEnd: MDB_APPEND
      case .replacing: 0
      }
    var keyValue = unsafe MDB_val(key)
    var dataValue = unsafe MDB_val(value)
    let code = unsafe mdb_cursor_put(raw, &keyValue, &dataValue, UInt32(flags))
    if code == MDB_KEYEXIST { return false }
    try LMDBError.check(code, "mdb_cursor_put")
    return true
  }

  /// Deletes the current item; the cursor then stands at the one behind it.
  func delete() throws(LMDBError) {
    try unsafe LMDBError.check(mdb_cursor_del(raw, 0), "mdb_cursor_del")
  }
}
