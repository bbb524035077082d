// A folder as a store, by the order rules 2 and 3 of FORMAT.md: an object is written whole under a
// temporary name, synced, and then linked to its own name, which must be free.
//
// Invariant: a name never holds half an object. A failed sync means the object was not written.

import Glibc
public import Platform
import Synchronization

/// A repository in a local folder.
public final class LocalStore: ObjectStore, Sendable {
  /// The folder.
  public let path: FilePath
  private let root: Descriptor
  private let unsynced = Mutex<Set<String>>([])
  private let folders = Mutex<Set<String>>([])
  private let counter = Atomic<UInt64>(0)

  /// Opens the folder of an existing repository.
  ///
  /// - Throws: `absent` when there is no such folder.
  public init(opening path: FilePath) throws(StoreError) {
    self.path = path
    do throws(SystemError) {
      root = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
    } catch {
      switch error.errno {
      case .notFound, .notDirectory: throw .absent("\(path): \(error.errno.text)")
      default: throw StoreError(error.errno, "open", "\(path)")
      }
    }
  }

  /// Opens a folder for a new repository, and makes it with its parents if need be.
  public convenience init(creating path: FilePath) throws(StoreError) {
    var prefix = FilePath(path.isAbsolute ? "/" : ".")
    for name in path.components {
      prefix = prefix.appending(name)
      let status = unsafe prefix.withCString { unsafe mkdir($0, 0o700) }
      if status != 0 && errno != EEXIST && errno != EISDIR && errno != EROFS {
        throw StoreError(.current, "mkdir", "\(prefix)")
      }
    }
    try self.init(opening: path)
  }

  /// The folder.
  public var location: String { "\(path)" }

