// What hosts do in a simulated life, through the same code as the command, and how each deed ends.

import Platform
import Storage
import Testing

@testable import Igudar
@testable import Vault

/// One visit of a host to the repository.
enum Deed: Hashable, Sendable {
  /// A backup of these files, with a checkpoint on the way or without.
  case save([String: Int], checkpoint: Bool)
  case forget([SnapshotID])
  /// The newest so many of all stay.
  case forgetOld(keep: Int)
  case unforget(SnapshotID)
  case prune(graceSeconds: Int64)
  case restore(SnapshotID)
  case check
  case pin(SnapshotID)
}

/// How a deed ended.
struct Outcome: Sendable {
  var saved: SnapshotID?
  /// Snapshots that the deed may have forgotten or brought back.
  var touched: [SnapshotID] = []
  /// What is wrong although the deed did not fail.
  var wrong: String?
  var error: String?
}

/// Does deeds in one life.
struct Doer: Sendable {
  let number: Int
  let clock: Int64
  let kept: Kept

  private var now: Timestamp { Timestamp(totalNanoseconds: clock) }

  /// Does all of it, as a process of its own would.
  func perform(_ deed: Deed, in repository: Repository) -> Outcome {
    var outcome = Outcome()
    do { try perform(deed, in: repository, &outcome) } catch { outcome.error = "\(error)" }
    return outcome
  }

  private func perform(
    _ deed: Deed, in repository: Repository, _ outcome: inout Outcome
  ) throws {
    try repository.vault.journal.refresh()
    switch deed {
    case .save(let files, let checkpoint):
      outcome.saved = try save(files, checkpoint, in: repository)
    case .forget(let ids): try forget(.named(ids), in: repository, &outcome)
    case .forgetOld(let count):
      var policy = RetentionPolicy()
      policy.counts[.last] = .atMost(count)
      try forget(.policy(policy, SnapshotGrouping()), in: repository, &outcome)
    case .unforget(let id):
      outcome.touched = [id]
      try repository.unforget([id])
    case .prune(let grace): try Scene.prune(repository, graceSeconds: grace)
    case .restore(let id):
      guard let info = try repository.snapshots().first(where: { $0.id == id }) else { return }
      outcome.wrong = try restore(info, in: repository)
    case .check:
      let report = try Check(repository, reading: .all, jobs: 1).run { _ in }
      // What a crash left half is nobody's, and noted as damaged.
      let wrong = report.findings.filter { "\($0)".contains("is missing") }
      if report.damagedPathCount > 0 || !wrong.isEmpty {
        outcome.wrong = "check finds \(report.findings), \(report.damagedPathCount) damaged paths"
      }
    case .pin(let id): try repository.pin(id, Pin(reason: []))
    }
  }

  // MARK: Saving

  private func save(
    _ files: [String: Int], _ checkpoint: Bool, in repository: Repository
  ) throws -> SnapshotID {
    try repository.vault.prepareToWrite()
    let run = try repository.vault.begin()
    defer { run.abandon() }
    let lane = try run.lane()
    var entries: [[UInt8]] = []
    for (count, name) in files.keys.sorted().enumerated() {
      if checkpoint && count == files.count / 2 {
        _ = try commit(entries, run, lane, isPartial: true)
      }
      let bytes = Self.content(files[name] ?? 0)
      var extents: [Extent] = []
      // Whoever has the first half of a file may not have the second.
      for part in [bytes.prefix(bytes.count / 2), bytes.suffix(bytes.count - bytes.count / 2)] {
        let id = try unsafe part.withUnsafeBytes { try unsafe lane.put($0, kind: .data).id }
        extents.append(.chunk(id, length: UInt32(part.count)))
      }
      let file = Entry.File(size: UInt64(bytes.count), content: .inline(extents))
      entries.append(CraftedSnapshot.entry(name, .file(file)).encoded)
    }
    return try commit(entries, run, lane, isPartial: false)
  }

  private func commit(
    _ entries: [[UInt8]], _ run: Run, _ lane: Lane, isPartial: Bool
  ) throws -> SnapshotID {
    var writer = ByteWriter()
    writer.u8(NodeType.directoryLeaf.rawValue)
    writer.u8(0)
    writer.varint(UInt64(entries.count))
    for entry in entries { writer.prefixed(entry) }
    let node = writer.bytes
    let id = try unsafe node.withUnsafeBytes { try unsafe lane.put($0, kind: .tree).id }
    try lane.flush()
    let children = Children.nodes(TreeReference(level: 0, id: id))
    let root = CraftedSnapshot.entry("", .directory(children), mode: 0o755)
    var snapshot = Snapshot(root: root, time: now)
    snapshot.description = Array("\(number)".utf8)
    return try run.commit(snapshot.encoded, isPartial: isPartial)
  }

  /// The bytes that a number stands for.
  static func content(_ number: Int) -> [UInt8] {
    var random = SplitMix(seed: UInt64(number))
    let count = 2 + Int(random.next() % 700)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  // MARK: The rest

  private func forget(
    _ choice: ForgetRequest.Choice, in repository: Repository, _ outcome: inout Outcome
  ) throws {
    var request = ForgetRequest(choice)
    request.now = now
    let plan = try repository.plan(request)
    outcome.touched = plan.removed.map(\.id)
    _ = try repository.execute(plan)
  }

  /// Restores a snapshot; what is wrong with what comes out, nil if nothing is.
  func restore(_ info: SnapshotInfo, in repository: Repository) throws -> String? {
    let text = String(decoding: info.snapshot.description, as: UTF8.self)
    guard let number = Int(text), let files = kept.files(of: number) else {
      return "snapshot \(info.number) is nobody's"
    }
    let source = try repository.nodeSource()
    let reader = try ChunkReader(vault: repository.vault)
    guard let children = info.snapshot.root.children else { return "a root without entries" }
    var directory = DirectoryReader(children, from: source)
    var names: [String] = []
    while let entry = try directory.next() {
      guard case .inline(let extents)? = entry.file?.content else { return "a strange entry" }
      var bytes: [UInt8] = []
      for case .chunk(let id, _) in extents { bytes += try reader.read(id, kind: .data) }
      let name = String(decoding: entry.name.bytes, as: UTF8.self)
      guard let content = files[name], bytes == Self.content(content) else {
        return "snapshot \(info.number) restores other bytes"
      }
      names.append(name)
    }
    let expected = files.keys.sorted()
    guard names == (info.isPartial ? expected.prefix(files.count / 2).map(\.self) : expected) else {
      return "snapshot \(info.number) restores other files"
    }
    return nil
  }
}

/// What every save was of, by its number.
final class Kept: @unchecked Sendable {
  private let lock = Lock()
  private var saves: [Int: [String: Int]] = [:]

  func files(of number: Int) -> [String: Int]? { lock.withLock { saves[number] } }
  func note(_ files: [String: Int], of number: Int) { lock.withLock { saves[number] = files } }
}
