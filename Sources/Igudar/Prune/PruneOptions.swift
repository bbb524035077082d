// What a prune is asked to do, with restic's defaults.

import Platform
public import Vault

/// How much of the packs may stay unused before they are written anew.
public enum UnusedLimit: Hashable, Sendable {
  /// So many bytes.
  case bytes(UInt64)
  /// This part of what is stored, in percent.
  case percentage(Double)
  /// Any amount.
  case unlimited

  /// In bytes, where so much is used.
  func bytes(used: UInt64) -> UInt64 {
    switch self {
    case .bytes(let bytes): return bytes
    case .unlimited: return .max
    case .percentage(let share):
      guard share < 100 else { return .max }
      return UInt64(min(share / (100 - share) * Double(used), 0x1p62))
    }
  }
}

/// How to prune.
public struct PruneOptions: Sendable {
  /// What may stay unused.
  public var maxUnused = UnusedLimit.percentage(5)
  /// Bytes of packs to write anew at most; nil for no limit.
  public var maxRepackBytes: UInt64?
  /// Seconds after which no more packs are begun; nil for no limit.
  public var maxSeconds: Int64?
  /// How long what is not needed stays before it is deleted.
  public var graceSeconds: Int64 = 86_400
  /// Threads that read trees and write packs anew; 0 for one per core.
  public var jobs = 0
  /// How frames are compressed that are made anew.
  public var compression = Compression.auto
  /// Snapshots to count as forgotten.
  public var ignored: Set<SnapshotID> = []

  /// A day of grace, 5 % unused.
  public init() {}

  var graceNanoseconds: Int64 {
    let (grace, overflow) = graceSeconds.multipliedReportingOverflow(by: 1_000_000_000)
    return overflow ? .max : grace
  }
}
