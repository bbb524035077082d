// Rebuilds the index from the packs alone: every pack says at its end what it holds. The new
// segments take the place of all old ones with one journal entry; until then nothing changes.

import Platform
import Storage
import Vault

/// What a rebuild of the index did.
public struct IndexRepairReport: Sendable {
  /// Packs whose rows are in the new index.
  public internal(set) var packCount = 0
  /// Chunks in them.
  public internal(set) var chunkCount = 0
  /// Segments before and after.
  public internal(set) var oldSegmentCount = 0
  /// Segments written.
  public internal(set) var newSegmentCount = 0
  /// Packs that cannot tell what they hold, and why.
  public internal(set) var unreadable: [(pack: String, problem: String)] = []
}

/// Rebuilds the index of a repository.
public struct IndexRepair: Sendable {
  private let repository: Repository

  /// A rebuild of this repository's index.
  public init(_ repository: Repository) {
    self.repository = repository
  }

  /// Reads the directory of every pack, writes new segments and puts them in force.
  ///
  /// Nothing is deleted. Packs that cannot tell what they hold keep the rows that old segments
  /// have of them. `progress` is called with packs done and packs in all.
  public func run(
    progress: (Int, Int) -> Void = { _, _ in }
  ) throws(RepositoryError) -> IndexRepairReport {
    try vaultErrors { () throws(VaultError) in
      try repository.vault.access.format.features.requireWritable()
      var run = IndexRepairRun(vault: repository.vault)
      try run.rebuild(progress)
      return run.report
    }
  }
}

/// A running rebuild.
private struct IndexRepairRun {
  let vault: Vault
  var report = IndexRepairReport()
  private var builder = SegmentBuilder()
  private var written: [ObjectHash] = []
  private static let rowLimit = 400_000

  init(vault: Vault) {
    self.vault = vault
  }

  mutating func rebuild(_ progress: (Int, Int) -> Void) throws(VaultError) {
    let state = vault.journal.state
    var packs: [StoredPack] = []
    try vault.objects("packs/") { (name, size) throws(VaultError) in
      guard let hash = ObjectHash(hex: name.lastPart) else { return }
      if case .swept = state.packState(hash) { return }
      packs.append(StoredPack(name: hash, size: size))
    }
    // An empty list where packs must be is a store that is not there, never a reason to forget all.
    guard !packs.isEmpty || state.namedSegments.isEmpty else { throw .missing(object: "packs/") }
    var unreadable: Set<ObjectHash> = []
    for (done, pack) in packs.enumerated() {
      if Interrupt.requested != 0 { throw .interrupted }
      if try !add(pack) { unreadable.insert(pack.name) }
      progress(done + 1, packs.count)
    }
    if !unreadable.isEmpty { try keepRows(of: unreadable, state) }
    try write()
    try replace(state)
  }

  private mutating func add(_ pack: StoredPack) throws(VaultError) -> Bool {
    do throws(VaultError) {
      let directory = try vault.packReader.directory(of: pack.name, size: pack.size)
      builder.add(pack.name, size: pack.size, directory: directory)
      report.packCount += 1
      report.chunkCount += directory.chunkIDs.count
      if builder.rowCount >= Self.rowLimit { try write() }
      return true
    } catch {
      switch error {
      case .damaged(let object, let damage): report.unreadable.append((object, "\(damage)"))
      case .missing(let object):
        // A prune may have taken it out since it was listed.
        try vault.journal.refresh()
        guard !vault.journal.state.isSwept(pack.name) else { return true }
        report.unreadable.append((object, "is missing"))
      default: throw error
      }
      return false
    }
  }

  // What old segments know of packs whose own directory is damaged: their frames may be whole.
  private mutating func keepRows(
    of packs: Set<ObjectHash>, _ state: JournalState
  ) throws(VaultError) {
    for name in state.namedSegments {
      do throws(VaultError) {
        builder.add(try vault.segment(name)) { packs.contains($0) }
      } catch {
        // A damaged segment has nothing to keep; that is why the index is rebuilt. One that the
        // store does not give just now is another matter: it is about to be replaced.
        switch error {
        case .damaged, .missing: continue
        default: throw error
        }
      }
      if builder.rowCount >= Self.rowLimit { try write() }
    }
  }

  private mutating func write() throws(VaultError) {
    guard !builder.isEmpty else { return }
    let full = builder
    builder = SegmentBuilder()
    written.append(try vault.store(segment: full.finish(vault.epoch.indexKey)))
  }

  // One entry names the new segments and condemns the old ones.
  private mutating func replace(_ state: JournalState) throws(VaultError) {
    let fresh = written
    let old = state.namedSegments.filter { !fresh.contains($0) }
    report.oldSegmentCount = state.namedSegments.count
    report.newSegmentCount = fresh.count
    _ = try vault.journal.append { (now) throws(VaultError) in
      // What others named meanwhile stays; only what was replaced goes.
      let replaced = old.filter { now.segmentState($0) == .named }
      return .condemn(packs: [], segments: replaced, newSegments: fresh, rescued: [])
    }
    try vault.reloadIndex()
  }
}
