// What a commit relies on, looked at again before every attempt to append it (FORMAT.md section 13,
// order rule 4). A pack that a prune condemned meanwhile is rescued, with a segment that knows its
// rows; one that was swept is gone, and the commit must not be made.

import Storage

/// The packs and segments behind a commit.
struct Reliance {
  private let vault: Vault
  private let own: RunObjects
  /// Packs of others whose chunks this run did not upload again.
  private let reused: [ObjectHash]
  /// Segments that were made for rescued packs.
  private var rescueSegments: [ObjectHash: ObjectHash] = [:]

  init(vault: Vault, own: RunObjects, reused: [ObjectHash]) {
    self.vault = vault
    self.own = own
    self.reused = reused
  }

  /// The segments to name and the packs to rescue, as the journal is now.
  ///
  /// - Throws: `relianceLost` when something was swept.
  mutating func settle(
    _ state: JournalState
  ) throws(VaultError) -> (segments: [ObjectHash], rescued: [ObjectHash]) {
    var rescued: [ObjectHash] = []
    var sweptCount = 0
    let rules = vault.journal.options.rules
    for pack in rules.looksAtReliance ? own.packs + reused : [] {
      switch state.packState(pack) {
      case .live: break
      case .condemned: rescued.append(pack)
      case .swept: sweptCount += 1
      }
    }
    guard sweptCount == 0 else { throw .relianceLost(packCount: sweptCount) }
    var segments: [ObjectHash] = []
    var unlisted = Set(rescued).subtracting(own.packs)
    for segment in own.segments {
      switch state.segmentState(segment) {
      case nil, .condemned: segments.append(segment)
      case .named: break
      // A prune put another in its place, or took it for left behind: in doubt all is told again.
      case .swept: unlisted.formUnion(own.packs)
      }
    }
    for pack in unlisted.sorted() { segments.append(try segment(for: pack, state)) }
    return (Set(segments).sorted(), rescued.sorted())
  }

  // A new segment with the rows of a pack: the one that had them may be condemned as well.
  private mutating func segment(
    for pack: ObjectHash, _ state: JournalState
  ) throws(VaultError) -> ObjectHash {
    if let made = rescueSegments[pack], !state.isSwept(segment: made) { return made }
    var builder = SegmentBuilder()
    do throws(VaultError) {
      let size = try vault.size(of: .pack(pack))
      builder.add(
        pack, size: size, directory: try vault.packReader.directory(of: pack, size: size))
    } catch {
      guard error.isLoss else { throw error }
      // A prune may have swept and deleted it since the journal was read.
      try vault.journal.refresh()
      guard vault.journal.state.isSwept(pack) else { throw error }
      throw .relianceLost(packCount: 1)
    }
    let made = try vault.store(segment: builder.finish(vault.epoch.indexKey))
    rescueSegments[pack] = made
    return made
  }
}
