// A file under tmp/ that is going to be an object. Its process holds a lock on it while it is
// written, so that whoever finds one that can be locked knows that nobody is behind it any more:
// a lock ends with its process, on this machine or another, and no process number can lie.
//
// Invariant: whatever happens to the write, the temporary name is gone afterwards.

import Glibc
import Platform

/// An object on its way into a local store.
struct TemporaryFile: ~Copyable {
  static let folder = "tmp"

  private let name: String
  private let file: Descriptor
  private let root: Int32

  /// Makes an empty file of a random name below an open folder, which must stay open.
  init(below root: Int32) throws(Errno) {
    let name = "\(Self.folder)/\(Self.randomName())"
    let raw = retrying { unsafe openat(root, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
    guard raw >= 0 else { throw .current }
    file = Descriptor(owning: raw)
    self.root = root
    self.name = name
    // Where locks are not to be had, leftovers are never removed, and all else works. Whoever
    // cleans up just now and has the lock takes the name away; `take(name:)` notices that.
    _ = retrying { flock(raw, LOCK_EX | LOCK_NB) }
  }

  deinit { _ = unsafe unlinkat(root, name, 0) }

  private static func randomName() -> String {
    var random = SystemRandomNumberGenerator()
    let digits = String(random.next(), radix: 16)
    return "\(getpid())-\(String(repeating: "0", count: 16 - digits.count))\(digits)"
  }

  /// Writes all bytes, not faster than the pace.
  borrowing func write(_ bytes: borrowing RawSpan, at pace: Pace?) throws(Errno) {
    try unsafe bytes.withUnsafeBytes { (bytes) throws(Errno) in
      try pace.transfer(bytes.count) { (piece) throws(Errno) in
        try unsafe file.write(UnsafeRawBufferPointer(rebasing: bytes[piece]))
        return true
      }
    }
  }

  /// Waits until the bytes are on stable storage.
  borrowing func sync(_ call: (Int32) -> Int32) throws(Errno) {
    if retrying({ call(file.raw) }) != 0 { throw .current }
  }

  /// Gives the file a name below the root if that is free; false when it is taken.
  ///
  /// - Throws: `Errno.notFound` when the folder or the temporary name is gone.
  borrowing func take(name object: String) throws(Errno) -> Bool {
    if renameWithoutReplacing(name, object, in: root) == 0 { return true }
    switch Errno.current {
    case .exists: return false
    // File systems without such a rename say so in these ways.
    case .invalid, .noSystemCall, .notSupported: return try link(name: object)
    default: throw .current
    }
  }

  private borrowing func link(name object: String) throws(Errno) -> Bool {
    if unsafe linkat(root, name, root, object, 0) == 0 { return true }
    let error = Errno.current
    // Over a network the answer may be lost and the call made twice: a second link is ours.
    if try FileStatus.of(file.raw).links > 1 { return true }
    if error == .exists { return false }
    throw error
  }

  /// Removes the files whose processes are gone; what cannot be removed stays.
  static func removeLeftovers(below root: Int32) {
    let path = FilePath(Self.folder)
    guard let folder = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY, at: root),
      let names = try? DirectoryListing(of: folder)
    else { return }
    for index in 0..<names.count {
      let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
      let raw = unsafe openat(folder.raw, names.cName(index), flags)
      guard raw >= 0 else { continue }
      let file = Descriptor(owning: raw)
      if flock(file.raw, LOCK_EX | LOCK_NB) == 0 {
        _ = unsafe unlinkat(folder.raw, names.cName(index), 0)
      }
    }
  }
}
