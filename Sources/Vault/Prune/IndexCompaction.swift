// Fewer and smaller index segments: those of which many packs are swept, and many small ones, are told
// anew in one, without the rows of swept packs.
//
// Invariant: nothing is dropped but rows of packs that the journal calls swept, for ever. The set
// checksums prove it: what a new segment adds up to is what the old ones do, less exactly those rows
// (FORMAT.md section 11). An old segment that is itself not what its checksum says stays.

import Platform

extension Vault {
  /// Merges segments where that is worth it, with one journal entry.
  ///
  /// Only segments that the local index has are looked at. Answers the entry; nil where there is
  /// nothing to do, or others changed the same segments meanwhile.
  @discardableResult
  package func compactIndex() throws(VaultError) -> JournalEntry? {
    let state = journal.state
    var compaction = IndexCompaction(self, state)
    for name in try candidates(state) {
      guard Interrupt.requested == 0 else { throw .interrupted }
      try compaction.add(name)
    }
    try compaction.flush()
    let done = compaction
    guard !done.superseded.isEmpty else { return nil }
    return try journal.append { (state) throws(VaultError) in
      // Who condemned one of them meanwhile may have had a reason to drop what it says, and who found
      // a new one in the store before this entry names it may have taken it for left behind.
      guard done.superseded.allSatisfy({ state.segmentState($0) == .named }),
        !done.made.contains(where: { state.isSwept(segment: $0) })
      else { return nil }
      return .condemn(packs: [], segments: done.superseded, newSegments: done.made, rescued: [])
    }
  }

  // Segments with many swept packs, and all small ones if they are many.
  private func candidates(_ state: JournalState) throws(VaultError) -> [ObjectHash] {
    var (stale, small): ([ObjectHash], [ObjectHash]) = ([], [])
    for segment in try index.segmentContents()
    where state.segmentState(segment.name) == .named {
      var sweptCount = 0
      for number in segment.packs {
        // A pack that the index has forgotten was swept long ago.
        guard let pack = try index.pack(number), !state.isSwept(pack.hash) else {
          sweptCount += 1
          continue
        }
      }
      if sweptCount * IndexCompaction.staleShare >= segment.packs.count {
        stale.append(segment.name)
      } else if segment.rowCount < IndexCompaction.smallRowCount {
        small.append(segment.name)
      }
    }
    return stale + (small.count >= IndexCompaction.smallLimit ? small : [])
  }
}

/// Segments on their way into fewer ones.
private struct IndexCompaction {
  /// A segment is told anew when one in so many of its packs is swept.
  static let staleShare = 4
  /// Rows below which a segment is small, and how many of them are merged.
  static let smallRowCount = 32_768
  static let smallLimit = 16
  // Rows of a new segment, about.
  private static let rowLimit = 200_000

  private let vault: Vault
  private let state: JournalState
  private(set) var superseded: [ObjectHash] = []
  private(set) var made: [ObjectHash] = []
  private var builder = SegmentBuilder()
  private var sum = SetChecksum.zero
  private var packs: Set<ObjectHash> = []
  private var waiting: [ObjectHash] = []

  init(_ vault: Vault, _ state: JournalState) {
    self.vault = vault
    self.state = state
  }

  mutating func add(_ name: ObjectHash) throws(VaultError) {
    let segment: Segment
    do throws(VaultError) { segment = try vault.segment(name) } catch {
      guard error.isLoss else { throw error }
      return
    }
    let state = state
    let kept = Set((0..<segment.packCount).map { segment.pack($0).name }).filter {
      !state.isSwept($0)
    }
    // Of one that tells of nothing else nothing can be lost.
    guard !kept.isEmpty else {
      superseded.append(name)
      return
    }
    let key = vault.epoch.indexKey
    guard segment.computedChecksum(key) == segment.setChecksum else { return }
    if builder.rowCount + segment.rowCount > Self.rowLimit { try flush() }
    // Rows that two segments have would add up twice; such segments stay apart.
    guard packs.isDisjoint(with: kept) else { return }
    packs.formUnion(kept)
    sum += segment.setChecksum
    sum -= segment.computedChecksum(key) { state.isSwept($0) }
    builder.add(segment) { !state.isSwept($0) }
    builder.supersede(name)
    waiting.append(name)
  }

  /// Ends the segment under way.
  mutating func flush() throws(VaultError) {
    guard !waiting.isEmpty else { return }
    let full = builder
    let payload = full.finish(vault.epoch.indexKey)
    let segment: Segment
    do throws(Damage) { segment = try Segment(payload: payload) } catch {
      throw .verificationFailed("a merged index segment \(error)")
    }
    guard segment.setChecksum == sum, segment.computedChecksum(vault.epoch.indexKey) == sum else {
      throw .verificationFailed("a merged index segment does not add up")
    }
    made.append(try vault.store(segment: payload))
    superseded += waiting
    waiting = []
    builder = SegmentBuilder()
    sum = .zero
    packs = []
  }
}
