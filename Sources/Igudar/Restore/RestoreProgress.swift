// What a restore did so far, for whoever watches it and for its summary.

import Synchronization

/// Counters of a running restore that any thread may read.
public final class RestoreProgress: Sendable {
  let bytes = Atomic<UInt64>(0)
  let bytesSkipped = Atomic<UInt64>(0)
  let totalFiles = Atomic<UInt64>(0)
  let totalBytes = Atomic<UInt64>(0)
  private let files = Atomic<UInt64>(0)
  private let filesSkipped = Atomic<UInt64>(0)
  private let filesDeleted = Atomic<UInt64>(0)
  private let errors = Atomic<UInt64>(0)
  private let refusals = Atomic<UInt64>(0)
  private let keeps = Atomic<UInt64>(0)
  private let damages = Atomic<UInt64>(0)

  /// Counters at zero.
  public init() {}

  func count(_ action: RestoreAction) {
    switch action {
    case .create, .replace, .patch, .update: files.add(1, ordering: .relaxed)
    case .leave: filesSkipped.add(1, ordering: .relaxed)
    case .delete: filesDeleted.add(1, ordering: .relaxed)
    }
  }

  func count(_ trouble: RestoreTrouble) {
    errors.add(1, ordering: .relaxed)
    switch trouble {
    case .notPermitted: refusals.add(1, ordering: .relaxed)
    case .kept: keeps.add(1, ordering: .relaxed)
    case .failed: break
    case .damaged: damages.add(1, ordering: .relaxed)
    }
  }

  /// Files, directories and links that were made or changed.
  public var fileCount: UInt64 { files.load(ordering: .relaxed) }
  /// Those that were left as they are.
  public var skippedFileCount: UInt64 { filesSkipped.load(ordering: .relaxed) }
  /// Those that were deleted.
  public var deletedFileCount: UInt64 { filesDeleted.load(ordering: .relaxed) }
  /// Bytes fetched and written, holes included.
  public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
  /// Bytes of files that were there already.
  public var skippedByteCount: UInt64 { bytesSkipped.load(ordering: .relaxed) }
  /// Files, directories and links met so far.
  public var totalFileCount: UInt64 { totalFiles.load(ordering: .relaxed) }
  /// Bytes of the files met so far.
  public var totalByteCount: UInt64 { totalBytes.load(ordering: .relaxed) }
  /// What could not be restored as it should.
  public var errorCount: UInt64 { errors.load(ordering: .relaxed) }
  /// What of it takes more rights than the user has.
  public var refusalCount: UInt64 { refusals.load(ordering: .relaxed) }
  /// What of it was left as it is, as such things are never deleted, or never changed.
  public var keptCount: UInt64 { keeps.load(ordering: .relaxed) }
  /// What of it is missing because the repository is damaged.
  public var damageCount: UInt64 { damages.load(ordering: .relaxed) }
}
