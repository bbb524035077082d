// What all parts of one backup share: options, counters, where errors go, pooled buffers.

import Platform
import Synchronization
import Vault

/// The shared part of a running backup.
final class BackupContext: Sendable {
  let vault: Vault
  let options: BackupOptions
  let progress: BackupProgress
  let start: Timestamp
  private let accounts = Accounts()
  private let report: @Sendable (BackupEvent) -> Void
  private let counts = Mutex(SnapshotCounts())
  private let buffers: Channel<Buffer>
  private let interrupted = Atomic<Bool>(false)

  /// Stretches of large files that may be under way at once.
  static let stretchCount = 6
  /// Bytes that are read for a stretch.
  static let stretchSize = 2 << 20
  /// Room for what is carried over from the stretch before, which is less than a chunk at its largest.
  var roomBeforeStretch: Int { vault.chunker.parameters.maximum }

  /// `start` is when the first source was looked at.
  init(
    vault: Vault, options: BackupOptions, progress: BackupProgress, start: Timestamp = .now(),
    report: @escaping @Sendable (BackupEvent) -> Void
  ) {
    self.vault = vault
    self.options = options
    self.progress = progress
    self.start = start
    self.report = report
    buffers = Channel(capacity: Self.stretchCount)
    let capacity = Self.stretchSize + vault.chunker.parameters.maximum
    for _ in 0..<Self.stretchCount { _ = buffers.send(Buffer(capacity: capacity)) }
  }

  /// Whether the program was asked to stop.
  var isInterrupted: Bool { Interrupt.requested != 0 }

  /// A buffer for a stretch of a large file; waits until one is free.
  func takeBuffer() -> Buffer {
    guard let buffer = buffers.receive() else { preconditionFailure("the pool is never closed") }
    return buffer
  }

  /// Gives a buffer back.
  func release(_ buffer: Buffer) { _ = buffers.send(buffer) }

  /// Tells of something that could not be read as it should, and counts it; with `isKept` the
  /// snapshot has it all the same.
  func fail(
    _ during: SourceError.During, _ path: FilePath, _ message: String, isKept: Bool = false
  ) {
    progress.errors.add(1, ordering: .relaxed)
    if isKept { progress.keptErrors.add(1, ordering: .relaxed) }
    report(
      .failed(SourceError(during: during, path: path, message: message, isKept: isKept)))
  }

  /// Tells of extended attributes that could not be read, if there are such.
  func tell(_ attributes: SourceAttributes, of path: @autoclosure () -> FilePath) {
    if let problem = attributes.problem { fail(.archive, path(), problem, isKept: true) }
  }

  /// Tells that an entry was left out.
  func exclude(_ path: @autoclosure () -> FilePath) {
    if options.tellsItems { report(.excluded(path())) }
  }

  /// Counts a file or directory that is done, and tells of it if that is wanted.
  func finish(
    _ path: @autoclosure () -> FilePath, isDirectory: Bool, _ action: BackupAction, size: UInt64
  ) {
    counts.withLock { $0.count(isDirectory: isDirectory, action, size: size) }
    if !isDirectory { progress.files.add(1, ordering: .relaxed) }
    if options.tellsItems { report(.done(path: path(), action, size: size)) }
  }

  /// Tells that the scan has counted everything.
  func endScan() {
    progress.scanned.store(true, ordering: .relaxed)
    guard options.tellsItems else { return }
    report(.scanned(fileCount: progress.totalFileCount, size: progress.totalByteCount))
  }

  /// Files and directories counted so far.
  var currentCounts: SnapshotCounts { counts.withLock { $0 } }

  /// What every entry says, from its status; flags and project as well if they could be had.
  func entry(
    _ name: FileName, _ status: FileStatus, kind: Entry.Kind, link: Entry.HardLink?,
    attributes: SourceAttributes, marks: InodeMarks? = nil
  ) -> Entry {
    var entry = entry(
      name, kind: kind, mode: status.mode, uid: status.uid, gid: status.gid, time: status.mtime)
    entry.ctime = status.ctime
    entry.atime = options.recordsAccessTime ? status.atime : nil
    entry.birthTime = status.birthTime
    entry.inode = status.inode
    entry.hardLink = link
    entry.attributes = attributes.list
    entry.flags = attributes.isWhole ? 0 : Entry.lacksAttributes
    if let marks {
      entry.inodeFlags = marks.flags
      entry.projectID = marks.projectID
    }
    return entry
  }

  /// An entry with what every one has, and the names of its owners.
  func entry(
    _ name: FileName, kind: Entry.Kind, mode: UInt16, uid: UInt32, gid: UInt32, time: Timestamp
  ) -> Entry {
    var entry = Entry(name: name, kind: kind, mode: mode, uid: uid, gid: gid, mtime: time)
    entry.user = accounts.user(uid)
    entry.group = accounts.group(gid)
    return entry
  }
}

/// Why a source could not be read, or that the repository failed meanwhile.
enum SourceProblem: Error {
  case system(String, Errno)
  case notRegular
  case longName(Int)
  case vault(VaultError)

  /// In words, for the message; the vault's errors end the backup and are not told so.
  var message: String {
    switch self {
    case .system(_, .notFound): "vanished before it could be read"
    case .system(let call, let errno): errno.reason(in: call)
    case .notRegular: "became something else than a regular file while it was read"
    case .longName(let count):
      "its name has \(count) bytes, of which \(FileName.limit) can be kept: rename it"
    case .vault: "the repository failed"
    }
  }
}

extension SnapshotCounts {
  mutating func count(isDirectory: Bool, _ action: BackupAction, size: UInt64) {
    switch (isDirectory, action) {
    case (true, .new): directoriesNew += 1
    case (true, .modified): directoriesChanged += 1
    case (true, .unchanged): directoriesUnmodified += 1
    case (false, .new): filesNew += 1
    case (false, .modified): filesChanged += 1
    case (false, .unchanged): filesUnmodified += 1
    }
    guard !isDirectory else { return }
    filesProcessed += 1
    // A few sparse files of the largest size are more than a number holds.
    bytesProcessed &+= size
  }
}
