// What a running prune has done, for whoever watches.

import Synchronization

/// Counters of a running prune that any thread may read.
public final class PruneProgress: Sendable {
  let chunks = Atomic<UInt64>(0)
  let packs = Atomic<UInt64>(0)
  let totalPacks = Atomic<UInt64>(0)
  let bytes = Atomic<UInt64>(0)
  let totalBytes = Atomic<UInt64>(0)

  /// Counters at zero.
  public init() {}

  /// Chunks found to be needed.
  public var chunkCount: UInt64 { chunks.load(ordering: .relaxed) }
  /// Packs written anew.
  public var packCount: UInt64 { packs.load(ordering: .relaxed) }
  /// Packs to be written anew.
  public var totalPackCount: UInt64 { totalPacks.load(ordering: .relaxed) }
  /// Bytes of packs written anew.
  public var byteCount: UInt64 { bytes.load(ordering: .relaxed) }
  /// Bytes of packs to be written anew.
  public var totalByteCount: UInt64 { totalBytes.load(ordering: .relaxed) }
}
