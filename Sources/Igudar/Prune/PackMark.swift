// Which packs the live snapshots need. Each distinct tree node is read once, whatever number of
// snapshots share it; in memory is one number per pack beside the bounded set of what was met.
//
// Invariant: a mark says nothing unless it saw everything. A snapshot that cannot be decoded, a node
// that cannot be read, a chunk without a place: each ends it, as what hangs from them is not known.
// It holds for one state of the journal: where chunks are changes with every condemn entry.

import Platform
import Vault

/// The packs that live snapshots need, as the journal is now.
///
/// Not shared.
final class PackMark {
  private let repository: Repository
  private let index: IndexReader
  private let met = DigestSet()
  private var condemned: Set<UInt32> = []
  private var needed: Set<UInt32> = []

  /// Marks what every live snapshot needs, partial ones included.
  ///
  /// - Throws: `damaged`, `missing`, `missingChunk` where something is lost, `interrupted`.
  init(_ repository: Repository) throws(VaultError) {
    self.repository = repository
    let source = try repository.nodeSource()
    index = try repository.vault.index.reader()
    try repository.vault.index.forEachPack { (pack) throws(VaultError) in
      if pack.state == .condemned { condemned.insert(pack.number) }
      return true
    }
    for snapshot in try repository.allSnapshots() where !snapshot.isForgotten {
      var walk = ReferenceWalk(from: source, remembering: met)
      try walk.walk(
        snapshot.snapshot.root,
        found: { (id, _, _) throws(VaultError) in try need(id) },
        unreadable: { (_, error) throws(VaultError) in throw error })
    }
  }

  // Every live place of it, as which of them is whole is not known without reading; condemned ones
  // only where there is no other.
  private func need(_ id: ChunkID) throws(VaultError) {
    guard Interrupt.requested == 0 else { throw .interrupted }
    let places = try index.places(id).map(\.pack)
    guard !places.isEmpty else { throw .missingChunk(id) }
    let live = places.filter { !condemned.contains($0) }
    needed.formUnion(live.isEmpty ? places : live)
  }

  /// The live packs that no snapshot needs, and the condemned ones that one does.
  func judge() throws(VaultError) -> (dead: [IndexedPack], wanted: [IndexedPack]) {
    var dead: [IndexedPack] = []
    var wanted: [IndexedPack] = []
    try repository.vault.index.forEachPack { (pack) throws(VaultError) in
      switch (pack.state, needed.contains(pack.number)) {
      case (.live, false): dead.append(pack)
      case (.condemned, true): wanted.append(pack)
      default: break
      }
      return true
    }
    return (dead, wanted)
  }
}
