// What LMDB answered, or what our own checks of its file found. Stays below the index, which turns
// it into a VaultError that names the place.

internal import CLMDB
internal import Glibc

/// A failed call of LMDB, or a file or value that is not what we wrote.
struct LMDBError: Error, CustomStringConvertible {
  let code: Int32
  let what: String

  init(code: Int32, _ what: String) {
    self.code = code
    self.what = what
  }

  /// A file or value that breaks a rule.
  static func corrupt(_ what: String) -> LMDBError { LMDBError(code: MDB_CORRUPTED, what) }

  /// The error of the system call that just failed.
  static func system(_ what: String) -> LMDBError { LMDBError(code: errno, what) }

  /// Whether the content is bad, so that making the environment anew is the cure.
  var isCorruption: Bool {
    switch code {
    case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_PANIC,
      MDB_INCOMPATIBLE, MDB_CURSOR_FULL, MDB_PAGE_FULL, MDB_BAD_VALSIZE:
      true
    default: false
    }
  }

  var description: String {
    let reason = unsafe mdb_strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    let hint =
      switch code {
      // A write that came to less than was asked for is this to LMDB.
      case EIO: ", or the disk is full"
      case ENOMEM: "; a map takes address space, a gibibyte for an index (ulimit -v)"
      default: ""
      }
    return "\(what): \(reason)\(hint)"
  }

  /// Throws unless the code is zero.
  @inline(__always)
  static func check(_ code: Int32, _ what: StaticString) throws(LMDBError) {
    if code != 0 { throw LMDBError(code: code, "\(what)") }
  }
}
