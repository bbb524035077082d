// What a prune is going to do: which packs stay, go or are written anew, what that frees and when,
// and why it is not more. A value that can be printed; nothing is decided after it but to leave more.

import Vault

/// A number of packs with what is in them.
public struct PackAmount: Hashable, Sendable {
  /// Packs.
  public internal(set) var packCount: UInt64 = 0
  /// Chunks in them.
  public internal(set) var chunkCount: UInt64 = 0
  /// Their stored bytes.
  public internal(set) var bytes: UInt64 = 0

  mutating func add(_ pack: PackUse) {
    packCount += 1
    chunkCount += UInt64(pack.chunkCount)
    bytes += UInt64(pack.size)
  }

  mutating func add(bytes more: UInt64) {
    packCount += 1
    bytes += more
  }
}

/// What keeps a prune from freeing more.
public enum PruneLimit: Hashable, Sendable {
  /// So much may stay unused.
  case maxUnused
  /// No more may be written anew.
  case maxRepackSize
}

/// The plan of a prune.
public struct PrunePlan: Sendable {
  /// All packs that count.
  public internal(set) var total = PackAmount()
  /// Places of chunks that are needed.
  public internal(set) var usedChunkCount: UInt64 = 0
  /// Their stored bytes.
  public internal(set) var usedBytes: UInt64 = 0
  /// Places of needed chunks that have another.
  public internal(set) var duplicateChunkCount: UInt64 = 0
  /// Their plain bytes.
  public internal(set) var duplicateBytes: UInt64 = 0
  /// Packs of which everything is needed.
  public internal(set) var usedPackCount: UInt64 = 0
  /// Packs of which a part is needed.
  public internal(set) var partlyUsedPackCount: UInt64 = 0
  /// Packs of which nothing is needed: they go.
  public internal(set) var dropped = PackAmount()
  /// Packs to write anew.
  public internal(set) var repacked = PackAmount()
  /// Chunks of those that are needed.
  public internal(set) var movedChunkCount: UInt64 = 0
  /// Their stored bytes.
  public internal(set) var movedBytes: UInt64 = 0
  /// Packs and segments of runs that did not end, and of running ones.
  public internal(set) var orphans = PackAmount()
  /// What earlier prunes condemned and this one sweeps.
  public internal(set) var due = PackAmount()
  /// What earlier prunes condemned and must still wait.
  public internal(set) var waiting = PackAmount()
  /// Bytes that are not needed in packs that stay.
  public internal(set) var unusedBytesAfter: UInt64 = 0
  /// Whether what is condemned now is deleted now.
  public internal(set) var isImmediate = false
  /// Why not more.
  public internal(set) var limits: Set<PruneLimit> = []

  var drops: [PackUse] = []
  var repacks: [PackUse] = []
  var orphanPacks: [ObjectHash: UInt64] = [:]
  var orphanSegments: [ObjectHash] = []
  var rescues: [ObjectHash] = []

  /// Bytes that are not needed in packs that count.
  public var unusedBytes: UInt64 { total.bytes - min(total.bytes, usedBytes) }

  /// Bytes that this prune takes out of use.
  public var condemnedBytes: UInt64 {
    dropped.bytes + orphans.bytes + repacked.bytes - min(repacked.bytes, movedBytes)
  }

  /// Bytes that this prune deletes, beyond those that it writes.
  public var freedNow: UInt64 { due.bytes + (isImmediate ? condemnedBytes : 0) }

  /// Bytes that later prunes delete.
  public var freedLater: UInt64 {
    waiting.bytes + (isImmediate ? 0 : condemnedBytes + movedBytes)
  }

  /// Whether nothing is to be condemned.
  var isEmpty: Bool {
    drops.isEmpty && repacks.isEmpty && orphanPacks.isEmpty && orphanSegments.isEmpty
      && rescues.isEmpty
  }
}

