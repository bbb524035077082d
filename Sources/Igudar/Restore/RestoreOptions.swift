// What a restore is asked to do, what it tells, what it did.

public import Platform
import Synchronization

/// What a restore is asked to do.
public struct RestoreOptions: Sendable {
  /// Whether owners are set by number only, not by name first.
  public var usesNumbersOnly = false
  /// Whether extended attributes are left out.
  public var skipsAttributes = false
  /// Whether long runs of zeros in data become holes.
  public var makesSparse = false
  /// How many workers fetch, open and write; 0 for one per core.
  public var jobs = 0
  /// Whether every file and directory is told of, not only errors.
  public var tellsItems = false

  /// The defaults.
  public init() {}
}

/// What happens to one file, told while the restore runs.
public enum RestoreEvent: Sendable {
  /// Something could not be restored as it should.
  case failed(path: FilePath, message: String, RestoreTrouble)
  /// A file or directory is in place.
  case restored(path: FilePath, size: UInt64)
}

/// Why something could not be restored as it should.
public enum RestoreTrouble: Sendable {
  /// It takes more rights than the user has.
  case notPermitted
  /// The target cannot hold it, or fails.
  case failed
  /// The repository is damaged.
  case damaged
}

/// Counters of a running restore that any thread may read.
public final class RestoreProgress: Sendable {
  let files = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  let totalFiles = Atomic<UInt64>(0)
  let totalBytes = Atomic<UInt64>(0)
  let errors = Atomic<UInt64>(0)
  let refusals = Atomic<UInt64>(0)
  let damages = Atomic<UInt64>(0)

  /// Counters at zero.
  public init() {}

  func count(_ trouble: RestoreTrouble) {
    errors.add(1, ordering: .relaxed)
    switch trouble {
    case .notPermitted: refusals.add(1, ordering: .relaxed)
    case .failed: break
    case .damaged: damages.add(1, ordering: .relaxed)
    }
  }

  /// Files, directories and links in place.
  public var fileCount: UInt64 { files.load(ordering: .relaxed) }
  /// Bytes written.
  public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
  /// Files, directories and links met so far.
  public var totalFileCount: UInt64 { totalFiles.load(ordering: .relaxed) }
  /// Bytes of the files met so far.
  public var totalByteCount: UInt64 { totalBytes.load(ordering: .relaxed) }
  /// What could not be restored as it should.
  public var errorCount: UInt64 { errors.load(ordering: .relaxed) }
  /// What of it takes more rights than the user has.
  public var refusalCount: UInt64 { refusals.load(ordering: .relaxed) }
  /// Files that are missing because the repository is damaged.
  public var damageCount: UInt64 { damages.load(ordering: .relaxed) }
}
