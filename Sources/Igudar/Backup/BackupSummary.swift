// What a backup did, and the counters that are read while it runs.

public import Platform
import Synchronization
public import Vault

/// What a backup did.
public struct BackupSummary: Sendable {
  /// Files, directories, chunks and bytes.
  public var counts = SnapshotCounts()
  /// Sources that could not be read as they should.
  public var errorCount = 0
  /// Those of them that the snapshot has all the same.
  public var keptCount = 0
  /// The snapshot; nil when none was made.
  public var snapshot: SnapshotID?
  /// The snapshot that this one was compared with.
  public var parent: SnapshotID?
  /// When the run began.
  public var start = Timestamp(seconds: 0, nanoseconds: 0)
  /// When the last source was read, as the snapshot records it.
  public var end = Timestamp(seconds: 0, nanoseconds: 0)
  /// When all of it was stored.
  public var stored = Timestamp(seconds: 0, nanoseconds: 0)
  /// Whether the run was interrupted; the snapshot is partial then.
  public var isPartial = false
  /// Whether no snapshot was made because nothing changed.
  public var isSkipped = false
}

/// Counters of a running backup that any thread may read.
public final class BackupProgress: Sendable {
  let files = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  let totalFiles = Atomic<UInt64>(0)
  let totalBytes = Atomic<UInt64>(0)
  let errors = Atomic<UInt64>(0)
  let keptErrors = Atomic<UInt64>(0)
  let scanned = Atomic<Bool>(false)
  private let current = Mutex<FilePath?>(nil)

  /// Counters at zero.
  public init() {}

  /// Files done.
  public var fileCount: UInt64 { files.load(ordering: .relaxed) }
  /// Bytes done.
  public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
  /// Files found by the scan so far.
  public var totalFileCount: UInt64 { totalFiles.load(ordering: .relaxed) }
  /// Bytes found by the scan so far.
  public var totalByteCount: UInt64 { totalBytes.load(ordering: .relaxed) }
  /// Sources that could not be read as they should.
  public var errorCount: UInt64 { errors.load(ordering: .relaxed) }
  /// Those of them that the snapshot has all the same.
  public var keptCount: UInt64 { keptErrors.load(ordering: .relaxed) }
  /// Whether the scan is complete, so that the totals are final.
  public var isScanned: Bool { scanned.load(ordering: .relaxed) }
  /// A file that is being read now.
  public var currentFile: FilePath? { current.withLock { $0 } }

  func setCurrent(_ path: FilePath) { current.withLock { $0 = path } }
}
