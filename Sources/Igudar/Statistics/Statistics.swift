// What can be counted about snapshots, in restic's four ways.

import Synchronization

/// What is counted.
public enum CountingMode: String, CaseIterable, Sendable {
  /// What a restore of every snapshot would write; hard links of a snapshot once.
  case restoreSize = "restore-size"
  /// Files that differ in content, over all snapshots.
  case filesByContents = "files-by-contents"
  /// Chunks that differ, for each path of such a file.
  case chunksPerFile = "blobs-per-file"
  /// Chunks that differ, over all snapshots, and what they take in the store.
  case rawData = "raw-data"
  /// As `rawData`, but only chunks that no other snapshot needs.
  case unique
}

/// Numbers about snapshots.
public struct Statistics: Hashable, Sendable {
  /// Bytes as the mode counts them.
  ///
  /// For `rawData` and `unique` the stored bytes of all frames that hold such a chunk.
  public var totalSize: UInt64 = 0
  /// Bytes of the chunks before compression; only for `rawData` and `unique`.
  public var totalUncompressedSize: UInt64 = 0
  /// For `restoreSize` all entries, directories and links too; else files.
  public var totalFileCount: UInt64 = 0
  /// Chunks; only for `rawData`, `unique` and `chunksPerFile`.
  public var totalChunkCount: UInt64 = 0
  /// Snapshots that were looked at.
  public var snapshotCount: UInt64 = 0
  /// Directories, contents and chunks that could not be had, so that the numbers are too low.
  public var unreadableCount: UInt64 = 0

  /// Nothing counted.
  public init() {}
}

/// Counters of a running count that any thread may read.
public final class StatisticsProgress: Sendable {
  let snapshots = Atomic<UInt64>(0)
  let entries = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)

  /// Counters at zero.
  public init() {}

  /// Snapshots that are done.
  public var snapshotCount: UInt64 { snapshots.load(ordering: .relaxed) }
  /// Entries met.
  public var entryCount: UInt64 { entries.load(ordering: .relaxed) }
  /// Bytes counted.
  public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
}
