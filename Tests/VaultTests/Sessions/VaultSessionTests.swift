// The vault as other tools use it: public API alone, no file-system notion.

import Platform
import Storage
import Testing
import Vault

@Suite struct VaultSessionTests {
  private let places = LocalPlaces(cache: nil, state: nil) { _ in }

  private func secret() throws -> Secret {
    let key = [UInt8](repeating: 3, count: 32)
    return try #require(unsafe Secret(keyFile: SecretBytes(copying: key.span.bytes)))
  }

  private func plan() -> RepositoryPlan {
    RepositoryPlan(
      information: SlotInformation(label: [], host: [], user: [], created: .now()))
  }

  @Test func whatIsPutAndCommittedIsFoundByAnotherVault() throws {
    let store = MemoryStore()
    let first = try Vault.create(in: store, secret: secret(), plan: plan(), places: places)
    let session = try first.session()
    let one = [UInt8]("one".utf8)
    let two = [UInt8](repeating: 0x5a, count: 700_000)
    let oneID = try unsafe session.put(one.span.bytes)
    let twoID = try unsafe session.put(two.span.bytes)
    #expect(try unsafe session.put(one.span.bytes) == oneID)
    let commit = try session.commit([1, 2, 3])

    let second = try Vault.open(store, secret: secret(), places: places)
    let commits = try second.commits()
    #expect(commits.map(\.id) == [commit])
    #expect(commits.map(\.payload) == [[1, 2, 3]])
    #expect(try second.get(oneID) == one)
    #expect(try second.get(twoID) == two)
  }

  @Test func whatIsCommittedIsFoundByTheSameVault() throws {
    let vault = try Vault.create(in: MemoryStore(), secret: secret(), plan: plan(), places: places)
    for text in ["one", "two"] {
      let session = try vault.session()
      let id = try unsafe session.put([UInt8](text.utf8).span.bytes)
      _ = try session.commit([1])
      #expect(try vault.get(id) == [UInt8](text.utf8))
    }
  }

  @Test func manyTinyChunksAreFound() throws {
    let store = MemoryStore()
    let vault = try Vault.create(in: store, secret: secret(), plan: plan(), places: places)
    let session = try vault.session()
    let texts = (0..<40_000).map { [UInt8]("grain \($0)".utf8) }
    let ids = try texts.map { try unsafe session.put($0.span.bytes) }
    _ = try session.commit([1])
    let second = try Vault.open(store, secret: secret(), places: places)
    for index in stride(from: 0, to: texts.count, by: 97) {
      #expect(try second.get(ids[index]) == texts[index])
    }
  }

  @Test func chunksOfOtherSizesAreRefused() throws {
    let vault = try Vault.create(in: MemoryStore(), secret: secret(), plan: plan(), places: places)
    let session = try vault.session()
    let empty: [UInt8] = []
    #expect(throws: VaultError.self) { try unsafe session.put(empty.span.bytes) }
    let large = [UInt8](repeating: 1, count: (8 << 20) + 1)
    #expect(throws: VaultError.self) { try unsafe session.put(large.span.bytes) }
  }

  @Test func theLargestChunksAreTakenInPacksOfAnySize() throws {
    for packSize in [4 << 20, 16 << 20] {
      let store = MemoryStore()
      var plan = plan()
      plan.packSize = packSize
      let vault = try Vault.create(in: store, secret: secret(), plan: plan, places: places)
      let session = try vault.session(compression: .off)
      let limit = min(8 << 20, packSize - 4096)
      let largest = (0..<limit).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
      let id = try unsafe session.put(largest.span.bytes)
      let tooLarge = largest + [0]
      #expect(throws: VaultError.self) { try unsafe session.put(tooLarge.span.bytes) }
      _ = try session.commit([])
      let other = try Vault.open(store, secret: secret(), places: places)
      #expect(try other.get(id) == largest)
    }
  }

  @Test func withoutCommitNothingIsFound() throws {
    let store = MemoryStore()
    let vault = try Vault.create(in: store, secret: secret(), plan: plan(), places: places)
    let bytes = [UInt8]("lost".utf8)
    let id = try unsafe vault.session().put(bytes.span.bytes)
    let other = try Vault.open(store, secret: secret(), places: places)
    #expect(throws: VaultError.self) { try other.get(id) }
    #expect(try other.commits().isEmpty)
  }
}
