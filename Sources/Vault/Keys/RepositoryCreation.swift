// Making a repository. The order of writes:
//
//   1. the store is probed, and must be empty but for what an unfinished `init` can leave
//   2. keyring/<next free number>, slots/<random>
//   3. barrier; both are read back and opened
//   4. the caller's part: entry 0 of the journal (created only if absent)
//   5. barrier
//   6. format, only if absent; barrier
//   7. what unfinished ones left is deleted
//
// A crash before 4 leaves a keyring and a slot that nobody can use; a second `init` passes them
// over (another number, another slot ID, another owner) and deletes them in the end. A crash
// between 4 and 6 leaves a journal without a format: a second `init` refuses it and says what to
// delete, because a repository that lost its format looks the same. Of two at the same time one
// creates the journal's entry and the format; the other is refused and takes its own objects away.

package import Storage

/// What a new repository is to be.
public struct RepositoryPlan: Sendable {
  /// The cost of a passphrase's hash.
  public var cost = Argon2Cost.standard
  /// The cipher, for as long as the repository lives.
  public var suite = Suite.xchacha20Poly1305
  /// The size of a full pack in bytes, a power of two from 4 MiB to 128 MiB.
  public var packSize = FormatObject.standardPackSize
  /// The sizes of chunks.
  public var chunker = ChunkerParameters.standard
  /// What is said of the first slot.
  public var information: SlotInformation

  /// The defaults.
  public init(information: SlotInformation) {
    self.information = information
  }
}

extension RepositoryAccess {
  /// Makes a repository in a store.
  ///
  /// `beforeFormat` gets the access while the repository does not exist yet, to append entry 0 of
  /// the journal. Throws `.alreadyExists` for a place that holds a repository or parts of one,
  /// `.notSupported` for a store without create-if-absent or a processor without the cipher.
  package static func initialize(
    _ store: any ObjectStore, secret: Secret, plan: RepositoryPlan,
    randomness: some Randomness = SystemRandomness(),
    beforeFormat: (RepositoryAccess) throws(VaultError) -> Void
  ) throws(VaultError) -> RepositoryAccess {
    try plan.suite.requireAvailable()
    let keyring = KeyRing(
      generating: plan.suite, chunker: plan.chunker, randomness: randomness)
    let format = try FormatObject(
      packSize: plan.packSize, repository: randomness.identifier(RepositoryID.self),
      features: FeatureSets(for: plan.suite), owner: keyring.ownerPublicKey)
    let leftovers = try requireEmpty(store)
    try probe(store, randomness)
    let making = Making(
      store: store, format: format, keyring: keyring, rootKey: .random(randomness))
    var written: [ObjectName] = []
    let access: RepositoryAccess
    do {
      access = try making.writeKeys(secret, plan, leftovers, randomness, &written)
      try beforeFormat(access)
    } catch {
      // Nothing names these objects, and their names are nobody else's.
      for name in written { try? store.delete(name) }
      // Another `init` deletes what it takes for the rest of an unfinished one.
      if hasFormat(store) { throw Self.overtaken(store) }
      throw error
    }
    try making.writeFormat(&written)
    for name in leftovers { try? store.delete(name) }
    return access
  }

  private static func hasFormat(_ store: any ObjectStore) -> Bool {
    (try? read(.format, from: store, limit: FormatObject.size)) != nil
  }

  fileprivate static func overtaken(_ store: any ObjectStore) -> VaultError {
    .alreadyExists("\(store.location), where another `init` was faster")
  }

  // What an unfinished `init` left, if there is nothing else.
  private static func requireEmpty(_ store: any ObjectStore) throws(VaultError) -> [ObjectName] {
    do throws(VaultError) {
      _ = try read(.format, from: store, limit: FormatObject.size)
      throw .alreadyExists(store.location)
    } catch .missing {
      // as it should be
    } catch .damaged {
      throw .alreadyExists(store.location)
    }
    for prefix in ["packs/", "index/", "journal/"] {
      var found: ObjectName?
      try list(prefix, of: store) { name in
        found = name
        return false
      }
      if let found {
        throw .alreadyExists(
          "\(store.location), which holds \(found) but no `format`: a damaged repository, or an"
            + " `init` that was interrupted; in the latter case delete slots, keyring and journal")
      }
    }
    var leftovers: [ObjectName] = []
    for prefix in ["slots/", "keyring/"] {
      try list(prefix, of: store) { name in
        leftovers.append(name)
        return leftovers.count < slotLimit
      }
    }
    return leftovers
  }

