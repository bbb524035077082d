// Which chunks the live snapshots need: trees, data, large attributes. Each distinct tree node is read
// once, whatever number of snapshots share it, and what was met stays met: after news in the journal
// only what is new in it is walked. In memory is a bounded part of the set, the rest in a temporary
// file.
//
// Invariant: it says nothing unless it saw everything. A snapshot that cannot be decoded or a node
// that cannot be read ends it, as what hangs from them is not known.

import Platform
import Synchronization
import Vault

/// The chunks that live snapshots need, as far as the journal was followed; more may be in it than
/// that, never less.
final class LiveChunks: Sendable {
  private let repository: Repository
  private let source: any NodeSource
  private let met = DigestSet()
  // Snapshots that count as forgotten already.
  private let ignored: Set<SnapshotID>

  /// Nothing yet; `follow` fills it.
  init(_ repository: Repository, ignoring ignored: Set<SnapshotID> = []) throws(VaultError) {
    self.repository = repository
    self.ignored = ignored
    source = try repository.nodeSource()
  }

  /// Adds what every snapshot needs that is live in a state of the journal, partial ones included.
  ///
  /// - Throws: `damaged`, `missing`, `missingChunk` where something is lost, `interrupted`.
  func follow(_ state: JournalState, progress: PruneProgress) throws(VaultError) {
    for snapshot in try repository.allSnapshots(in: state) where counts(snapshot) {
      var walk = ReferenceWalk(from: source, remembering: met)
      try walk.walk(
        snapshot.snapshot.root,
        found: { (_, _, _) throws(VaultError) in
          guard Interrupt.requested == 0 else { throw .interrupted }
          progress.chunks.add(1, ordering: .relaxed)
        },
        unreadable: { (_, error) throws(VaultError) in throw error })
    }
  }

  /// Whether a chunk is needed; any thread may ask.
  func contains(_ id: ChunkID) throws(VaultError) -> Bool { try met.contains(id) }

  /// Walks all trees of a state once more.
  ///
  /// - Throws: `missingChunk` for the first chunk that is not there.
  func requireEach(
    of state: JournalState, isThere: (ChunkID) throws(VaultError) -> Bool
  ) throws(VaultError) {
    let again = DigestSet()
    for snapshot in try repository.allSnapshots(in: state) where counts(snapshot) {
      var walk = ReferenceWalk(from: source, remembering: again)
      try walk.walk(
        snapshot.snapshot.root,
        found: { (id, _, _) throws(VaultError) in
          guard try isThere(id) else { throw .missingChunk(id) }
        },
        unreadable: { (_, error) throws(VaultError) in throw error })
    }
  }

  private func counts(_ snapshot: SnapshotInfo) -> Bool {
    !snapshot.isForgotten && !ignored.contains(snapshot.id)
  }

  /// How many different chunks are needed.
  var count: Int { met.count }
}
