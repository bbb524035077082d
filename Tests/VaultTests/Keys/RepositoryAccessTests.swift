import Glibc
import Platform
import Storage
import Synchronization
import Testing

@testable import Vault

@Suite struct RepositoryAccessTests {
  private static let information = SlotInformation(
    label: Array("first".utf8), host: [], user: [],
    created: Timestamp(seconds: 1, nanoseconds: 0))
  private let information = RepositoryAccessTests.information
  private let passphrase = Secret.passphrase(SecretBytes("agadir"))
  private let other = Secret.passphrase(SecretBytes("tighremt"))

  private var plan: RepositoryPlan {
    var plan = RepositoryPlan(information: information)
    plan.cost = testCost
    return plan
  }

  @discardableResult
  private func make(
    _ store: any ObjectStore, _ plan: RepositoryPlan? = nil, secret: Secret? = nil,
    beforeFormat: (RepositoryAccess) throws(VaultError) -> Void = { _ throws(VaultError) in }
  ) throws -> RepositoryAccess {
    try RepositoryAccess.initialize(
      store, secret: secret ?? passphrase, plan: plan ?? self.plan, beforeFormat: beforeFormat)
  }

  private func unlock(
    _ store: any ObjectStore, _ secret: Secret? = nil
  ) throws -> RepositoryAccess {
    try RepositoryAccess.unlock(store, with: secret ?? passphrase, limits: .format)
  }

  private func names(_ store: some ObjectStore) throws -> [String] {
    try store.list(prefix: "").map(\.name.description)
  }

  // MARK: init

