// Which chunks the live snapshots need: trees, data, large attributes. Each distinct tree node is read
// once, whatever number of snapshots share it, by all cores, and what was met stays met: after news in
// the journal only what is new in it is walked. In memory is a bounded part of the set, the rest in a
// temporary file.
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
  private let jobs: Int
  private let met = DigestSet()
  // Snapshots that count as forgotten already.
  private let ignored: Set<SnapshotID>

  /// Nothing yet; `follow` fills it, with so many threads.
  init(
    _ repository: Repository, ignoring ignored: Set<SnapshotID>, jobs: Int
  ) {
    self.repository = repository
    self.ignored = ignored
    self.jobs = workerCount(jobs)
  }

  /// Adds what every snapshot needs that is live in a state of the journal, partial ones included.
  ///
  /// - Throws: `damaged`, `missing`, `missingChunk` where something is lost, `interrupted`.
  func follow(_ state: JournalState, progress: PruneProgress) throws(VaultError) {
    let queue = NodeQueue(threadCount: jobs)
    var references = NodeReferences()
    for snapshot in try repository.allSnapshots(in: state) where counts(snapshot) {
      try references.read(snapshot.snapshot.root)
      queue.add(try take(references, progress))
    }
    guard !queue.isEmpty else { return }
    let helpers = (1..<jobs).map { number in
      Thread.start(name: "mark \(number)") { self.read(queue, progress) }
    }
    read(queue, progress)
    for helper in helpers { helper.join() }
    try queue.requireAll()
  }

  private func read(_ queue: NodeQueue, _ progress: PruneProgress) {
    do throws(VaultError) {
      let source = try repository.nodeSource()
      var references = NodeReferences()
      while true {
        let nodes = queue.next()
        guard !nodes.isEmpty else { return }
        var found: [NodeReference] = []
        for node in nodes {
          guard Interrupt.requested == 0 else { throw .interrupted }
          try references.read(source.node(node.id), as: node)
          progress.chunks.add(1, ordering: .relaxed)
          found += try take(references, progress)
        }
        queue.end(finding: found)
      }
    } catch { queue.fail(error) }
  }

  // Notes what a node refers to, and answers the nodes among it that are new.
  private func take(
    _ references: NodeReferences, _ progress: PruneProgress
  ) throws(VaultError) -> [NodeReference] {
    var nodes: [NodeReference] = []
    for node in references.nodes where try met.insert(node.id) { nodes.append(node) }
    for chunk in references.chunks where try met.insert(chunk.id) {
      progress.chunks.add(1, ordering: .relaxed)
    }
    return nodes
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
    let source = try repository.nodeSource()
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
