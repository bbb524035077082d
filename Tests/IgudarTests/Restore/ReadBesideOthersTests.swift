// Readers beside a prune without a grace period: what was moved is found, what is gone with its
// snapshot is told so, and what is damaged fails soon.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct ReadBesideOthersTests {
  private let half: HalfNeededRepository
  private var small: SmallRepository { half.small }

  init() throws { half = try HalfNeededRepository() }

  private func restore(
    _ repository: Repository, _ report: @escaping @Sendable (RestoreEvent) -> Void
  ) throws {
    let target = small.path.appending(FileName(unchecked: Array("out".utf8)))
    let restore = Restore(
      half.kept.snapshot.root, of: repository, to: target, options: RestoreOptions())
    try restore.run(report: report)
  }

  @Test(arguments: ["index/", "packs/"])
  func whatAPruneMovesMeanwhileIsRead(moment: String) throws {
    let other = small.repository
    let repository = try half.open(before: moment) { text in
      Issue.record("\(text)")
    } _: {
      try Scene.prune(other, graceSeconds: 0)
    }
    try restore(repository) { event in
      if case .failed = event { Issue.record("\(event)") }
    }
    try small.shell("cmp barley out/$PWD/barley; cmp more/oats out/$PWD/more/oats")
  }

  // All that another process of this machine has not left in the common index is asked for again.
  @Test(arguments: [true, false])
  func aChunkThatAPruneMovesIsFound(hasCommonIndex: Bool) throws {
    let scene = try Scene(.mixed)
    let store = scene.copy()
    let index = try IndexCache.temporary(repository: scene.access.repository)
    let other = hasCommonIndex ? index : try .temporary(repository: scene.access.repository)
    let vault = scene.client(of: store, index: index, seed: 1).vault
    try vault.refresh()
    let reader = try ChunkReader(vault: vault)
    let barley = unsafe Grain.barley.withUnsafeBytes {
      unsafe vault.hasher.id(of: $0, kind: .tree)
    }
    let pruner = scene.client(of: store, index: other, seed: 2)
    try pruner.vault.refresh()
    try Scene.prune(pruner, graceSeconds: 0)
    #expect(try reader.read(barley, kind: .tree) == Grain.barley)
  }

  @Test func aSnapshotThatIsForgottenAndSweptMeanwhileIsToldSo() throws {
    let (other, kept) = (small.repository, half.kept)
    let repository = try half.open(before: "packs/") {
      try other.vault.journal.append { _ in .tombstone([kept.id]) }
      try Scene.prune(other, graceSeconds: 0)
    }
    let error = #expect(throws: RepositoryError.self) {
      try restore(repository) { Issue.record("\($0)") }
    }
    #expect(error.map { "\($0)" }?.contains("snapshots that needed it were forgotten") == true)
  }

  @Test func whatIsMissingWithoutAPruneIsNamed() throws {
    var packs: [ObjectName] = []
    try small.store.list(prefix: "packs/", after: nil) { (name, _) in
      packs.append(name)
      return true
    }
    for pack in packs { try small.store.delete(pack) }
    let failures = Mutex<[String]>([])
    try restore(try half.open(small.store)) { event in
      guard case .failed(_, let message, .damaged, _) = event else { return }
      failures.withLock { $0.append(message) }
    }
    let messages = failures.withLock { $0 }
    #expect(!messages.isEmpty)
    #expect(messages.allSatisfy { $0.contains("packs/") && $0.contains("is missing") })
  }

  @Test func muchDamageIsNotAskedForAgainAndAgain() throws {
    let store = FaultyStore(small.store)
    let vault = try half.open(store).vault
    try vault.loadIndex()
    let reader = try ChunkReader(vault: vault)
    var before = store.operationCount
    for number in 0..<UInt64(2000) {
      if number == 1000 { before = store.operationCount }
      let id = ChunkID(words: (number, 1, 2, 3))
      #expect(throws: VaultError.self) { try reader.read(id, kind: .data) }
    }
    #expect(store.operationCount == before)
  }
}
