// An unlocked repository: what it is, its keys, and the slots that lead to them.
//
// A repository is there when its `format` is there, and `format` is created last, only if absent.
// What a crash leaves before that is never taken for a repository (see RepositoryCreation).

package import Storage

/// An object that was met and could not be used.
public struct DamagedObject: Hashable, Sendable {
  /// The object's name.
  public let name: String
  /// What is wrong with it.
  public let damage: Damage
}

/// A repository that was unlocked.
package struct RepositoryAccess: Sendable {
  package let store: any ObjectStore
  package let format: FormatObject
  package let keyring: KeyRing
  package let rootKey: SecretKey
  /// The slot that opened.
  package let slot: SlotID
  /// Slots and keyrings that were met on the way and are damaged; others did in their place.
  package let damaged: [DamagedObject]

  package var repository: RepositoryID { format.repository }

  /// More slots than this are an attack: each can cost a passphrase's hash.
  package static let slotLimit = 64
  // A store can invent any number of keyrings; the newest of these decide.
  private static let keyringLimit = 16

  // MARK: Unlocking

  /// Opens the repository in a store.
  ///
  /// Passphrase slots are tried one after the other, each at its own cost, `hint` first. Throws
  /// `.noRepository`, `.newer`, `.notSupported`, `.wrongKey` where no slot opens with the secret,
  /// `.damaged` or `.missing` where the damage is such that none can.
  package static func unlock(
    _ store: any ObjectStore, with secret: Secret, hint: SlotID? = nil,
    limits: Argon2Cost.Limits = .standard
  ) throws(VaultError) -> RepositoryAccess {
    try unlock(store, format(of: store), with: secret, hint: hint, limits: limits)
  }

  /// The same of a repository whose format was read.
  static func unlock(
    _ store: any ObjectStore, _ format: FormatObject, with secret: Secret, hint: SlotID? = nil,
    limits: Argon2Cost.Limits = .standard
  ) throws(VaultError) -> RepositoryAccess {
    if format.features.incompatible & FeatureSets.suite2 != 0 {
      try Suite.aes256GCM.requireAvailable()
    }
    var damaged: [DamagedObject] = []
    var slots = try slots(of: store, owner: format.owner, &damaged)
    if let index = slots.firstIndex(where: { $0.id == hint }) { slots.swapAt(0, index) }
    let (rootKey, slot) = try open(slots, secret, format.repository, limits, &damaged)
    let keyring = try keyring(of: store, format, rootKey, &damaged)
    return RepositoryAccess(
      store: store, format: format, keyring: keyring, rootKey: rootKey, slot: slot,
      damaged: damaged)
  }

  /// What the repository in a store is, without any key.
  package static func format(of store: any ObjectStore) throws(VaultError) -> FormatObject {
    let bytes: [UInt8]
    do {
      bytes = try read(.format, from: store, limit: FormatObject.size)
    } catch .missing {
      throw .noRepository(store.location)
    } catch .store(.absent) {
      throw .noRepository(store.location)
    }
    return try FormatObject.decode(bytes)
  }

  private static func open(
    _ slots: [Slot], _ secret: Secret, _ repository: RepositoryID, _ limits: Argon2Cost.Limits,
    _ damaged: inout [DamagedObject]
  ) throws(VaultError) -> (SecretKey, SlotID) {
    var refusal: VaultError?
    var isRefused = false
    for slot in slots {
      do {
        let key = try slot.open(with: secret, repository: repository, limits: limits)
        if let key { return (key, slot.id) }
        isRefused = true
      } catch .damaged(let object, let damage) {
        damaged.append(DamagedObject(name: object, damage: damage))
      } catch {
        // A cost that is refused, or that this machine cannot pay: another slot may do.
        refusal = error
      }
    }
    if let refusal { throw refusal }
    if isRefused { throw .wrongKey }
    if let first = damaged.first { throw .damaged(object: first.name, first.damage) }
    throw .missing(object: "slots/")
  }

  /// The slots of the format's owner that have the right form, in the order of their names.
  ///
  /// Slots of other owners are left by an `init` that was never finished, and are no damage unless
  /// there are no others.
  static func slots(
    of store: any ObjectStore, owner: PublicKey, _ damaged: inout [DamagedObject]
  ) throws(VaultError) -> [Slot] {
    var slots: [Slot] = []
    var foreign: [SlotID] = []
    for id in try slotIDs(of: store) {
      let bytes: [UInt8]
      do {
        bytes = try read(.slot(id), from: store, limit: Slot.size)
      } catch .missing {
        continue  // removed since it was listed
      } catch .damaged(let object, let damage) {
        damaged.append(DamagedObject(name: object, damage: damage))
        continue
      }
      do throws(Damage) {
        let slot = try Slot(parsing: bytes, id: id)
        if slot.owner == owner { slots.append(slot) } else { foreign.append(id) }
      } catch {
        damaged.append(DamagedObject(name: "slots/\(id.hex)", damage: error))
      }
    }
    // One was of the format's owner.
    if slots.isEmpty {
      let damage = Damage.malformed("it names another owner than `format`, and no slot names that")
      damaged += foreign.map { DamagedObject(name: "slots/\($0.hex)", damage: damage) }
    }
    return slots
  }

  /// What should be slots and has not even the form of one.
  package static func damagedSlots(
    of store: any ObjectStore
  ) throws(VaultError) -> [DamagedObject] {
    var damaged: [DamagedObject] = []
    _ = try slots(of: store, owner: try format(of: store).owner, &damaged)
    return damaged
  }

  static func slotIDs(of store: any ObjectStore) throws(VaultError) -> [SlotID] {
    var ids: [SlotID] = []
    try list("slots/", of: store) { name in
      if case .slot(let id) = name.kind, let id = SlotID(hex: id) { ids.append(id) }
      return ids.count <= slotLimit
    }
    guard ids.count <= slotLimit else { throw .limit("more than \(slotLimit) slots") }
    return ids
  }

  // The keyring with the highest number that opens and belongs to the format's owner.
  private static func keyring(
    of store: any ObjectStore, _ format: FormatObject, _ rootKey: SecretKey,
    _ damaged: inout [DamagedObject]
  ) throws(VaultError) -> KeyRing {
    var first: VaultError = .missing(object: "keyring/")
    var isFirst = true
    for sequence in try keyringSequences(of: store).suffix(keyringLimit).reversed() {
      let name = ObjectName.keyring(sequence)
      do {
        return try keyring(name, of: store, format, rootKey)
      } catch {
        if case .store = error { throw error }
        if case .damaged(let object, let damage) = error {
          damaged.append(DamagedObject(name: object, damage: damage))
        }
        if isFirst { first = error }
        isFirst = false
      }
    }
    throw first
  }

  static func keyring(
    _ name: ObjectName, of store: any ObjectStore, _ format: FormatObject, _ rootKey: SecretKey
  ) throws(VaultError) -> KeyRing {
    let stored = try read(name, from: store, limit: SealedObject.Kind.keyring.sizeLimit)
    let path = name.description
    do throws(Damage) {
      let payload = try SealedObject.open(
        secret: stored, as: .keyring, path: path, key: rootKey, repository: format.repository)
      let keyring = try KeyRing.decode(payload)
      guard keyring.ownerPublicKey == format.owner else {
        throw .malformed("another owner's than the format's")
      }
      return keyring
    } catch {
      throw .damaged(object: path, error)
    }
  }

  static func keyringSequences(of store: any ObjectStore) throws(VaultError) -> [UInt64] {
    var sequences: [UInt64] = []
    try list("keyring/", of: store) { name in
      if case .keyring(let sequence) = name.kind { sequences.append(sequence) }
      if sequences.count > 2 * keyringLimit { sequences.removeFirst(keyringLimit) }
      return true
    }
    return sequences
  }

  // MARK: The store's errors as the vault's

  /// A whole object in one call; larger ones than the limit are damaged.
  static func read(
    _ name: ObjectName, from store: any ObjectStore, limit: Int
  ) throws(VaultError) -> [UInt8] {
    var failure: StoreError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
      do throws(StoreError) {
        count = try unsafe store.read(name, at: 0, into: UnsafeMutableRawBufferPointer(buffer))
      } catch {
        failure = error
      }
    }
    if let failure { throw VaultError(failure, reading: name.description) }
    guard bytes.count <= limit else { throw .damaged(object: name.description, .badLength) }
    return bytes
  }

  static func list(
    _ prefix: String, of store: any ObjectStore, _ body: (ObjectName) -> Bool
  ) throws(VaultError) {
    try attempt { () throws(StoreError) in
      try store.list(prefix: prefix, after: nil) { name, _ in body(name) }
    }
  }

  static func attempt<Result>(
    _ body: () throws(StoreError) -> Result
  ) throws(VaultError) -> Result {
    do {
      return try body()
    } catch {
      throw .store(error)
    }
  }
}
