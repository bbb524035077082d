// What this machine remembers of its last prune: that there was nothing more to do. While the journal
// has not grown since, a prune with the same wishes need not look at trees and index again.
//
// Invariant: a hint can only make a prune do less. It is believed for one head of the journal, by its
// hash.

import Vault

/// What the last prune of this machine left.
struct PruneHint {
  let head: JournalHead
  let limit: UnusedLimit
  /// Packs that count, the chunks in them, their bytes.
  let packCount: UInt64
  let chunkCount: UInt64
  let bytes: UInt64
  let usedChunkCount: UInt64
  let unusedBytes: UInt64
  /// Whether the limit kept it from doing more.
  let isLimited: Bool

  /// The plan of a prune that finds nothing but orphans.
  var plan: PrunePlan {
    var plan = PrunePlan()
    plan.total.packCount = packCount
    plan.total.chunkCount = chunkCount
    plan.total.bytes = bytes
    plan.usedChunkCount = usedChunkCount
    plan.usedBytes = bytes - min(bytes, unusedBytes)
    plan.unusedBytesAfter = unusedBytes
    if isLimited { plan.limits.insert(.maxUnused) }
    return plan
  }
}

extension PruneHint {
  private static let version: UInt64 = 1
  private static let size = 11 * 8 + 32

  init?(decoding bytes: [UInt8], limit: UnusedLimit) {
    var reader = ByteReader(bytes.rawSpan)
    do throws(Damage) {
      guard try reader.u64() == Self.version else { return nil }
      let number = try reader.u64()
      guard try (reader.u64(), reader.u64()) == limit.code else { return nil }
      self.limit = limit
      packCount = try reader.u64()
      chunkCount = try reader.u64()
      self.bytes = try reader.u64()
      usedChunkCount = try reader.u64()
      unusedBytes = try reader.u64()
      isLimited = try reader.u64() != 0
      guard try reader.u64() == 0 else { return nil }
      head = JournalHead(number: number, hash: try reader.id(ObjectHash.self))
      try reader.finish()
    } catch { return nil }
  }

  var encoded: [UInt8] {
    var writer = ByteWriter(capacity: Self.size)
    for word in [
      Self.version, head.number, limit.code.0, limit.code.1, packCount, chunkCount, bytes,
      usedChunkCount, unusedBytes, isLimited ? 1 : 0, 0,
    ] { writer.u64(word) }
    writer.id(head.hash)
    return writer.bytes
  }
}

extension UnusedLimit {
  fileprivate var code: (UInt64, UInt64) {
    switch self {
    case .bytes(let bytes): (0, bytes)
    case .percentage(let share): (1, share.bitPattern)
    case .unlimited: (2, 0)
    }
  }
}
