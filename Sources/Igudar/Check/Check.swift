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

  /// A check that reads this much; `jobs` 0 means one reader per core.
  public init(_ repository: Repository, reading extent: ReadExtent = .none, jobs: Int = 0) {
    self.repository = repository
    self.extent = extent
    self.jobs = jobs
  }

  /// Runs the check; only failures of the store or of local places are thrown.
  public func run(
    progress: CheckProgress = CheckProgress(), report tell: @escaping @Sendable (CheckEvent) -> Void
  ) throws(RepositoryError) -> CheckReport {
    try vaultErrors { () throws(VaultError) in
      var run = CheckRun(
        repository: repository, extent: extent,
        jobs: jobs > 0 ? jobs : processorCount(), progress: progress, tell: tell)
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
  private let progress: CheckProgress
  private let tell: @Sendable (CheckEvent) -> Void
  private(set) var report = CheckReport()
  /// Sizes of packs, as segments tell them.
  private var packs: [ObjectHash: UInt32] = [:]
  private var suspects = CheckSuspects()
  /// Packs in the store that no readable segment names.
  private var unlisted: [StoredPack] = []
  private var hasUnreadableSegments = false

  init(
    repository: Repository, extent: ReadExtent, jobs: Int, progress: CheckProgress,
    tell: @escaping @Sendable (CheckEvent) -> Void
  ) {
    self.repository = repository
    vault = repository.vault
    self.extent = extent
    self.jobs = jobs
    self.progress = progress
    self.tell = tell
  }

  mutating func check() throws(VaultError) {
    try checkSlots()
    let state = try checkJournal()
    try checkSegments(of: state)
    try checkPacks(state)
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
    for object in damaged { note(.repairable, object.name, "\(object.damage)") }
    for object in vault.access.damaged where !damaged.contains(object) {
      note(.repairable, object.name, "\(object.damage)")
    }
  }

  private mutating func checkJournal() throws(VaultError) -> JournalState {
    let verification = try vault.journal.verifyAll()
    for problem in verification.problems { note(.loss, problem.error) }
    return verification.state ?? vault.journal.state
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
          note(.repairable, error)
          hasUnreadableSegments = true
        default: throw error
        }
      }
    }
  }

  private mutating func checkPacks(_ state: JournalState) throws(VaultError) {
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
        note(
          .repairable, "\(ObjectName.pack(pack.name))",
          "has \(pack.size) bytes instead of \(expected)")
      }
    }
    for name in packs.keys.sorted() where !found.contains(name) {
      if case .swept = state.packState(name) { continue }
      suspects.packs.insert(name)
      note(.repairable, "\(ObjectName.pack(name))", "is missing")
    }
    report.packCount = stored.count
    let chosen = extent.choose(stored)
    progress.totalPacks.store(UInt64(chosen.count), ordering: .relaxed)
    progress.totalBytes.store(chosen.reduce(0) { $0 + UInt64($1.size) }, ordering: .relaxed)
    try read(chosen)
  }

  private mutating func read(_ chosen: [StoredPack]) throws(VaultError) {
    let readers = PackReading(vault: vault, jobs: jobs, progress: progress)
    let results = try readers.read(chosen)
    report.readPackCount = results.readCount
    for (name, findings) in results.findings {
      suspects.packs.insert(name)
      for finding in findings {
        suspects.chunks.formUnion(finding.chunks)
        note(.repairable, "\(ObjectName.pack(name))", "\(finding.damage)")
      }
    }
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
    var walk = TreeCheck(
      reader: try ChunkReader(vault: repository.vault), source: try repository.nodeSource(),
      suspects: suspects)
    for snapshot in try repository.allSnapshots() where !snapshot.isForgotten {
      if Interrupt.requested != 0 { return }
      report.snapshotCount += 1
      for damaged in try walk.check(snapshot) {
        report.damagedPathCount += 1
        tell(.damagedPath(damaged))
      }
    }
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
