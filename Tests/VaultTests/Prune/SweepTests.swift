// What a sweep takes away, and what it must leave.

import Platform
import Storage
import Testing

@testable import Vault

@Suite struct SweepTests {
  private let store = MemoryStore()
  private let day: Int64 = 86_400_000_000_000

  private func secret() throws -> Secret {
    let key = [UInt8](repeating: 3, count: 32)
    return try #require(unsafe Secret(keyFile: SecretBytes(copying: key.span.bytes)))
  }

  private func vault() throws -> Vault {
    try Vault.open(
      store, secret: secret(), places: LocalPlaces(cache: nil, state: nil) { _ in })
  }

  /// A repository with one committed chunk, whose only pack and segment are condemned.
  private func condemned() throws -> (vault: Vault, chunk: ChunkID) {
    let plan = RepositoryPlan(
      information: SlotInformation(label: [], host: [], user: [], created: .now()))
    let vault = try Vault.create(
      in: store, secret: secret(), plan: plan,
      places: LocalPlaces(cache: nil, state: nil) { _ in })
    let session = try vault.session()
    let chunk = try unsafe session.put([UInt8]("barley".utf8).span.bytes)
    let snapshot = try session.commit([1])
    try vault.journal.append { _ in .tombstone([snapshot]) }
    let packs = try hashes("packs/")
    let segments = try hashes("index/")
    try vault.journal.append { _ in
      .condemn(packs: packs, segments: segments, newSegments: [], rescued: [])
    }
    return (vault, chunk)
  }

  // As a prune does it: what was left behind, then what is due.
  private func sweep(_ vault: Vault, grace: Int64) throws -> SweepReport {
    let listing = try StoreListing(vault)
    var report = SweepReport()
    try vault.deleteLeftovers(listing, &report)
    _ = try vault.sweep(grace: grace, listing, &report)
    return report
  }

  private func hashes(_ prefix: String) throws -> [ObjectHash] {
    try store.list(prefix: prefix).compactMap { ObjectHash(hex: $0.name.lastPart) }
  }

  @Test func whatIsCondemnedStaysForTheGracePeriod() throws {
    let (vault, _) = try condemned()
    #expect(try sweep(vault, grace: day) == SweepReport())
    #expect(try hashes("packs/").count == 1)
    #expect(try hashes("index/").count == 1)
    let report = try sweep(vault, grace: 0)
    #expect(report.sweptCount == 2)
    #expect(report.deletedCount == 2)
    #expect(try hashes("packs/").isEmpty)
    #expect(try hashes("index/").isEmpty)
  }

  @Test func whatOthersRescueMeanwhileStays() throws {
    let (vault, chunk) = try condemned()
    let other = try self.vault()
    let pack = try hashes("packs/")
    let segment = try hashes("index/")
    try other.journal.append { _ in
      .commit(
        segments: segment, rescued: pack, isPartial: false, note: [1],
        run: RunID(bytes: .init(repeating: 7, count: 16)))
    }
    #expect(try sweep(vault, grace: 0) == SweepReport())
    #expect(try self.vault().get(chunk) == [UInt8]("barley".utf8))
  }

  @Test func whatACrashLeftIsDeletedByTheNext() throws {
    let (vault, _) = try condemned()
    try vault.journal.append { state in
      .sweep(
        packs: state.condemnedPacks.map(\.name), segments: state.condemnedSegments.map(\.name))
    }
    let report = try sweep(self.vault(), grace: day)
    #expect(report.sweptCount == 0)
    #expect(report.deletedCount == 2)
    #expect(try hashes("packs/").isEmpty)
  }
}
