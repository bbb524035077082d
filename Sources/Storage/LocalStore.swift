// A folder as a store, by the order rules 2 and 3 of FORMAT.md: an object is written whole under a
// temporary name, synced, and only then given its own name, which must be free.
//
// Invariant: a name never holds half an object. A failed sync means the object was not written.

import Glibc
public import Platform
import Synchronization

/// A repository in a local folder.
public final class LocalStore: ObjectStore, Sendable {
  /// The folder.
  public let path: FilePath
  /// The folders of a repository, in the folder that it is in.
  package static let folders = ["index", "journal", "keyring", "packs", "slots", "tmp"]

  let root: Descriptor
  private let calls: SyncCalls
  private let paces: TransferPaces
  private let unsynced = UnsyncedFolders()
  // Folders that are there and whose own names are synced or due.
  private let folders = Mutex<Set<String>>([])
  private let isClean = Atomic<Bool>(false)

  /// How data and folders are synced; tests put failing ones in their place.
  struct SyncCalls: Sendable {
    var data: @Sendable (Int32) -> Int32 = { fdatasync($0) }
    var folder: @Sendable (Int32) -> Int32 = { fsync($0) }
  }

  /// Opens the folder of an existing repository; no more is transferred than the limits permit.
  ///
  /// - Throws: `absent` when there is no such folder.
  public convenience init(
    opening path: FilePath, limits: TransferLimits = TransferLimits()
  ) throws(StoreError) {
    try self.init(opening: path, calls: SyncCalls(), paces: TransferPaces(limits))
  }

  init(
    opening path: FilePath, calls: SyncCalls = SyncCalls(),
    paces: TransferPaces = TransferPaces(TransferLimits())
  ) throws(StoreError) {
    self.path = path
    self.calls = calls
    self.paces = paces
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
  public convenience init(
    creating path: FilePath, limits: TransferLimits = TransferLimits()
  ) throws(StoreError) {
    try Self.makePath(path)
    try self.init(opening: path, limits: limits)
  }

  // Every folder made here is synced into its parent at once: no barrier knows of them.
  private static func makePath(_ path: FilePath) throws(StoreError) {
    var prefix = FilePath(path.isAbsolute ? "/" : ".")
    for name in path.components {
      let parent = prefix
      prefix = prefix.appending(name)
      guard unsafe prefix.withCString({ unsafe mkdir($0, 0o700) }) == 0 else {
        let errno = Errno.current
        // On the way there may be folders that we may not write, and read-only disks.
        if unsafe prefix.withCString({ unsafe access($0, F_OK) }) == 0 { continue }
        if errno == .notFound || errno == .notDirectory {
          throw .absent("\(prefix): \(errno.text)")
        }
        throw StoreError(errno, "mkdir", "\(prefix)")
      }
      // A parent that may not be read cannot be synced either.
      guard let folder = try? Descriptor.open(parent, O_RDONLY | O_DIRECTORY) else { continue }
      _ = fsync(folder.raw)
    }
  }

  /// Whether what is sent has to keep to a rate.
  package var limitsUpload: Bool { paces.upload != nil }

  /// The folder.
  public var location: String { "\(path)" }

  func subject(_ name: String) -> String { "\(path.appending(name))" }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    let name = name.description
    let folder = Self.folder(of: name)
    var attemptsLeft = 2
    while true {
      do throws(Attempt) {
        let isNew = try attempt(name, in: folder, bytes)
        // Also when another made it: it counts for us only once its name is synced.
        unsynced.note(folder)
        return isNew ? .created : .existed
      } catch {
        attemptsLeft -= 1
        switch error {
        case .final(let error): throw error
        case .repeatable(let error): if attemptsLeft == 0 { throw error }
        }
      }
    }
  }

  /// Why a write came to nothing.
  private enum Attempt: Error {
    case final(StoreError)
    /// A sync failed, or a folder or the temporary name vanished: a new file may do.
    case repeatable(StoreError)
  }

  // False when the name is taken.
  private func attempt(
    _ name: String, in folder: String, _ bytes: borrowing RawSpan
  ) throws(Attempt) -> Bool {
    try prepare(folder, for: name)
    guard !exists(name) else { return false }
    let file: TemporaryFile
    do throws(Errno) { file = try TemporaryFile(below: root.raw) } catch {
      throw problem(error, "open", name)
    }
    do throws(Errno) { try file.write(bytes, at: paces.upload) } catch {
      throw .final(StoreError(error, "write", subject(name)))
    }
    do throws(Errno) { try file.sync(calls.data) } catch {
      let error = StoreError(error, "fdatasync", subject(name))
      if case .full = error { throw .final(error) }
      throw .repeatable(error)
    }
    do throws(Errno) { return try file.take(name: name) } catch {
      throw problem(error, "link", name)
    }
  }

  private func problem(_ errno: Errno, _ call: String, _ name: String) -> Attempt {
    guard errno == .notFound else { return .final(StoreError(errno, call, subject(name))) }
    folders.withLock { $0 = [] }
    return .repeatable(.failed("\(subject(name)): \(errno.reason(in: call))"))
  }

  private func prepare(_ folder: String, for name: String) throws(Attempt) {
    do throws(StoreError) {
      try makeFolder(folder)
      try makeFolder(TemporaryFile.folder)
    } catch { throw .final(error) }
    if !isClean.exchange(true, ordering: .relaxed) {
      TemporaryFile.removeLeftovers(below: root.raw)
    }
  }