  private func subject(_ name: ObjectName) -> String { "\(path.appending(name.description))" }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    let folder = Self.folder(of: name.description)
    try makeFolder(folder)
    try makeFolder("tmp")
    var attempt = 0
    while true {
      let temporary = temporaryName()
      do throws(StoreError) {
        try write(bytes, to: temporary, for: name)
      } catch {
        unlink(temporary)
        // A failed sync is never repeated on the same file (order rule 3).
        attempt += 1
        if case .unavailable = error, attempt < 2 { continue }
        throw error
      }
      defer { unlink(temporary) }
      guard try link(temporary, to: name) else { return .existed }
      unsynced.withLock { _ = $0.insert(folder) }
      return .created
    }
  }

  private static func folder(of name: String) -> String {
    guard let slash = name.lastIndex(of: "/") else { return "." }
    return String(name[..<slash])
  }

  private func temporaryName() -> String {
    var random: UInt64 = 0
    unsafe withUnsafeMutableBytes(of: &random) { _ = unsafe getentropy($0.baseAddress, 8) }
    let serial = counter.add(1, ordering: .relaxed).newValue
    return "tmp/\(String(random, radix: 16))-\(getpid())-\(serial)"
  }

  private func write(
    _ bytes: borrowing RawSpan, to temporary: String, for name: ObjectName
  ) throws(StoreError) {
    let file = try open(temporary, O_WRONLY | O_CREAT | O_EXCL, for: name)
    do throws(Errno) {
      try unsafe bytes.withUnsafeBytes { (bytes) throws(Errno) in try unsafe file.write(bytes) }
    } catch { throw StoreError(error, "write", subject(name)) }
    do throws(Errno) { try file.syncData() } catch {
      if error == .noSpace || error == .quotaExceeded {
        throw StoreError(error, "fdatasync", subject(name))
      }
      throw .unavailable("\(subject(name)): \(error.text) (fdatasync)")
    }
  }

  private func open(
    _ path: String, _ flags: Int32, for name: ObjectName
  ) throws(StoreError) -> Descriptor {
    do throws(SystemError) {
      return try Descriptor.open(FilePath(path), flags, mode: 0o600, at: root.raw)
    } catch { throw StoreError(error.errno, "open", subject(name)) }
  }

  // False when the name is taken.
  private func link(_ temporary: String, to name: ObjectName) throws(StoreError) -> Bool {
    let status = unsafe linkat(root.raw, temporary, root.raw, name.description, 0)
    if status == 0 { return true }
    switch Errno.current {
    case .exists: return false
    case .notPermitted, .notSupported, .noSystemCall:
      // A file system without hard links.
      let renamed = renameWithoutReplacing(temporary, name.description, in: root.raw)
      if renamed == 0 { return true }
      if Errno.current == .exists { return false }
    default: break
    }
    throw StoreError(.current, "link", subject(name))
  }

  private func unlink(_ name: String) { _ = unsafe unlinkat(root.raw, name, 0) }

  private func makeFolder(_ folder: String) throws(StoreError) {
    guard folder != ".", !folders.withLock({ $0.contains(folder) }) else { return }
    let parent = Self.folder(of: folder)
    try makeFolder(parent)
    if unsafe mkdirat(root.raw, folder, 0o700) == 0 {
      unsynced.withLock { _ = $0.insert(parent) }
    } else if Errno.current != .exists {
      throw StoreError(.current, "mkdir", "\(path.appending(folder))")
    }
    folders.withLock { _ = $0.insert(folder) }
  }

  /// Syncs every folder that got a name since the last barrier.
  public func barrier() throws(StoreError) {
    let due = unsynced.withLock { folders in
      defer { folders = [] }
      return folders
    }
    var failed: [String] = []
    var failure: StoreError?
    for folder in due.sorted() {
      do throws(StoreError) { try sync(folder) } catch {
        failed.append(folder)
        failure = error
      }
    }
    if let failure {
      unsynced.withLock { $0.formUnion(failed) }
      throw failure
    }
  }

  private func sync(_ folder: String) throws(StoreError) {
    do {
      let folder = try Descriptor.open(FilePath(folder), O_RDONLY | O_DIRECTORY, at: root.raw)
      try folder.sync()
    } catch {
      let errno = (error as? SystemError)?.errno ?? (error as? Errno) ?? .invalid
      // File systems without fsync of folders say so in these two ways; nothing better exists there.
      if errno == .invalid || errno == .notSupported { return }
      throw StoreError(errno, "fsync", "\(path.appending(folder))")
    }
  }

  /// Reads a range of an object.
  public func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    let file = try open(name.description, O_RDONLY, for: name)
    do throws(Errno) { return try unsafe file.read(at: Int64(offset), into: buffer) } catch {
      throw StoreError(error, "read", subject(name))
    }
  }

  /// The size of an object.
  public func size(of name: ObjectName) throws(StoreError) -> Int {
    var status = stat()
    guard unsafe fstatat(root.raw, name.description, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      throw StoreError(.current, "stat", subject(name))
    }
    return Int(status.st_size)
  }

  /// Lists objects in byte order of their names.
  public func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    _ = try list(folder: Self.folder(of: prefix), prefix, after, body)
  }

  private func list(
    folder: String, _ prefix: String, _ after: String?,
    _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) -> Bool {
    for entry in try entries(of: folder).sorted(by: {
      $0.utf8.lexicographicallyPrecedes($1.utf8)
    }) {
      let path = folder == "." ? entry : "\(folder)/\(entry)"
      guard path.hasPrefix(prefix) || prefix.hasPrefix(path + "/") else { continue }
      if let name = ObjectName(path) {
        if let after, !after.utf8.lexicographicallyPrecedes(path.utf8) { continue }
        let size: Int
        do throws(StoreError) { size = try self.size(of: name) } catch {
          if case .notFound = error { continue }
          throw error
        }
        guard try body(name, size) else { return false }
      } else if folder == "." || folder == "packs" {
        // Names ascend, so a folder that ends before `after` has nothing more to give.
        if let after, "\(path)/\u{7f}".utf8.lexicographicallyPrecedes(after.utf8) { continue }
        guard path != "tmp", isFolder(path) else { continue }
        guard try list(folder: path, prefix, after, body) else { return false }
      }
    }
    return true
  }

  private func isFolder(_ path: String) -> Bool {
    var status = stat()
    guard unsafe fstatat(root.raw, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  private func entries(of folder: String) throws(StoreError) -> [String] {
    let descriptor = unsafe openat(root.raw, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if Errno.current == .notFound { return [] }
      throw StoreError(.current, "open", "\(path.appending(folder))")
    }
    guard let stream = unsafe fdopendir(descriptor) else {
      close(descriptor)
      throw StoreError(.current, "readdir", "\(path.appending(folder))")
    }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      guard let offset = MemoryLayout<dirent>.offset(of: \.d_name) else { break }
      let name = unsafe UnsafeRawPointer(entry) + offset
      // Objects have ASCII names; others are nobody's and decode to something that is no name.
      let text = unsafe String(cString: name.assumingMemoryBound(to: CChar.self))
      if text != "." && text != ".." { names.append(text) }
    }
    // A listing that broke off is never taken for the end of the list.
    guard errno == 0 else {
      throw StoreError(.current, "readdir", "\(path.appending(folder))")
    }
    return names
  }

  /// Deletes an object.
  public func delete(_ name: ObjectName) throws(StoreError) {
    guard unsafe unlinkat(root.raw, name.description, 0) == 0 || Errno.current == .notFound else {
      throw StoreError(.current, "unlink", subject(name))
    }
    unsynced.withLock { _ = $0.insert(Self.folder(of: name.description)) }
  }

  /// Removes temporary files that a process that is gone has left.
  public func removeLeftovers() throws(StoreError) {
    for name in try entries(of: "tmp") {
      let parts = name.split(separator: "-")
      guard parts.count == 3, let process = Int32(parts[1]) else { continue }
      if kill(process, 0) != 0, Errno.current == Errno(ESRCH) { unlink("tmp/\(name)") }
    }
  }
}
