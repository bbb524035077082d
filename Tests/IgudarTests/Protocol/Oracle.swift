// What must hold at every moment, judged from the store alone: each chunk that a live snapshot needs has
// a place that a counting segment lists, in a pack that is there and not swept.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// Judges the store of one scene.
///
/// What it has read it remembers, as names stand for content.
final class Oracle {
  private let scene: Scene
  private let sealing: JournalSealing
  private var states: [ObjectHash: JournalState] = [:]
  private var segments: [ObjectHash: [ChunkID: Set<ObjectHash>]] = [:]
  private var needs: [SnapshotID: [ChunkID]] = [:]
  private let nodes: Nodes
  private var index: IndexCache
  private var readerCount = 0

  init(_ scene: Scene) throws {
    self.scene = scene
    index = try .temporary(repository: scene.access.repository)
    sealing = JournalSealing(
      repository: scene.access.repository, keyring: scene.access.keyring,
      signer: scene.access.keyring.owner, randomness: SystemRandomness())
    nodes = Nodes(ChunkHasher(key: scene.access.keyring.currentDomain.chunkIDKey))
  }

  /// What the journal says.
  func state(of store: MemoryStore) throws -> JournalState {
    var state = JournalState(owner: scene.access.keyring.ownerPublicKey)
    for number in UInt64(0)... {
      guard let stored = try? store.read(.journal(number), limit: 1 << 26) else { break }
      let hash = Hash.name(of: stored)
      if let known = states[hash] {
        state = known
      } else {
        try state.apply(try sealing.open(stored, number: number) { _ in true }.entry)
        states[hash] = state
      }
    }
    return state
  }

  /// What is wrong; nil if nothing is.
  func verdict(on store: MemoryStore) throws -> String? {
    let state = try state(of: store)
    var places: [ChunkID: Set<ObjectHash>] = [:]
    for name in state.namedSegments {
      for (id, packs) in try rows(of: name, in: store) { places[id, default: []].formUnion(packs) }
    }
    for commit in state.liveCommits {
      for id in try chunks(of: commit) {
        let packs = places[id, default: []].filter { pack in
          !state.isSwept(pack) && (try? store.size(of: .pack(pack))) != nil
        }
        if packs.isEmpty { return "snapshot \(commit.number) has lost a chunk" }
      }
    }
    return nil
  }

  /// The packs that these segments speak of.
  func packs(
    of segments: some Sequence<ObjectHash>, in store: MemoryStore
  ) throws -> Set<ObjectHash> {
    var packs: Set<ObjectHash> = []
    for name in segments {
      for some in try rows(of: name, in: store).values { packs.formUnion(some) }
    }
    return packs
  }

  private func rows(
    of name: ObjectHash, in store: MemoryStore
  ) throws -> [ChunkID: Set<ObjectHash>] {
    // A segment that is not there lists nothing.
    guard let stored = try? store.read(.segment(name), limit: 1 << 26) else { return [:] }
    if let known = segments[name] { return known }
    let payload = try SealedObject.open(
      stored, as: .segment, path: "index/", keyring: scene.access.keyring,
      repository: scene.access.repository)
    let segment = try Segment(payload: payload)
    var rows: [ChunkID: Set<ObjectHash>] = [:]
    for index in 0..<segment.rowCount {
      let row = segment.row(index)
      let pack = segment.pack(Int(segment.frame(Int(row.frame)).pack)).name
      rows[row.id, default: []].insert(pack)
    }
    segments[name] = rows
    return rows
  }

  private func chunks(of commit: JournalCommit) throws -> [ChunkID] {
    if let known = needs[commit.id] { return known }
    let record = try Note.open(
      commit.body.note, for: JournalBody.commitType,
      runs: RunKeyring(keyring: scene.access.keyring, repository: scene.access.repository),
      object: JournalEntry.path(commit.number))
    let snapshot = try unsafe Snapshot(decoding: record.span.bytes)
    var found: [ChunkID] = []
    var walk = ReferenceWalk(from: nodes, remembering: DigestSet())
    try walk.walk(
      snapshot.root, found: { (id, _, _) in found.append(id) },
      unreadable: { (_, error) throws(VaultError) in throw error })
    needs[commit.id] = found
    return found
  }

  // What is in the nodes is known without the store.
  private struct Nodes: NodeSource {
    private var nodes: [ChunkID: [UInt8]] = [:]

    init(_ hasher: ChunkHasher) {
      let barley = add(Grain.barley, hasher)
      for number in 0..<8 { _ = add(Grain.own(number, barley: barley), hasher) }
    }

    private mutating func add(_ node: [UInt8], _ hasher: ChunkHasher) -> ChunkID {
      let id = unsafe node.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .tree) }
      nodes[id] = node
      return id
    }

    func node(_ id: ChunkID) throws(VaultError) -> [UInt8] {
      guard let node = nodes[id] else { throw .missingChunk(id) }
      return node
    }
  }

  /// Whether a new client finds every live snapshot and reads all of it; what is wrong otherwise.
  func verdictOfReader(on store: MemoryStore) throws -> String? {
    readerCount += 1
    // Numbers of packs are never given out twice, so an index gets slower with time.
    if readerCount.isMultiple(of: 256) {
      index = try .temporary(repository: scene.access.repository)
    }
    try index.removeAll()
    let client = scene.client(of: store, index: index, seed: 99)
    try client.vault.refresh()
    let reader = try ChunkReader(vault: client.vault)
    for commit in client.vault.journal.state.liveCommits {
      for id in try chunks(of: commit) {
        do { _ = try reader.read(id, kind: .tree) } catch {
          return "snapshot \(commit.number) does not restore: \(error)"
        }
      }
    }
    return nil
  }
}