  private func exists(_ name: String) -> Bool {
    unsafe faccessat(root.raw, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0
  }

  private static func folder(of name: String) -> String {
    guard let slash = name.lastIndex(of: "/") else { return "." }
    return String(name[..<slash])
  }

  private func makeFolder(_ folder: String) throws(StoreError) {
    guard folder != ".", !folders.withLock({ $0.contains(folder) }) else { return }
    let parent = Self.folder(of: folder)
    try makeFolder(parent)
    if unsafe mkdirat(root.raw, folder, 0o700) != 0, Errno.current != .exists {
      throw StoreError(.current, "mkdir", subject(folder))
    }
    // Also when another made it: who knows whether that one lives to sync it.
    unsynced.note(parent)
    folders.withLock { _ = $0.insert(folder) }
  }

  /// Syncs every folder that got a name since the last barrier.
  ///
  /// - Throws: `failed` when a sync fails, and then at every later call as well: which names were
  ///   lost cannot be known.
  public func barrier() throws(StoreError) { try unsynced.syncAll(sync) }

  private func sync(_ folder: String) throws(StoreError) {
    do throws(SystemError) {
      let folder = try Descriptor.open(FilePath(folder), O_RDONLY | O_DIRECTORY, at: root.raw)
      guard retrying({ calls.folder(folder.raw) }) != 0 else { return }
    } catch { throw .failed("\(subject(folder)): \(error.errno.reason(in: "open"))") }
    // File systems without fsync of folders say so in these two ways; nothing better exists there.
    let errno = Errno.current
    if errno == .invalid || errno == .notSupported { return }
    throw .failed("\(subject(folder)): \(errno.reason(in: "fsync"))")
  }

  /// Reads a range of an object.
  public func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    let name = name.description
    // A pipe in the place of an object must not make us wait for a writer.
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC
    let raw = retrying { unsafe openat(root.raw, name, flags) }
    guard raw >= 0 else { throw readError(.current, "open", name) }
    let file = Descriptor(owning: raw)
    do throws(Errno) {
      var total = 0
      try paces.download.transfer(buffer.count) { (piece) throws(Errno) in
        let place = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[piece])
        let count = try unsafe file.read(at: Int64(offset + piece.lowerBound), into: place)
        total += count
        return count == piece.count
      }
      return total
    } catch { throw readError(error, "read", name) }
  }

  // What is wrong with one object is told from a store that is gone by a look at the object that every
  // repository has.
  private func readError(_ errno: Errno, _ call: String, _ name: String) -> StoreError {
    let ofOneObject: [Errno] = [
      .inputOutput, .remoteInputOutput, .noData, .badMessage, .needsCleaning, .illegalSequence,
      .isDirectory, .notDirectory, .illegalSeek, .loop, .noSuchDevice,
    ]
    let format = ObjectName.format.description
    guard ofOneObject.contains(errno), name != format, gives(format) else {
      return StoreError(errno, call, subject(name))
    }
    return .unreadable(subject(name), reason: errno.reason(in: call))
  }

  // Whether the disk itself, not the page cache, has bytes of an object.
  private func gives(_ name: String) -> Bool {
    let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    guard let file = try? Descriptor.open(FilePath(name), flags, at: root.raw) else { return false }
    file.dropFromMemory(0..<4096)
    let byte = OwnedBuffer(capacity: 1)
    let space = unsafe UnsafeMutableRawBufferPointer(start: byte.pointer, count: 1)
    return (try? unsafe file.read(at: 0, into: space)) == 1
  }

  /// The size of an object.
  public func size(of name: ObjectName) throws(StoreError) -> Int {
    let name = name.description
    let status: FileStatus
    do throws(Errno) {
      status = try unsafe FileStatus.of(name, at: root.raw, flags: AT_SYMLINK_NOFOLLOW)
    } catch { throw readError(error, "stat", name) }
    guard status.type == .regular else {
      throw .unreadable(subject(name), reason: "is no regular file")
    }
    return Int(clamping: status.size)
  }

  /// Lists objects in byte order of their names.
  public func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    try LocalListing(of: self, prefix: prefix, after: after).run(body)
  }

  /// Deletes an object, or what stands in its place if it is no folder with something in it.
  public func delete(_ name: ObjectName) throws(StoreError) {
    let name = name.description
    do throws(Errno) {
      try unlink(name)
      unsynced.note(Self.folder(of: name))
    } catch {
      switch error {
      case .notFound, .notDirectory: break
      case .notEmpty, .exists:
        throw .unreadable(
          subject(name), reason: "is a folder and not empty; move it away by hand")
      default: throw StoreError(error, "unlink", subject(name))
      }
    }
  }

  private func unlink(_ name: String) throws(Errno) {
    if unsafe unlinkat(root.raw, name, 0) == 0 { return }
    guard Errno.current == .isDirectory else { throw .current }
    guard unsafe unlinkat(root.raw, name, AT_REMOVEDIR) == 0 else { throw .current }
  }

  /// Removes temporary files that a process that is gone has left; the first write does so too.
  public func removeLeftovers() throws(StoreError) {
    TemporaryFile.removeLeftovers(below: root.raw)
  }
}
