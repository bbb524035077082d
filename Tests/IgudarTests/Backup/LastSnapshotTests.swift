// What a backup takes over from the last snapshot must be there, and must be what is meant.

import Glibc
import Igudar
import Platform
import Storage
import Testing
import Vault

@Suite struct LastSnapshotTests {
  private let store = MemoryStore()
  private let folder: Folder
  private let source: FilePath

  init() throws {
    folder = try Folder()
    folder.make("source")
    source = folder.path.appending("source")
    let plan = RepositoryPlan(
      information: SlotInformation(label: [], host: [], user: [], created: .now()))
    _ = try Repository.create(in: store, secret: secret(), plan: plan, places: places())
  }

  private func secret() throws -> Secret {
    let key = [UInt8](repeating: 3, count: 32)
    return try #require(unsafe Secret(keyFile: SecretBytes(copying: key.span.bytes)))
  }

  private func places(_ machine: String? = nil) -> LocalPlaces {
    LocalPlaces(cache: machine.map { folder.path.appending($0) }, state: nil) { _ in }
  }

  private func open(_ machine: String? = nil) throws -> Repository {
    try Repository.open(store, secret: secret(), places: places(machine))
  }

  @discardableResult
  private func backUp(_ repository: Repository) throws -> BackupSummary {
    var options = BackupOptions()
    // Tests cannot make files whose ctime is old.
    options.ignoresCtime = true
    return try Backup([source], to: repository, options: options).run { _ in }
  }

  /// Restores the newest snapshot into a folder beside the source; the number of errors.
  private func restore(to name: String) throws -> UInt64 {
    let repository = try open()
    let snapshot = try #require(try repository.snapshots().last)
    let entry = try repository.entry(at: source.components, in: snapshot)
    let progress = RestoreProgress()
    try Restore(
      entry, of: repository, to: folder.path.appending(name), options: RestoreOptions()
    ).run(progress: progress) { _ in }
    return progress.errorCount
  }

  private func packs() throws -> [ObjectName: Int] {
    var packs: [ObjectName: Int] = [:]
    try store.list(prefix: "packs/", after: nil) { name, size in
      packs[name] = size
      return true
    }
    return packs
  }

  // Nothing that compresses, so that the pack of the data is larger than that of the tree.
  private func noise(_ count: Int) -> [UInt8] {
    var state: UInt64 = 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 56)
    }
  }

  private func loseData() throws {
    let largest = try #require(try packs().max { $0.value < $1.value })
    try store.delete(largest.key)
    _ = try IndexRepair(open()).run()
  }

  @Test func unchangedFilesWhoseChunksAreLostAreReadAgain() throws {
    let bytes = noise(1 << 20)
    try folder.write(bytes, to: "source/file")
    try backUp(open())
    try loseData()
    try backUp(open())
    #expect(try restore(to: "out") == 0)
    #expect(try folder.read("out/file") == bytes)
  }

  @Test func unchangedFilesAreNotReadAgain() throws {
    try folder.write(noise(1 << 20), to: "source/file")
    try backUp(open())
    let summary = try backUp(open())
    #expect(summary.counts.filesUnmodified == 1)
    #expect(summary.counts.dataChunksAdded == 0)
  }

  @Test func aTreeThatIsLostIsMadeAgain() throws {
    let bytes = noise(1 << 20)
    try folder.write(bytes, to: "source/file")
    try backUp(open())
    let smallest = try #require(try packs().min { $0.value < $1.value })
    try store.delete(smallest.key)
    // The index still believes in the pack that is gone.
    try backUp(open())
    #expect(try restore(to: "out") == 0)
    #expect(try folder.read("out/file") == bytes)
  }

  @Test func packsThatAnotherMachineFoundMissingAreNotReliedOn() throws {
    let bytes = noise(1 << 20)
    try folder.write(bytes, to: "source/file")
    try backUp(open("machine"))
    // The cache of this machine knows the chunks from now on.
    try backUp(open("machine"))
    try loseData()
    try backUp(open("machine"))
    #expect(try restore(to: "out") == 0)
    #expect(try folder.read("out/file") == bytes)
  }

  @Test func aFolderThatCannotBeOpenedAnyMoreCostsItsNeighboursNothing() throws {
    folder.make("source/a")
    try folder.write([1], to: "source/a/inner")
    try folder.write([2], to: "source/b")
    try backUp(open())
    folder.setMode(0, of: "source/a")
    try folder.write([3], to: "source/c")
    let repository = try open()
    // As somebody whom modes bind, also where the tests run as root; only this thread and those
    // that it starts.
    let outcome = Outcome()
    Thread.start(name: "nobody") {
      becomeNobody()
      outcome.summary = try? backUp(repository)
    }.join()
    folder.setMode(0o755, of: "source/a")
    #expect(outcome.summary?.errorCount == 1)
    #expect(try restore(to: "out") == 0)
    #expect(try folder.read("out/b") == [2])
    #expect(try folder.read("out/c") == [3])
    #expect(try folder.read("out/a/inner") == nil)
  }

  private final class Outcome: @unchecked Sendable {
    var summary: BackupSummary?
  }
}

// setfsuid(2), which the C library's module does not show.
private func becomeNobody() {
  guard let symbol = unsafe dlsym(nil, "setfsuid") else { return }
  let call = unsafe unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> Int32).self)
  _ = call(65534)
}
