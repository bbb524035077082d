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
      let made = unsafe FilePath(Array(path.bytes[..<end])).withTerminatedBytes { folder in
        guard unsafe mkdir(folder, 0o700) != 0 else { return true }
        // What exists is judged below; EEXIST hides behind EROFS and EACCES here and there.
        let refusal = errno
        defer { errno = refusal }
        return unsafe access(folder, F_OK) == 0
      }
      guard made else { throw .system("making \(printable(path.bytes[..<end]))") }
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

  /// Makes the names of the folder's files, its own and its parent's survive a crash.
  static func sync(_ path: FilePath) throws(LMDBError) {
    var rest = path.bytes[...]
    for _ in 0..<3 {
      try syncOne(FilePath(Array(rest)))
      guard let slash = rest.lastIndex(of: UInt8(ascii: "/")), slash > rest.startIndex else {
        return
      }
      rest = rest[..<slash]
    }
  }

  private static func syncOne(_ folder: FilePath) throws(LMDBError) {
    let descriptor = unsafe folder.withTerminatedBytes {
      unsafe open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    // A folder above ours that is closed to us was there before us.
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // Some file systems cannot sync folders and say so.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw .system("syncing \(printable(folder.bytes))")
    }
  }
}
