// One file while its content arrives. It has a temporary name until all of it is there; then it
// gets its metadata and its own name. Several workers may write parts of it at once.

import Platform
import Vault

/// A file that is being written.
final class FileRestore: @unchecked Sendable {
  let entry: Entry
  let directory: OpenDirectory
  let size: UInt64
  private let lock = Lock()
  // Guarded by the lock; the descriptor does not change between opening and finishing.
  private var open: OpenFile?
  private var remaining = 1
  private var failure: (message: String, trouble: RestoreTrouble)?
  private var isGivenUp = false

  init(_ entry: Entry, in directory: OpenDirectory) {
    self.entry = entry
    self.directory = directory
    size = entry.file?.size ?? 0
  }

  var path: FilePath { directory.path.appending(entry.name) }

  /// Counts a part that is going to be written.
  func addPart() { lock.withLock { remaining += 1 } }

  /// Notes that the file cannot be completed.
  func fail(_ message: String, _ trouble: RestoreTrouble) {
    lock.withLock { if failure == nil { failure = (message, trouble) } }
  }

  /// Notes that its content cannot be had: for damage this file fails, for everything else all.
  func fail(_ error: VaultError, _ context: RestoreContext) {
    guard error.isLoss else {
      context.stop(for: error)
      return giveUp()
    }
    fail("its content cannot be read: \(RepositoryError(error))", .damaged)
  }

  /// Leaves the file out without a word, as the restore ends before it is complete.
  func giveUp() { lock.withLock { isGivenUp = true } }

  var hasFailed: Bool { lock.withLock { failure != nil || isGivenUp } }

  /// Writes a piece of the file; the first makes the file under its temporary name.
  @unsafe
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
    let file = try opened()
    try unsafe file.descriptor.write(bytes, at: Int64(offset))
  }

  private func opened() throws(Errno) -> OpenFile {
    try lock.withLock { () throws(Errno) in
      if let open { return open }
      let file = try OpenFile(in: directory)
      open = file
      return file
    }
  }

  /// Ends a part; with the last one the file gets its metadata and its name.
  func endPart(_ context: RestoreContext, _ reader: ChunkReader) {
    let isLast = lock.withLock {
      remaining -= 1
      return remaining == 0
    }
    guard isLast else { return }
    do throws(Errno) { try finish(context, reader) } catch {
      open?.discard()
      context.lose(entry, path)
      context.fail(path, "restore", error)
    }
    open = nil
  }

  private func finish(_ context: RestoreContext, _ reader: ChunkReader) throws(Errno) {
    if hasFailed {
      open?.discard()
      context.lose(entry, path)
      if let failure { context.fail(path, failure.message, failure.trouble) }
      return
    }
    let file = try opened()
    // Holes at the end were not written.
    try file.descriptor.truncate(to: Int64(size))
    context.apply(
      entry, to: .descriptor(file.descriptor.raw), path: path, reader: reader)
    try file.settle(as: entry.name)
    context.finish(path, size: size)
  }
}

/// A file under its temporary name.
private final class OpenFile: Sendable {
  let descriptor: Descriptor
  private let name: FileName
  private let directory: OpenDirectory

  init(in directory: OpenDirectory) throws(Errno) {
    self.directory = directory
    name = temporaryFileName()
    do throws(SystemError) {
      descriptor = try Descriptor.createTemporary(name, at: directory.descriptor.raw)
    } catch { throw error.errno }
  }

  func settle(as final: FileName) throws(Errno) {
    try DirectoryChange.rename(name, to: final, in: directory.descriptor.raw)
  }

  func discard() { try? DirectoryChange.remove(name, in: directory.descriptor.raw) }
}
