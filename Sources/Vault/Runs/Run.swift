// One writing visit to a repository: a backup, a tag, later a prune. Packs, then segments, then a
// journal entry (order rule 1). What a run leaves without an entry is an orphan and harms nobody.

import Platform
import Synchronization

/// A run that adds chunks and ends with a commit.
package final class Run: @unchecked Sendable {
  package let vault: Vault
  package let id: RunID
  package let compression: Compression
  package let verifies: Bool
  let isDry: Bool
  private(set) var packs: PackSet
  private let keys: RunKeys
  // The chunks that this run adds.
  private let added: DigestSet
  // Packs that the store does not have as the index knows them: what they hold is stored again.
  let absentPacks: Set<UInt32>
  private let lock = Lock()
  private var total = RunCounts()
  private var relied: Set<UInt32> = []
  private var unreadable: Set<ChunkID> = []
  private let hasUnreadable = Atomic<Bool>(false)
  // What was stored up to the last commit.
  private var own = RunObjects()
  // Whether an entry has named something of it.
  private var isNamed = false

  init(vault: Vault, options: RunOptions) throws(VaultError) {
    self.vault = vault
    vault.keepPackNumbers()
    id = vault.randomness.identifier(RunID.self)
    compression = options.compression
    verifies = options.verifiesFrames
    keys = RunKeys.fresh(
      for: vault.epoch, repository: vault.repositoryID, randomness: vault.randomness)
    absentPacks = try vault.absentPacks().union(vault.index.numbers(of: options.avoidedPacks))
    isDry = options.isDry
    added = DigestSet(memoryLimit: 4 << 20) { [weak vault] reason in
      vault?.warn(
        "no temporary file in $TMPDIR, /var/tmp or /tmp (\(reason)): what is known of new chunks "
          + "stays in memory, up to 90 bytes for each")
    }
    packs = PackSet(vault: vault, run: keys)
  }

  /// A way in for one thread, for chunks as files and trees have them or up to a larger limit.
  package func lane(chunkLimit: Int = 0) throws(VaultError) -> Lane {
    try Lane(run: self, chunkLimit: chunkLimit)
  }

  /// True for the first lane that asks for this ID: that one uploads the chunk.
  func claim(_ id: ChunkID) throws(VaultError) -> Bool { try added.insert(id) }

  /// Notes a chunk that none of its places gives: this run stores it again when it meets it.
  func distrust(_ id: ChunkID) {
    lock.withLock { _ = unreadable.insert(id) }
    hasUnreadable.store(true, ordering: .releasing)
  }

  /// Whether what the index says of a chunk can be believed.
  @inline(__always)
  func trusts(_ id: ChunkID) -> Bool {
    guard hasUnreadable.load(ordering: .acquiring) else { return true }
    return lock.withLock { !unreadable.contains(id) }
  }

  func merge(_ counts: RunCounts, relied more: Set<UInt32>) {
    lock.withLock {
      total += counts
      relied.formUnion(more)
    }
  }

  /// What all flushed lanes added.
  package var counts: RunCounts { lock.withLock { total } }

  /// Stores what is open and appends a commit whose payload only readers can read.
  ///
  /// Every lane must have flushed. The snapshot ID is the hash of the entry.
  /// - Throws: `relianceLost` when packs that this run relied on were swept meanwhile.
  package func commit(
    _ payload: [UInt8], isPartial: Bool = false
  ) throws(VaultError) -> SnapshotID {
    guard let id = try commit(payload, isPartial: isPartial, if: { _ in true }) else {
      preconditionFailure("a commit without condition is never withdrawn")
    }
    return id
  }

  /// The same for a tree that this run knows only through another snapshot.
  ///
  /// Nothing is appended, and nil answered, unless that one is live: what a live snapshot needs is
  /// not condemned.
  package func commit(
    _ payload: [UInt8], whileLive original: SnapshotID
  ) throws(VaultError) -> SnapshotID? {
    try commit(payload, isPartial: false, if: { $0.isLive(original) })
  }

  private func commit(
    _ payload: [UInt8], isPartial: Bool, if mayCommit: (JournalState) -> Bool
  ) throws(VaultError) -> SnapshotID? {
    own += try packs.finish()
    // A run goes on after a partial commit.
    packs = PackSet(vault: vault, run: keys, firstSerial: packs.serialEnd)
    var reliance = Reliance(
      vault: vault, own: own, reused: try names(of: lock.withLock { relied }))
    let note = Note.seal(
      payload, for: JournalBody.commitType, run: keys, randomness: vault.randomness)
    let runID = id
    let entry = try vault.journal.append { (state) throws(VaultError) in
      guard mayCommit(state) else { return nil }
      let (segments, rescued) = try reliance.settle(state)
      return .commit(
        segments: segments, rescued: rescued, isPartial: isPartial, note: note, run: runID)
    }
    if entry != nil { isNamed = true }
    return entry?.snapshotID
  }

  /// Stores what is open and takes packs out of the repository for good, in favour of what this run
  /// stored.
  ///
  /// Every lane must have flushed. The packs must be among those that the run avoided. Afterwards
  /// nobody relies on them, and they may be deleted (order rule 5).
  package func replace(_ packs: [ObjectHash]) throws(VaultError) {
    own += try self.packs.finish()
    var reliance = Reliance(
      vault: vault, own: own, reused: try names(of: lock.withLock { relied }))
    try vault.journal.append { (state) throws(VaultError) in
      let (segments, rescued) = try reliance.settle(state)
      let left = packs.filter { !state.isSwept($0) }
      guard !left.isEmpty || !segments.isEmpty else { return nil }
      return .condemn(packs: left, segments: [], newSegments: segments, rescued: rescued)
    }
    try vault.journal.append { (state) throws(VaultError) in
      let condemned = packs.filter { state.isCondemned($0) }
      return condemned.isEmpty ? nil : .sweep(packs: condemned, segments: [])
    }
  }

  /// Stores what is open and condemns packs in favour of what this run stored.
  ///
  /// Every lane must have flushed. `choose` sees the state before each attempt to append and names
  /// the packs: no live snapshot may need anything of them that this run did not move or that has
  /// no other place. Where it names none nothing is appended, and what this run stored is an orphan.
  /// - Throws: `relianceLost` when what this run stored was swept meanwhile.
  @discardableResult
  package func condemn(
    _ choose: (JournalState) throws(VaultError) -> [ObjectHash]
  ) throws(VaultError) -> JournalEntry? {
    own += try packs.finish()
    packs = PackSet(vault: vault, run: keys, firstSerial: packs.serialEnd)
    var reliance = Reliance(vault: vault, own: own, reused: [])
    let entry = try vault.journal.append { (state) throws(VaultError) in
      let (segments, rescued) = try reliance.settle(state)
      let condemned = try choose(state)
      guard !condemned.isEmpty else { return nil }
      return .condemn(packs: condemned, segments: [], newSegments: segments, rescued: rescued)
    }
    if entry != nil { isNamed = true }
    return entry
  }

  /// The packs that this run has stored, and their bytes.
  package var storedPacks: (count: Int, bytes: UInt64) { (own.packs.count, own.packBytes) }

  /// Gives up and takes out of the store again what no entry has named, so that there is room.
  ///
  /// Every lane must have ended. Nothing is done when `isAlone` says that others wrote: they may
  /// have found what this run stored.
  package func discard(
    isAlone: (JournalState) throws(VaultError) -> Bool
  ) throws(VaultError) {
    abandon()
    own += packs.stored
    let mine = own
    own = RunObjects()
    guard !isNamed, !mine.packs.isEmpty || !mine.segments.isEmpty else { return }
    let entry = try vault.journal.append { (state) throws(VaultError) in
      // An entry of which the answer was lost would have named them.
      guard mine.segments.allSatisfy({ state.segmentState($0) == nil }), try isAlone(state) else {
        return nil
      }
      return .condemn(packs: mine.packs, segments: mine.segments, newSegments: [], rescued: [])
    }
    guard entry != nil else { return }
    let sweep = try vault.journal.append { (state) throws(VaultError) in
      let packs = mine.packs.filter { state.isCondemned($0) }
      let segments = mine.segments.filter { state.isCondemned(segment: $0) }
      return packs.isEmpty && segments.isEmpty ? nil : .sweep(packs: packs, segments: segments)
    }
    guard case .sweep(let body)? = sweep?.body else { return }
    try vault.deleteSwept(packs: body.packs, segments: body.segments)
  }

  /// Whether this run has a chunk; any thread may ask.
  package func has(_ id: ChunkID) throws(VaultError) -> Bool { try added.contains(id) }

  private func names(of packs: Set<UInt32>) throws(VaultError) -> [ObjectHash] {
    var names: [ObjectHash] = []
    for number in packs.sorted() {
      // Only what was swept leaves the index.
      guard let pack = try vault.index.pack(number) else { throw .relianceLost(packCount: 1) }
      names.append(pack.hash)
    }
    return names
  }

  /// Why nothing more can be added, if that is so; any thread may ask.
  ///
  /// What is stored behind the backs of lanes may fail when none of them is at work.
  package var problem: VaultError? { packs.problem }

  /// Gives up; what was stored stays an orphan.
  package func abandon() {
    packs.fail(.interrupted)
    packs.stop()
  }
}

/// How a run writes.
package struct RunOptions: Sendable {
  /// How frames are compressed.
  package var compression: Compression = .auto
  /// Whether every sealed frame is opened and compared before it is stored.
  package var verifiesFrames = true
  /// Whether nothing is stored: chunks are only counted.
  package var isDry = false
  /// Packs that the run must not rely on.
  package var avoidedPacks: [ObjectHash] = []

  package init() {}
}
