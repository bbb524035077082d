// All packs with what is needed of them. One small record per pack; chunks are counted while the
// index is read once from end to end.
//
// Invariants: a pack's standing is that of the journal, never that of the local cache, which other
// processes with an older view may have changed. Only packs that a counting segment lists and that
// the store shows with their size hold anything. Every place of a needed chunk is kept, unless
// another place of it was read and proven.

import Platform
import Vault

/// The packs that can hold something; not shared by threads.
final class PackTable {
  private let vault: Vault
  private let live: LiveChunks
  private(set) var packs: [PackUse] = []
  // Where a pack number stands in `packs`, −1 for none.
  private var rows: [Int32] = []
  private(set) var choice = PlaceChoice()
  /// Whether there are chunks with several places of which all are kept.
  private(set) var hasUnprovenDuplicates = false
  /// Places of needed chunks beside the one that is kept.
  private(set) var duplicateCount: UInt64 = 0
  private(set) var duplicateBytes: UInt64 = 0
  /// The longest chunk that is needed.
  private(set) var longestChunk: UInt32 = 0
  /// Condemned packs that a live snapshot needs.
  private(set) var wanted: Set<ObjectHash> = []

  // Duplicates that are looked into at a time; of others every place is kept.
  private static let duplicateLimit = 1 << 16

  /// Counts in a state of the journal, up to which the index is loaded and `live` has followed.
  ///
  /// - Throws: `missingChunk` for a needed chunk that has no place left, `interrupted`.
  init(
    _ vault: Vault, _ state: JournalState, needing live: LiveChunks, listing: StoreListing
  ) throws(VaultError) {
    self.vault = vault
    self.live = live
    let listed = try vault.index.listedPacks(in: state)
    try vault.index.forEachPack { (pack) throws(VaultError) in
      guard listed.contains(pack.number), pack.size > 0, !state.isSwept(pack.hash) else {
        return true
      }
      let missing = Int(pack.number) + 1 - rows.count
      rows.append(contentsOf: repeatElement(-1, count: missing))
      rows[Int(pack.number)] = Int32(packs.count)
      packs.append(
        PackUse(
          pack, state.packState(pack.hash),
          isPresent: listing.has(pack.hash, size: pack.size)))
      return true
    }
    try count(state)
  }

  /// Where in `packs` a pack stands that holds something.
  func row(of number: UInt32) -> Int? {
    guard Int(number) < rows.count, rows[Int(number)] >= 0 else { return nil }
    return Int(rows[Int(number)])
  }

  /// The pack with the proven place that is kept of a chunk that has several; nil for others.
  func chosenPack(of id: ChunkID) -> ObjectHash? {
    guard let place = choice.chosen[id] else { return nil }
    return row(of: place.pack).map { packs[$0].name }
  }

  private func isPresent(_ place: Placement) -> Bool {
    row(of: place.pack).map { packs[$0].isPresent } ?? false
  }

  private func isLive(_ place: Placement) -> Bool {
    row(of: place.pack).map { packs[$0].isLive } ?? false
  }

  private func change(_ place: Placement, _ body: (inout PackUse) -> Void) {
    if let row = row(of: place.pack) { body(&packs[row]) }
  }

  private func count(_ state: JournalState) throws(VaultError) {
    var found = 0
    var several: [(id: ChunkID, places: [Placement])] = []
    var severalCount = 0
    try vault.index.forEachRow { (id, all) throws(VaultError) in
      guard Interrupt.requested == 0 else { throw .interrupted }
      for place in all { change(place) { $0.add(place) } }
      guard try live.contains(id) else { return true }
      let places = keep(all.filter(isPresent))
      if !places.isEmpty { found += 1 }
      guard places.count > 1 else { return true }
      severalCount += 1
      if several.count < Self.duplicateLimit { several.append((id, places)) }
      return true
    }
    guard found == live.count else { throw try loss(state) }
    let provenCount = try choose(among: several.filter { isLive($0.places[0]) })
    hasUnprovenDuplicates = provenCount < severalCount
  }

  // Every live place is kept, as which of them is whole is not known without reading; condemned ones
  // only where there is no other.
  private func keep(_ places: [Placement]) -> [Placement] {
    var kept = places.filter(isLive)
    if kept.isEmpty {
      kept = places
      for place in places { change(place) { wanted.insert($0.name) } }
    }
    for place in kept {
      change(place) { $0.need(place) }
      longestChunk = max(longestChunk, place.length)
    }
    return kept
  }

  // One proven place is enough: the others are not needed any more.
  private func choose(
    among several: [(id: ChunkID, places: [Placement])]
  ) throws(VaultError) -> Int {
    guard !several.isEmpty else { return 0 }
    let proven = try vault.proven(several.map { ($0.id, $0.places[0]) })
    for (id, places) in several where proven.contains(id) {
      choice.chosen[id] = places[0]
      for place in places.dropFirst() {
        change(place) { $0.unneed(place) }
        duplicateCount += 1
        duplicateBytes += UInt64(place.length)
      }
    }
    return proven.count
  }

  private func loss(_ state: JournalState) throws(VaultError) -> VaultError {
    let reader = try vault.index.reader()
    try live.requireEach(of: state) { (id) throws(VaultError) in
      try reader.places(id).contains(where: isPresent)
    }
    return .cache("the index changed while it was read; run this again")
  }
}

/// Which place is kept of chunks that have several.
struct PlaceChoice: Sendable {
  /// By chunk, the proven place that is kept; of all others every place is.
  fileprivate(set) var chosen: [ChunkID: Placement] = [:]

  /// Whether a place of a needed chunk is kept.
  func keeps(_ id: ChunkID, pack: UInt32, frame: UInt32, offset: UInt32) -> Bool {
    guard let place = chosen[id] else { return true }
    return place.pack == pack && place.frameOffset == frame && place.offset == offset
  }
}

extension Vault {
  /// Those of these chunks that their place gives whole.
  fileprivate func proven(
    _ chunks: [(id: ChunkID, place: Placement)]
  ) throws(VaultError) -> Set<ChunkID> {
    let reader = try ChunkReader(vault: self)
    var proven: Set<ChunkID> = []
    // In the order of places every frame is read once.
    for (id, place) in chunks.sorted(by: { $0.place < $1.place }) {
      guard Interrupt.requested == 0 else { throw .interrupted }
      do throws(VaultError) {
        if try reader.gives(id, at: place) { proven.insert(id) }
      } catch {
        guard error.isLoss else { throw error }
      }
    }
    return proven
  }
}
