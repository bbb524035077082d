// A local index that lost rows without a trace, as when a bit of a disk flips: those who only read have it
// read anew before they tell of a loss, and those who count on numbers of packs keep it.

import Platform
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct RottenCacheTests {
  private let half: HalfNeededRepository

  init() throws { half = try HalfNeededRepository() }

  /// A repository whose index knows no chunk any more.
  private func rotten() throws -> Repository {
    let repository = try half.open(half.small.store)
    let index = repository.vault.index
    try repository.vault.loadIndex()
    #expect(try index.counts().chunkCount > 0)
    try index.environment.write { (writer) throws(LMDBError) in
      try writer.clear(index.tables.chunks)
    }
    return repository
  }

  @Test(arguments: [ReadExtent.none, .all])
  func aCheckTellsNoLoss(extent: ReadExtent) throws {
    let repository = try rotten()
    let report = try Check(repository, reading: extent, jobs: 2).run { Issue.record("\($0)") }
    #expect(report.isClean && report.damagedPathCount == 0)
    #expect(report.snapshotCount == 1)
    #expect(try repository.vault.index.counts().chunkCount > 0)
  }

  @Test func aRestoreGetsAll() throws {
    let target = half.small.path.appending(FileName(unchecked: Array("out".utf8)))
    let restore = Restore(
      half.kept.snapshot.root, of: try rotten(), to: target, options: RestoreOptions())
    try restore.run { event in
      if case .failed = event { Issue.record("\(event)") }
    }
    try half.small.shell("cmp barley out/$PWD/barley; cmp more/oats out/$PWD/more/oats")
  }

  @Test func pathsAreFound() throws {
    let entry = try rotten().entry(at: [], in: half.kept)
    #expect(entry.type == .directory)
    let names = half.small.path.bytes.split(separator: UInt8(ascii: "/")).map {
      FileName(unchecked: Array($0))
    }
    #expect(try rotten().entry(at: names, in: half.kept).type == .directory)
  }

  @Test func filesAreFoundAndTheirHistory() throws {
    let repository = try rotten()
    var names: [FilePath] = []
    let find = try Find(FindQuery(), in: repository)
    _ = try find.run(in: half.kept.snapshot.root, unreadable: { Issue.record("\($0) \($1)") }) {
      names.append($1)
      return true
    }
    let path = half.small.path.appending(FileName(unchecked: Array("barley".utf8)))
    #expect(names.contains(path))
    var wanted = WantedChunks()
    wanted.add(prefix: "", kind: .data)
    var uses = 0
    _ = try ChunkFind(wanted, in: rotten()).run(
      in: half.kept.snapshot.root, unreadable: { Issue.record("\($0) \($1)") }
    ) { _ in
      uses += 1
      return true
    }
    #expect(uses > 0)
    var versions = 0
    try rotten().history(
      of: path, in: [half.kept], unreadable: { Issue.record("\($0) \($1)") }
    ) { _ in
      versions += 1
      return true
    }
    #expect(versions == 1)
  }

  @Test func entriesAreCounted() throws {
    let counts = try rotten().statistics(of: [half.kept], counting: .restoreSize) {
      Issue.record("\($0) \(String(describing: $1)) \($2)")
    }
    #expect(counts.totalFileCount > 0)
  }

  @Test func countsOfFramesAndPrunesKeepTheNumbersOfPacks() throws {
    let repository = try rotten()
    repository.vault.allowRereadingIndex()
    _ = try repository.statistics(of: [half.kept], counting: .rawData) { _, _, _ in }
    #expect(try !repository.vault.rereadIndex())
    let other = try rotten()
    other.vault.allowRereadingIndex()
    _ = try? Prune(other).plan()
    #expect(try !other.vault.rereadIndex())
  }

  @Test func whatIsLostIsReadAnewOnceAndTold() throws {
    let repository = try rotten()
    let vault = repository.vault
    vault.allowRereadingIndex()
    let reader = try ChunkReader(vault: vault)
    let nothing = ChunkID(bytes: Array(repeating: 7, count: 32))
    #expect(throws: VaultError.self) { try reader.requirePlace(of: nothing) }
    #expect(vault.rereading.withLock { $0 } == .done)
    #expect(throws: VaultError.self) { try reader.requirePlace(of: nothing) }
  }

  @Test func aRunKeepsTheNumbersOfPacks() throws {
    let vault = try rotten().vault
    vault.allowRereadingIndex()
    _ = try Run(vault: vault, options: RunOptions())
    // Whoever reads beside it, too.
    vault.allowRereadingIndex()
    #expect(try !vault.rereadIndex())
    #expect(try vault.index.counts().chunkCount == 0)
  }
}
