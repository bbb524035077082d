// Proves a repository, from the outside in: slots and journal, segments, packs, and then every tree
// of every snapshot with every chunk that it names. What is wrong is told as it is found, with the
// snapshots and paths that it touches, and hides nothing else.

import Platform
import Storage
import Synchronization
import Vault

/// Checks a repository.
public struct Check: Sendable {
  private let repository: Repository
  private let extent: ReadExtent
  private let jobs: Int
  private let filter: SnapshotFilter

  /// A check that reads this much, and the trees of the snapshots that the filter chooses; `jobs` 0
  /// means one reader per core.
  public init(
    _ repository: Repository, reading extent: ReadExtent = .none, jobs: Int = 0,
    of filter: SnapshotFilter = SnapshotFilter()
  ) {
    self.repository = repository
    self.extent = extent
    self.jobs = jobs
    self.filter = filter
  }

  /// Runs the check; only failures of the store or of local places are thrown.
  public func run(
    progress: CheckProgress = CheckProgress(), report tell: @escaping @Sendable (CheckEvent) -> Void
  ) throws(RepositoryError) -> CheckReport {
    repository.vault.allowRereadingIndex()
    return try vaultErrors { () throws(VaultError) in
      var run = CheckRun(
        repository: repository, extent: extent,
        jobs: workerCount(jobs), filter: filter, progress: progress, tell: tell)
      try run.check()
      return run.report
    }
  }
}

/// A running check.
struct CheckRun {
  private let repository: Repository
  private let vault: Vault
  private let extent: ReadExtent
  private let jobs: Int
  private let filter: SnapshotFilter
  private let progress: CheckProgress
  private let tell: @Sendable (CheckEvent) -> Void
  private(set) var report = CheckReport()
  /// Sizes of packs, as segments tell them.
  private var packs: [ObjectHash: UInt32] = [:]
  private var suspects = CheckSuspects()
  /// Packs in the store that no readable segment names.
  private var unlisted: [StoredPack] = []
  private var hasUnreadableSegments = false
  /// How many snapshots there are, when all were found whole before anything spoke against a pack.
  private var wholeCount: Int?

  init(
    repository: Repository, extent: ReadExtent, jobs: Int, filter: SnapshotFilter,
    progress: CheckProgress, tell: @escaping @Sendable (CheckEvent) -> Void
  ) {
    self.repository = repository
    vault = repository.vault
    self.extent = extent
    self.jobs = jobs
    self.filter = filter
    self.progress = progress
    self.tell = tell
  }

  mutating func check() throws(VaultError) {
    try checkSlots()
    try checkSegments(of: try checkJournal())
    try checkPacks()
    try checkTrees(through: try view())
    report.isInterrupted = Interrupt.requested != 0
  }

  private mutating func note(
    _ severity: CheckFinding.Severity, _ object: String, _ problem: String
  ) {
    report.add(severity, object, problem)
    tellLast()
  }

  private mutating func note(_ severity: CheckFinding.Severity, _ error: VaultError) {
    report.add(severity, error)
    tellLast()
  }

  private func tellLast() {
    if let last = report.findings.last { tell(.finding(last)) }
  }

  private mutating func checkSlots() throws(VaultError) {
    let (slots, damaged) = try vault.access.slots()
    for slot in slots {
      if case .failure(let damage) = slot.information {
        note(.repairable, "\(ObjectName.slot(slot.id.hex))", "\(damage)")
      }
    }
    for id in try vault.access.foreignSlots() {
      note(
        .note, "\(ObjectName.slot(id.hex))",
        "names another owner and opens nothing: it is damaged, or an init that never ended left it")
    }
    for object in damaged { note(.repairable, object.name, "\(object.damage)") }
    for object in vault.access.damaged where !damaged.contains(object) {
      note(.repairable, object.name, "\(object.damage)")
    }
  }

  private mutating func checkJournal() throws(VaultError) -> JournalState {
    let verification = try vault.journal.verifyAll()
    for problem in verification.problems {
      // What this machine can write back is not lost.
      let isKnown = problem.error.isLoss && vault.journal.canRestore(problem.number)
      note(isKnown ? .repairable : .loss, problem.error)
    }
    return verification.state ?? vault.journal.state
  }

  // The journal as it is now. Where it is damaged further on, what was read before has to do.
  private func newestState() throws(VaultError) -> JournalState {
    do throws(VaultError) { _ = try vault.journal.refresh() } catch {
      guard error.isLoss else { throw error }
    }
    return vault.journal.state
  }

  private mutating func checkSegments(of state: JournalState) throws(VaultError) {
    for name in state.namedSegments {
      if Interrupt.requested != 0 { return }
      do throws(VaultError) {
        let segment = try vault.segment(name)
        if segment.computedChecksum(vault.epoch.indexKey) != segment.setChecksum {
          note(.repairable, "\(ObjectName.segment(name))", "does not add up to its checksum")
        }
        for index in 0..<segment.packCount {
          let pack = segment.pack(index)
          packs[pack.name] = pack.size
        }
      } catch {
        switch error {
        case .damaged, .missing:
          let newest = try newestState()
          // A prune has put others in its place while this check was under way.
          if case .missing = error, newest.segmentState(name) != .named {
            packs = [:]
            return try checkSegments(of: newest)
          }
          note(.repairable, error)
          hasUnreadableSegments = true
        default: throw error
        }
      }
    }
  }

