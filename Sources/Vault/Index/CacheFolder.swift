// Folders of local state: made with mode 0700, used only when they are ours alone. What stands in
// another user's folder is his to forge, and a forged index row makes a backup leave out a chunk.

internal import Glibc
internal import Platform

/// A folder for local state.
enum CacheFolder {
  /// Makes the folder and those above it that are missing; throws when it cannot be ours.
  static func make(_ path: FilePath) throws(LMDBError) {
    var end = path.bytes.startIndex
    repeat {
      end = path.bytes[end...].dropFirst().firstIndex(of: UInt8(ascii: "/")) ?? path.bytes.endIndex
      let code = unsafe FilePath(Array(path.bytes[..<end])).withTerminatedBytes {
        unsafe mkdir($0, 0o700)
      }
      // What exists is judged below; EEXIST hides behind EROFS and EACCES here and there.
      if code != 0, ![EEXIST, EROFS, EACCES, EPERM].contains(errno) {
        throw .system("making \(printable(path.bytes[..<end]))")
      }
    } while end < path.bytes.endIndex
    try check(path)
  }

  private static func check(_ path: FilePath) throws(LMDBError) {
    var status = stat()
    guard unsafe path.withTerminatedBytes({ unsafe stat($0, &status) }) == 0 else {
      throw .system("looking at \(printable(path.bytes))")
    }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw LMDBError(code: ENOTDIR, printable(path.bytes))
    }
    guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else {
      throw LMDBError(code: EPERM, "the folder belongs to others or they can write to it")
    }
  }
}