  @Test(arguments: Vault::Suite.allCases.filter(\.isAvailable))
  func whatInitMakesUnlockOpens(suite: Vault::Suite) throws {
    let store = MemoryStore()
    var plan = plan
    plan.suite = suite
    plan.packSize = 4 << 20
    plan.chunker = try #require(ChunkerParameters(minimum: 64, target: 4096, maximum: 8192))
    let made = try make(store, plan)
    store.crash()  // everything is behind a barrier
    let opened = try unlock(store)
    #expect(opened.format == made.format && opened.format.packSize == 4 << 20)
    #expect(opened.keyring.currentEpoch.suite == suite)
    #expect(opened.keyring.currentDomain.chunker == plan.chunker)
    #expect(opened.rootKey.isEqual(to: made.rootKey))
    #expect(opened.slot == made.slot && opened.damaged.isEmpty)
    #expect(
      try names(store) == ["format", "keyring/0000000000000000", "slots/\(made.slot.hex)"])
  }

  @Test func aRepositoryIsThereOnce() throws {
    let store = MemoryStore()
    try make(store)
    let before = try names(store)
    #expect(errorThrown { try make(store, secret: other) } == "alreadyExists")
    #expect(try names(store) == before)
    _ = try unlock(store)
  }

  @Test func theFormatComesLast() throws {
    let store = MemoryStore()
    try make(store) { access throws(VaultError) in
      let isThere = try? store.size(of: .format)
      #expect(isThere == nil)
      #expect(access.keyring.ownerPublicKey == access.format.owner)
      let settled = store.copy()
      settled.crash()
      #expect((try? names(settled).count) == 2, "keyring and slot are durable before the journal")
      _ = try RepositoryAccess.create(.journal(0), [1], in: store)
    }
    #expect(try names(store).contains("journal/0000000000000000"))
  }

  @Test func aFailedPartOfTheCallerLeavesNothing() throws {
    let store = MemoryStore()
    let error = errorThrown {
      try make(store) { _ throws(VaultError) in throw .limit("a test") }
    }
    #expect(error == "limit")
    #expect(try names(store).isEmpty)
  }

  @Test func aSecondInitCompletesWhatACrashLeft() throws {
    let store = MemoryStore()
    var left: MemoryStore?
    try make(store) { _ throws(VaultError) in left = store.copy() }
    let crashed = try #require(left)
    #expect(errorThrown { _ = try unlock(crashed) } == "noRepository")
    try make(crashed, secret: other)
    let opened = try unlock(crashed, other)
    #expect(opened.damaged.isEmpty)
    #expect(try names(crashed).count == 3, "what the first left is gone")
    #expect(errorThrown { _ = try unlock(crashed) } == "wrongKey")
  }

  @Test(arguments: [ObjectName.journal(0), .segment(ObjectHash.zero), .pack(ObjectHash.zero)])
  func whatMayBeARepositoryWithoutFormatIsNotTouched(name: ObjectName) throws {
    let store = MemoryStore()
    try make(store)
    _ = try store.create(name, [1])
    try store.delete(.format)
    let before = try names(store)
    #expect(errorThrown { try make(store) } == "alreadyExists")
    #expect(try names(store) == before)
    #expect(errorThrown { _ = try unlock(store) } == "noRepository")
  }

  @Test func theSlowerOfTwoInitsIsRefused() throws {
    let store = MemoryStore()
    var winner: RepositoryAccess?
    let error = errorThrown {
      try make(store) { _ throws(VaultError) in
        winner = try RepositoryAccess.initialize(
          store, secret: other, plan: plan, beforeFormat: { _ throws(VaultError) in })
      }
    }
    #expect(error == "alreadyExists")
    let opened = try unlock(store, other)
    #expect(opened.repository == winner?.repository)
    #expect(try names(store).count == 3)
  }

  // The faster one deletes the slot of the slower one, which is no damage.
  @Test func whoIsOvertakenHalfwayIsToldSo() throws {
    let store = MemoryStore()
    let error = errorThrown {
      try make(store) { _ throws(VaultError) in
        _ = try RepositoryAccess.initialize(
          store, secret: other, plan: plan, beforeFormat: { _ throws(VaultError) in })
        throw .missing(object: "slots/")
      }
    }
    #expect(error == "alreadyExists")
    _ = try unlock(store, other)
    #expect(try names(store).count == 3)
  }

  @Test func aStoreThatOverwritesIsRefused() throws {
    let store = Overwriting()
    #expect(errorThrown { try make(store) } == "notSupported")
    #expect(try names(store.memory).isEmpty)
  }

  @Test func aFolderHoldsARepository() throws {
    let folder = "/tmp/igudar-keys-\(SystemRandomness().identifier(RunID.self).hex)"
    let store = try LocalStore(creating: FilePath(folder))
    defer { remove(folder, store) }
    let made = try make(store)
    let opened = try unlock(LocalStore(opening: FilePath(folder)))
    #expect(opened.repository == made.repository)
    #expect(errorThrown { try make(store) } == "alreadyExists")
  }

  private func remove(_ folder: String, _ store: LocalStore) {
    for name in (try? names(store)) ?? [] { unsafe unlink("\(folder)/\(name)") }
    for name in ["slots", "keyring", "tmp"] { unsafe rmdir("\(folder)/\(name)") }
    unsafe rmdir(folder)
  }

  // MARK: unlock

  @Test func errorsSayWhatIsWrong() throws {
    let empty = MemoryStore()
    #expect(errorThrown { _ = try unlock(empty) } == "noRepository")
    let store = MemoryStore()
    let access = try make(store)
    #expect(errorThrown { _ = try unlock(store, other) } == "wrongKey")
    #expect(errorThrown { _ = try unlock(store, .newKeyFile()) } == "wrongKey")
    #expect(
      errorThrown { _ = try RepositoryAccess.unlock(store, with: passphrase) } == "limit",
      "the standard limits refuse what costs nothing")

    func broken(_ name: ObjectName, _ change: ([UInt8]) -> [UInt8]?) throws -> String {
      let copy = store.copy()
      let bytes = try copy.read(name, limit: 1 << 20)
      try copy.delete(name)
      if let changed = change(bytes) { copy.overwrite(name, with: changed) }
      return errorThrown { _ = try unlock(copy) }
    }
    let slot = ObjectName.slot(access.slot)
    #expect(try broken(.format) { Array($0.dropLast()) } == "badLength")
    #expect(try broken(.format) { $0 + $0 } == "badLength")
    #expect(try broken(slot) { _ in nil } == "missing")
    #expect(try broken(slot) { [1] + $0.dropFirst() } == "badMagic")
    #expect(try broken(slot) { $0 + [0] } == "badLength")
    // Its owner: it looks like one that an `init` has left.
    #expect(try broken(slot) { $0[..<90] + [$0[90] ^ 4] + $0[91...] } == "malformed")
    #expect(try broken(.keyring(0)) { _ in nil } == "missing")
    #expect(try broken(.keyring(0)) { $0.dropLast() + [$0[4095] ^ 1] } == "notAuthentic")
  }

  @Test func damagedAndForeignSlotsAndKeyringsArePassedOver() throws {
    let store = MemoryStore()
    let access = try make(store)
    let foreign = MemoryStore()
    let theirs = try make(foreign)
    store.overwrite(
      .slot(theirs.slot), with: try foreign.read(.slot(theirs.slot), limit: 512))
    store.overwrite(.slot(SlotID(bytes: Array(0..<16))), with: [1, 2, 3])
    store.overwrite(.keyring(5), with: try foreign.read(.keyring(0), limit: 1 << 20))
    let opened = try unlock(store)
    #expect(opened.slot == access.slot)
    #expect(
      opened.damaged.map(\.name) == [
        "slots/000102030405060708090a0b0c0d0e0f", "keyring/0000000000000005",
      ])
    let listed = try opened.slots()
    #expect(listed.slots.map(\.id) == [access.slot])
    #expect(listed.damaged.count == 1)
  }

  @Test func aKeyringOfAnotherOwnerIsRefused() throws {
    let store = MemoryStore()
    let access = try make(store)
    let foreign = KeyRingTests.keyring(77)
    store.overwrite(
      .keyring(0),
      with: SealedObject.seal(
        secret: foreign.encoded(), as: .keyring, path: "keyring/0000000000000000",
        key: access.rootKey, suite: .xchacha20Poly1305, epoch: 0, repository: access.repository,
        randomness: SystemRandomness()))
    #expect(errorThrown { _ = try unlock(store) } == "malformed")
  }

  @Test func thousandsOfSlotsAreNotTried() throws {
    let store = MemoryStore()
    try make(store)
    for index in 0..<UInt8(RepositoryAccess.slotLimit) {
      store.overwrite(
        .slot(SlotID(bytes: [UInt8](repeating: index, count: 16))), with: [])
    }
    #expect(errorThrown { _ = try unlock(store) } == "limit")
  }

  // MARK: slots

  @Test func slotsAreAddedListedAndRemoved() throws {
    let store = MemoryStore()
    let access = try make(store)
    let file = Secret.newKeyFile()
    let second = try access.addSlot(
      file, cost: testCost,
      information: SlotInformation(
        label: Array("second".utf8), host: [], user: [],
        created: Timestamp(seconds: 2, nanoseconds: 0)))
    let opened = try unlock(store, file)
    #expect(opened.slot == second)
    _ = try unlock(store)
    let slots = try opened.slots().slots
    #expect(slots.count == 2)
    let mine = try #require(slots.first { $0.id == second })
    #expect(mine.kind == .keyFile)
    #expect(try mine.information.get().label == Array("second".utf8))

    try opened.removeSlot(access.slot)
    #expect(errorThrown { _ = try unlock(store) } == "wrongKey")
    #expect(errorThrown { try opened.removeSlot(access.slot) } == "noSlot")
    #expect(errorThrown { try opened.removeSlot(second) } == "lastSlot")
    _ = try unlock(store, file)
  }

  @Test func theHintedSlotIsTriedFirst() throws {
    let store = MemoryStore()
    let access = try make(store)
    let second = try access.addSlot(passphrase, cost: testCost, information: information)
    for hint in [access.slot, second] {
      let opened = try RepositoryAccess.unlock(
        store, with: passphrase, hint: hint, limits: .format)
      #expect(opened.slot == hint)
    }
    _ = try RepositoryAccess.unlock(
      store, with: passphrase, hint: SlotID(bytes: Array(0..<16)), limits: .format)
  }

  @Test func aDamagedSlotDoesNotCountAsAnother() throws {
    let store = MemoryStore()
    let access = try make(store)
    let second = try access.addSlot(other, cost: testCost, information: information)
    var bytes = try store.read(.slot(second), limit: 512)
    bytes[150] ^= 1
    store.overwrite(.slot(second), with: bytes)
    #expect(errorThrown { try access.removeSlot(access.slot) } == "lastSlot")
    try access.removeSlot(second)  // damaged, but it can go
    _ = try unlock(store)
  }

  @Test func aReplacedSecretOpensNoMore() throws {
    let store = MemoryStore()
    let access = try make(store)
    let new = try access.replaceSlot(
      access.slot, with: other, cost: testCost, information: information)
    #expect(try unlock(store, other).slot == new)
    #expect(errorThrown { _ = try unlock(store) } == "wrongKey")
    #expect(try access.slots().slots.count == 1)
    let gone = errorThrown {
      _ = try access.replaceSlot(
        access.slot, with: passphrase, cost: testCost, information: information)
    }
    #expect(gone == "noSlot")
  }

  @Test func aSlotThatDoesNotReadBackIsNotKept() throws {
    let store = Forgetful()
    let access = try make(store)
    store.isForgetting.withLock { $0 = true }
    let error = errorThrown {
      _ = try access.replaceSlot(
        access.slot, with: other, cost: testCost, information: information)
    }
    #expect(error == "verificationFailed")
    store.isForgetting.withLock { $0 = false }
    #expect(try unlock(store).slot == access.slot)
    #expect(try access.slots().slots.count == 1)
  }

  @Test func twoWhoRemoveEachOthersSlotLeaveOne() throws {
    let store = Racing()
    let access = try make(store)
    let second = try access.addSlot(other, cost: testCost, information: information)
    store.victim.withLock { $0 = .slot(second) }
    #expect(errorThrown { try access.removeSlot(access.slot) } == "lastSlot")
    _ = try unlock(store)
  }

  @Test func slotsAreNotAddedWithoutEnd() throws {
    let store = MemoryStore()
    let access = try make(store)
    for _ in 1..<RepositoryAccess.slotLimit {
      _ = try access.addSlot(.newKeyFile(), cost: testCost, information: information)
    }
    let error = errorThrown {
      _ = try access.addSlot(.newKeyFile(), cost: testCost, information: information)
    }
    #expect(error == "limit")
    _ = try unlock(store)
  }
}
