// A folder of its own for each test, removed with all that is in it when the test is over.

import Glibc
import Platform

/// A temporary folder that sources are made in and restores go to.
final class Folder: Sendable {
  let path: FilePath

  init() throws {
    var template = Array("/tmp/igudar-backup-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
    path = FilePath(template.dropLast().map { UInt8(bitPattern: $0) })
    _ = unsafe path.withCString { unsafe chmod($0, 0o755) }
  }

  deinit { Folder.remove(path) }

  func make(_ folder: String) {
    _ = unsafe path.appending(folder).withCString { unsafe mkdir($0, 0o755) }
  }

  /// Writes a file that was changed last a long time ago.
  func write(_ bytes: [UInt8], to name: String) throws {
    let file = try Descriptor.open(
      path.appending(name), O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
    try unsafe bytes.withUnsafeBytes { try unsafe file.write($0) }
    let time = Timestamp(seconds: 1_000_000_000, nanoseconds: 0)
    try MetadataPlace.descriptor(file.raw).setTimes(access: time, modification: time)
  }

  /// The bytes of a file; nil if there is none.
  func read(_ name: String) throws -> [UInt8]? {
    guard let file = try? Descriptor.open(path.appending(name), O_RDONLY) else { return nil }
    let size = try Int(FileStatus.of(file.raw).size)
    let buffer = OwnedBuffer(capacity: size)
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: size)
    let count = try unsafe file.read(at: 0, into: bytes)
    return unsafe Array(bytes.prefix(count))
  }

  func setMode(_ mode: UInt32, of name: String) {
    _ = unsafe path.appending(name).withCString { unsafe chmod($0, mode) }
  }

  private static func remove(_ path: FilePath) {
    if let folder = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW),
      let names = try? DirectoryListing(of: folder)
    {
      for index in 0..<names.count { remove(path.appending(names.name(index))) }
    }
    _ = unsafe path.withCString { unsafe Glibc.remove($0) }
  }
}