extension PrunePlan {
  /// The plan for packs whose use is known.
  init(
    _ table: PackTable, _ state: JournalState, _ listing: StoreListing, packSize: Int,
    _ options: PruneOptions, now: Int64
  ) {
    self.init()
    isImmediate = options.graceSeconds <= 0
    duplicateChunkCount = table.duplicateCount
    duplicateBytes = table.duplicateBytes
    rescues = table.wanted.sorted()
    var small: [[PackUse]] = [[], []]
    var partly: [PackUse] = []
    for pack in table.packs where pack.isLive {
      total.add(pack)
      usedChunkCount += UInt64(pack.neededCount)
      usedBytes += pack.usedSize
      if pack.neededCount == 0 {
        dropped.add(pack)
        drops.append(pack)
        continue
      }
      if pack.unusedCount > 0 {
        partlyUsedPackCount += 1
        partly.append(pack)
      } else {
        usedPackCount += 1
        if Int(pack.size) < packSize / 2, pack.holds != [true, true] {
          small[pack.holds[0] ? 0 : 1].append(pack)
        }
      }
    }
    chooseRepacks(partly, small, packSize, options)
    addOrphans(known: Set(table.packs.map(\.name)), state, listing)
    addCondemned(state, listing, options, now)
  }

  /// The plan for a repository that has nothing to prune but what the journal and the store show;
  /// `known` are the packs that segments speak of.
  init(
    _ hint: PruneHint, known: Set<ObjectHash>, _ state: JournalState, _ listing: StoreListing,
    _ options: PruneOptions, now: Int64
  ) {
    self = hint.plan
    isImmediate = options.graceSeconds <= 0
    addOrphans(known: known, state, listing)
    addCondemned(state, listing, options, now)
  }

  // The emptiest go first, until little enough is left unused; then many small ones become few.
  private mutating func chooseRepacks(
    _ partly: [PackUse], _ small: [[PackUse]], _ packSize: Int, _ options: PruneOptions
  ) {
    let limit = options.maxUnused.bytes(used: usedBytes)
    unusedBytesAfter = partly.reduce(0) { $0 + $1.unusedSize }
    let emptiestFirst = partly.sorted {
      ($0.unusedShare, $1.number) > ($1.unusedShare, $0.number)
    }
    for pack in emptiestFirst {
      guard unusedBytesAfter > limit || limit == 0 else {
        limits.insert(.maxUnused)
        break
      }
      repack(pack, options)
    }
    for group in small {
      let bytes = group.reduce(0) { $0 + Int($1.size) }
      guard group.count >= Self.smallPackLimit || (group.count > 1 && bytes >= packSize) else {
        continue
      }
      for pack in group { repack(pack, options) }
    }
    // In the order in which they came, what lies together stays together.
    repacks.sort { $0.number < $1.number }
  }

  // So many packs that are less than half full wait for each other.
  private static var smallPackLimit: Int { 16 }

  private mutating func repack(_ pack: PackUse, _ options: PruneOptions) {
    if let limit = options.maxRepackBytes, repacked.bytes + UInt64(pack.size) > limit {
      limits.insert(.maxRepackSize)
      return
    }
    repacks.append(pack)
    repacked.add(pack)
    movedChunkCount += UInt64(pack.neededCount)
    movedBytes += pack.usedSize
    unusedBytesAfter -= min(unusedBytesAfter, pack.unusedSize)
  }

  // What no entry names. A running process that still means to name it rescues it then.
  private mutating func addOrphans(
    known: Set<ObjectHash>, _ state: JournalState, _ listing: StoreListing
  ) {
    for (pack, size) in listing.packs
    where !known.contains(pack) && state.packState(pack) == .live {
      orphanPacks[pack] = UInt64(size)
      orphans.add(bytes: UInt64(size))
    }
    for (segment, size) in listing.segments where state.segmentState(segment) == nil {
      orphanSegments.append(segment)
      orphans.bytes += UInt64(size)
    }
  }

  private mutating func addCondemned(
    _ state: JournalState, _ listing: StoreListing, _ options: PruneOptions, _ now: Int64
  ) {
    let rescued = Set(rescues)
    for (pack, entry) in state.condemnedPacks where !rescued.contains(pack) {
      let size = listing.size(of: pack)
      if state.isDue(entry, after: options.graceNanoseconds, at: now) {
        due.add(bytes: size)
      } else {
        waiting.add(bytes: size)
      }
    }
    for (segment, entry) in state.condemnedSegments {
      let size = listing.size(ofSegment: segment)
      if state.isDue(entry, after: options.graceNanoseconds, at: now) {
        due.bytes += size
      } else {
        waiting.bytes += size
      }
    }
  }
}

extension PackUse {
  fileprivate var unusedShare: Double { Double(unusedSize) / Double(max(1, size)) }
}
