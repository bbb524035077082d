// The repository of an exploration, and who plays in it.
//
// One chunk, barley, that every snapshot needs: the node of a folder. It is in one pack, which an old
// snapshot has brought.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

/// What a player does.
enum Role: Character, Sendable {
  /// Saves a snapshot of barley.
  case writer = "w"
  /// Saves a snapshot of barley and of something that nobody else has.
  case bringer = "b"
  /// Prunes without a grace period.
  case pruner = "p"
  /// Forgets the old snapshot.
  case forgetter = "f"
  /// Brings the old snapshot back.
  case unforgetter = "u"
}

/// What the repository is like when the players begin.
enum Beginning: String, CaseIterable, Sendable {
  /// The old snapshot is there.
  case live
  /// It is forgotten.
  case forgotten
  /// It is forgotten, and its pack condemned.
  case condemned
  /// It is there, and its pack holds something else that nobody needs: a prune writes it anew.
  case mixed
}

/// What became of one player.
struct Ending: Hashable, Sendable {
  var snapshot: SnapshotID?
  var error: String?
}

/// The nodes that snapshots are made of.
enum Grain {
  /// The folder that everybody saves.
  static let barley = leaf(.symbolicLink(target: [UInt8]("barley".utf8)))

  /// A folder that has barley in it and nobody else saves.
  static func own(_ number: Int, barley: ChunkID) -> [UInt8] {
    leaf(.directory(.nodes(TreeReference(level: 0, id: barley))), mode: UInt16(number))
  }

  private static func leaf(_ kind: Entry.Kind, mode: UInt16 = 0) -> [UInt8] {
    var writer = ByteWriter()
    writer.u8(NodeType.directoryLeaf.rawValue)
    writer.u8(0)
    writer.varint(1)
    writer.prefixed(CraftedSnapshot.entry("grain", kind, mode: mode).encoded)
    return writer.bytes
  }
}

/// A repository as it is at the beginning.
struct Scene: Sendable {
  private let store = MemoryStore()
  let access: RepositoryAccess
  let old: SnapshotID
  let rules: AppendRules

  init(_ beginning: Beginning, rules: AppendRules = AppendRules()) throws {
    self.rules = rules
    var plan = RepositoryPlan(information: SmallRepository.information)
    plan.packSize = 4 << 20
    let vault = try Vault.create(
      in: store, secret: Secret.newKeyFile(), plan: plan,
      places: LocalPlaces(cache: nil, state: nil) { _ in })
    access = vault.access
    let repository = Repository(vault: vault)
    if beginning == .mixed {
      _ = try Self.forget(try Self.save(own: 7, in: repository), in: repository)
    }
    old = try Self.save(in: repository)
    if [.forgotten, .condemned].contains(beginning) { _ = try Self.forget(old, in: repository) }
    if beginning == .condemned { try Self.prune(repository, graceSeconds: 1 << 30) }
  }

  /// A store with the same objects.
  func copy() -> MemoryStore { store.copy() }

  /// A new client of the repository in a store.
  func client(
    of store: any ObjectStore, index: IndexCache, memory: any HeadMemory = ProcessHeadMemory(),
    cache: any JournalCache = NoJournalCache(),
    seed: UInt64, clock: Int64 = 1_700_000_000_000_000_000
  ) -> Repository {
    let randomness = SeededRandomness(seed)
    var options = Journal.Options()
    options.randomness = randomness
    options.clock = { clock }
    options.rules = rules
    let journal = Journal(
      store: store, repository: access.repository, keyring: access.keyring, memory: memory,
      cache: cache, options: options)
    let own = RepositoryAccess(
      store: store, format: access.format, keyring: access.keyring, rootKey: access.rootKey,
      slot: access.slot, damaged: [])
    return Repository(
      vault: Vault(
        own, index, journal, LocalPlaces(cache: nil, state: nil) { _ in }, randomness: randomness))
  }

  // MARK: What players do

  /// Plays a role to its end.
  func play(_ role: Role, number: Int, in repository: Repository) -> Ending {
    var ending = Ending()
    do {
      try repository.vault.journal.refresh()
      switch role {
      case .writer: ending.snapshot = try Self.save(in: repository)
      case .bringer: ending.snapshot = try Self.save(own: number, in: repository)
      case .pruner: try Self.prune(repository, graceSeconds: 0)
      case .forgetter: _ = try Self.forget(old, in: repository)
      case .unforgetter: try repository.unforget([old])
      }
    } catch { ending.error = "\(error)" }
    return ending
  }

  private static func save(
    own number: Int? = nil, in repository: Repository
  ) throws -> SnapshotID {
    try repository.vault.prepareToWrite()
    let run = try repository.vault.begin()
    defer { run.abandon() }
    let lane = try run.lane()
    var node = try put(Grain.barley, lane)
    if let number { node = try put(Grain.own(number, barley: node), lane) }
    try lane.flush()
    let children = Children.nodes(TreeReference(level: 0, id: node))
    let root = CraftedSnapshot.entry("", .directory(children), mode: 0o755)
    let time = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)
    return try run.commit(Snapshot(root: root, time: time).encoded)
  }

  /// Prunes with one thread at a time.
  static func prune(_ repository: Repository, graceSeconds: Int64) throws {
    var options = PruneOptions()
    options.graceSeconds = graceSeconds
    options.jobs = 1
    _ = try Prune(repository, options: options).run()
  }

  private static func put(_ node: [UInt8], _ lane: Lane) throws -> ChunkID {
    try unsafe node.withUnsafeBytes { try unsafe lane.put($0, kind: .tree).id }
  }

  private static func forget(
    _ snapshot: SnapshotID, in repository: Repository
  ) throws -> ForgetOutcome {
    try repository.execute(repository.plan(ForgetRequest(.named([snapshot]))))
  }
}
