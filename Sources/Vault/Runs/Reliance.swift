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
    for pack in own.packs + reused {
      switch state.packState(pack) {
      case .live: break
      case .condemned: rescued.append(pack)
      case .swept: sweptCount += 1
      }
    }
    var segments: [ObjectHash] = []
    for segment in own.segments {
      switch state.segmentState(segment) {
      case nil, .condemned: segments.append(segment)
      case .named: break
      case .swept: sweptCount += 1
      }
    }
    guard sweptCount == 0 else { throw .relianceLost(packCount: sweptCount) }
    for pack in rescued where !own.packs.contains(pack) {
      segments.append(try segment(for: pack))
    }
    return (Set(segments).sorted(), rescued.sorted())
  }

  // A new segment with the rows of a rescued pack: the one that had them may be condemned as well.
  private mutating func segment(for pack: ObjectHash) throws(VaultError) -> ObjectHash {
    if let made = rescueSegments[pack] { return made }
    let size = try vault.size(of: .pack(pack))
    var builder = SegmentBuilder()
    builder.add(
      pack, size: size, directory: try vault.packReader.directory(of: pack, size: size))
    let made = try vault.store(segment: builder.finish(vault.epoch.indexKey))
    rescueSegments[pack] = made
    return made
  }
}
