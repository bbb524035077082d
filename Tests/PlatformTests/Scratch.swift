// A folder of its own for each test, removed with all that is in it when the test is over.

import Glibc
import Platform

/// A temporary folder.
final class Scratch: Sendable {
  let path: FilePath

  /// `fast` asks for one in memory, if there is such a place.
  init(fast: Bool = false) throws {
    let place = unsafe fast && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(place)/igudar-platform-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
    path = FilePath(template.dropLast().map { UInt8(bitPattern: $0) })
  }

  deinit { Scratch.remove(path) }

  func path(_ name: String) -> FilePath { path.appending(name) }

  /// The names in a folder below.
  func names(in folder: String) throws -> [String] {
    let names = try DirectoryListing(of: Descriptor.open(path(folder), O_RDONLY | O_DIRECTORY))
    return (0..<names.count).map { names.name($0).description }
  }

  func write(_ bytes: [UInt8], to name: String) throws {
    let file = try Descriptor.open(path(name), O_WRONLY | O_CREAT | O_TRUNC)
    try unsafe bytes.withUnsafeBytes { try unsafe file.write($0) }
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

/// A number that threads raise.
final class Counter: @unchecked Sendable {
  private let lock = Lock()
  private var number = 0

  var value: Int { lock.withLock { number } }
  func add(_ more: Int = 1) { lock.withLock { number += more } }
}