  private mutating func checkPacks() throws(VaultError) {
    var stored: [StoredPack] = []
    var found: Set<ObjectHash> = []
    try vault.objects("packs/") { (name, size) throws(VaultError) in
      guard let hash = ObjectHash(hex: name.lastPart) else { return }
      found.insert(hash)
      stored.append(StoredPack(name: hash, size: size))
    }
    for pack in stored {
      guard let expected = packs[pack.name] else {
        report.orphanCount += 1
        unlisted.append(pack)
        continue
      }
      if pack.size != Int(expected) {
        suspects.packs.insert(pack.name)
        try noteSize(pack, expected)
      }
    }
    try noteMissing(packs.keys.filter { !found.contains($0) })
    report.packCount = stored.count
    let chosen = extent.choose(stored)
    progress.totalPacks.store(UInt64(chosen.count), ordering: .relaxed)
    progress.totalBytes.store(chosen.reduce(0) { $0 + UInt64($1.size) }, ordering: .relaxed)
    try read(chosen)
  }

  private mutating func noteSize(_ pack: StoredPack, _ expected: UInt32) throws(VaultError) {
    do throws(VaultError) {
      let size = try vault.size(of: .pack(pack.name))
      note(
        .repairable, "\(ObjectName.pack(pack.name))", "has \(size) bytes instead of \(expected)")
    } catch {
      guard error.isLoss else { throw error }
      note(.repairable, error)
    }
  }

  // What a prune has deleted while this check was under way is not missing.
  private mutating func noteMissing(_ names: [ObjectHash]) throws(VaultError) {
    guard !names.isEmpty else { return }
    let state = try newestState()
    for name in names.sorted() where packs[name] != nil && !state.isSwept(name) {
      suspects.packs.insert(name)
      note(.repairable, "\(ObjectName.pack(name))", "is missing")
    }
  }

  private mutating func read(_ chosen: [StoredPack]) throws(VaultError) {
    let readers = PackReading(vault: vault, jobs: jobs, progress: progress)
    let mayBeWhole = suspects.isEmpty && !hasUnreadableSegments && !chosen.isEmpty
    let preview = mayBeWhole ? TreePreview(of: repository, filter) : nil
    defer { preview?.stop() }
    let results = try readers.read(chosen)
    if results.findings.isEmpty { wholeCount = preview?.end() }
    report.readPackCount = results.readCount
    for (name, findings) in results.findings {
      suspects.packs.insert(name)
      for finding in findings {
        suspects.chunks.formUnion(finding.chunks)
        note(.repairable, "\(ObjectName.pack(name))", "\(finding.damage)")
      }
    }
    try noteMissing(results.missing)
  }

  // What only a damaged segment named is not lost: its packs tell what they hold.
  private mutating func view() throws(VaultError) -> Repository {
    guard hasUnreadableSegments else {
      try vault.loadIndex()
      return repository
    }
    var problems: [VaultError] = []
    let view = try vault.viewWithoutSegments(of: unlisted.map { ($0.name, $0.size) }) {
      (error) throws(VaultError) in problems.append(error)
    }
    for problem in problems { note(.repairable, problem) }
    return Repository(vault: view)
  }

  private mutating func checkTrees(through repository: Repository) throws(VaultError) {
    if let wholeCount, suspects.isEmpty {
      report.snapshotCount = wholeCount
      return
    }
    var walk = TreeCheck(
      reader: try ChunkReader(vault: repository.vault), source: try repository.nodeSource(),
      suspects: suspects)
    var unreadable: [(SnapshotID, Damage)] = []
    let snapshots = try repository.snapshots(in: repository.vault.journal.state) { (id, damage) in
      unreadable.append((id, damage))
    }
    for (id, damage) in unreadable {
      note(.loss, "the record of snapshot \(id.shortHex)", "\(damage)")
    }
    for snapshot in snapshots where !snapshot.isForgotten && filter.matches(snapshot) {
      if Interrupt.requested != 0 { return }
      report.snapshotCount += 1
      let tail = vault.journal.state.tail
      var damage = try walk.check(snapshot)
      if !damage.isEmpty {
        let mayBeOld = try hasMoved(since: tail)
        guard vault.journal.state.isLive(snapshot.id) else { continue }
        if mayBeOld { damage = try walk.check(snapshot) }
      }
      for damaged in damage {
        report.damagedPathCount += 1
        tell(.damagedPath(damaged))
      }
    }
  }
}

extension CheckRun {
  // Whether others have changed the repository since; the index is up to date afterwards.
  private func hasMoved(since tail: JournalHead?) throws(VaultError) -> Bool {
    do throws(VaultError) { try vault.refresh() } catch {
      guard error.isLoss else { throw error }
    }
    return vault.journal.state.tail != tail
  }
}

/// A pack in the store.
struct StoredPack: Sendable {
  let name: ObjectHash
  let size: Int
}

/// What cannot be believed without a look.
struct CheckSuspects: Sendable {
  var packs: Set<ObjectHash> = []
  var chunks: Set<ChunkID> = []

  var isEmpty: Bool { packs.isEmpty && chunks.isEmpty }
}

extension ReadExtent {
  /// The packs to be read, in the order of their names.
  func choose(_ packs: [StoredPack]) -> [StoredPack] {
    switch self {
    case .none: return []
    case .all: return packs
    case .group(let group, let count):
      return packs.filter { Int($0.name.leadingWord & 0xff) % count == group - 1 }
    case .share(let share):
      let count = Int((Double(packs.count) * share).rounded(.up))
      return Array(packs.shuffled().prefix(max(1, count))).sorted { $0.name < $1.name }
    case .bytes(let limit):
      var sum: UInt64 = 0
      let chosen = packs.shuffled().prefix { pack in
        defer { sum += UInt64(pack.size) }
        return sum < limit
      }
      return chosen.sorted { $0.name < $1.name }
    }
  }
}