  // Create-if-absent must create, then refuse, and keep what was there.
  private static func probe(
    _ store: any ObjectStore, _ randomness: some Randomness
  ) throws(VaultError) {
    let name = ObjectName.slot(randomness.identifier(SlotID.self))
    let (first, second) = (Array("first".utf8), Array("second".utf8))
    let creations = try (create(name, first, in: store), create(name, second, in: store))
    let kept = try read(name, from: store, limit: Slot.size)
    try attempt { () throws(StoreError) in try store.delete(name) }
    guard creations == (.created, .existed), kept == first else {
      throw .notSupported(
        "\(store.location) overwrites objects: it lacks create-if-absent, without which two"
          + " clients could destroy each other's work")
    }
  }

  static func create(
    _ name: ObjectName, _ bytes: [UInt8], in store: any ObjectStore
  ) throws(VaultError) -> Creation {
    try attempt { () throws(StoreError) in try store.create(name, bytes) }
  }
}

/// A repository of which not everything is written yet.
private struct Making {
  let store: any ObjectStore
  let format: FormatObject
  let keyring: KeyRing
  let rootKey: SecretKey

  func writeKeys(
    _ secret: Secret, _ plan: RepositoryPlan, _ leftovers: [ObjectName],
    _ randomness: some Randomness, _ written: inout [ObjectName]
  ) throws(VaultError) -> RepositoryAccess {
    let name = try writeKeyring(plan.suite, leftovers, randomness)
    written.append(name)
    let slot = try Slot.make(
      for: rootKey, secret: secret, cost: plan.cost, suite: plan.suite,
      repository: format.repository, owner: format.owner, information: plan.information,
      randomness: randomness)
    written.append(.slot(slot.id))
    try slot.write(
      to: store, opensWith: secret, as: rootKey, repository: format.repository)
    _ = try RepositoryAccess.keyring(name, of: store, format, rootKey)
    return RepositoryAccess(
      store: store, format: format, keyring: keyring, rootKey: rootKey, slot: slot.id,
      damaged: [])
  }

  private func writeKeyring(
    _ suite: Suite, _ leftovers: [ObjectName], _ randomness: some Randomness
  ) throws(VaultError) -> ObjectName {
    var sequence: UInt64 = 0
    while true {
      let name = ObjectName.keyring(sequence)
      if !leftovers.contains(name) {
        let stored = SealedObject.seal(
          secret: keyring.encoded(), as: .keyring, path: name.description, key: rootKey,
          suite: suite, epoch: 0, repository: format.repository, randomness: randomness)
        if try isCreated(name, stored) { return name }
      }
      sequence += 1
      guard sequence < UInt64(RepositoryAccess.slotLimit) else {
        throw .alreadyExists("\(store.location), which holds keyrings but no `format`")
      }
    }
  }

  // A store that repeats a call whose answer was lost says that the object existed: it is ours.
  private func isCreated(_ name: ObjectName, _ bytes: [UInt8]) throws(VaultError) -> Bool {
    if try RepositoryAccess.create(name, bytes, in: store) == .created { return true }
    return try RepositoryAccess.read(name, from: store, limit: bytes.count) == bytes
  }

  func writeFormat(_ written: inout [ObjectName]) throws(VaultError) {
    try RepositoryAccess.attempt { () throws(StoreError) in try store.barrier() }
    guard try isCreated(.format, format.signed(by: keyring.owner)) else {
      for name in written { try? store.delete(name) }
      throw RepositoryAccess.overtaken(store)
    }
    try RepositoryAccess.attempt { () throws(StoreError) in try store.barrier() }
  }
}

extension Slot {
  /// Writes a new slot, reads it back and opens it, as order rule 7 demands.
  func write(
    to store: any ObjectStore, opensWith secret: Secret, as rootKey: SecretKey,
    repository: RepositoryID
  ) throws(VaultError) {
    let name = ObjectName.slot(id)
    _ = try RepositoryAccess.create(name, bytes, in: store)
    try RepositoryAccess.attempt { () throws(StoreError) in try store.barrier() }
    let stored = try RepositoryAccess.read(name, from: store, limit: Slot.size)
    guard
      stored == bytes,
      let opened = try open(with: secret, repository: repository, limits: .format),
      opened.isEqual(to: rootKey)
    else { throw .verificationFailed(objectName) }
  }
}
