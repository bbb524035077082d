// The ways to unlock a repository: listed, added, removed, replaced. The last one that can open it
// is never removed. Whoever has kept a copy of a removed slot and its secret still has the root
// key; only a new repository shuts him out.

internal import Storage

/// What is known of a slot.
package struct SlotDescription: Sendable {
  package let id: SlotID
  package let kind: Slot.Kind
  package let cost: Argon2Cost
  /// What it says about itself, or why that cannot be believed.
  package let information: Result<SlotInformation, Damage>
}

extension RepositoryAccess {
  /// The slots in the order of their names, and those that have not even the form of one.
  package func slots() throws(VaultError) -> (slots: [SlotDescription], damaged: [DamagedObject]) {
    var damaged: [DamagedObject] = []
    let slots = try Self.slots(of: store, owner: format.owner, &damaged)
    return (slots.map(describe), damaged)
  }

  /// Slots that name another owner and open nothing.
  ///
  /// An `init` that was never finished has left them, or they are damaged.
  package func foreignSlots() throws(VaultError) -> [SlotID] {
    var foreign: [SlotID] = []
    for id in try Self.slotIDs(of: store) {
      guard let bytes = try? Self.read(.slot(id), from: store, limit: Slot.size),
        let slot = try? Slot(parsing: bytes, id: id), slot.owner != format.owner
      else { continue }
      foreign.append(id)
    }
    return foreign
  }

  private func describe(_ slot: Slot) -> SlotDescription {
    let information = Result { () throws(Damage) in
      try slot.information(rootKey: rootKey, repository: repository)
    }
    return SlotDescription(
      id: slot.id, kind: slot.kind, cost: slot.cost, information: information)
  }

  /// Makes another way to unlock the repository; it was read back and opened on return.
  ///
  /// Throws `.limit` where there are as many slots as there may be, or a key file opens one already.
  package func addSlot(
    _ secret: Secret, cost: Argon2Cost, information: SlotInformation,
    randomness: some Randomness = SystemRandomness()
  ) throws(VaultError) -> SlotID {
    try format.features.requireWritable()
    guard try Self.slotIDs(of: store).count < Self.slotLimit else {
      throw .limit("a repository has at most \(Self.slotLimit) slots")
    }
    if let id = try slot(openedBy: secret) {
      throw .limit("this key file opens the repository already: it is key \(id.hex.prefix(8))")
    }
    let slot = try Slot.make(
      for: rootKey, secret: secret, cost: cost, suite: keyring.currentEpoch.suite,
      repository: repository, owner: format.owner, information: information,
      randomness: randomness)
    do {
      try slot.write(to: store, opensWith: secret, as: rootKey, repository: repository)
    } catch {
      try? store.delete(.slot(slot.id))
      throw error
    }
    return slot.id
  }

  // Of key files alone, which cost nothing to try.
  private func slot(openedBy secret: Secret) throws(VaultError) -> SlotID? {
    guard case .keyFile = secret else { return nil }
    var damaged: [DamagedObject] = []
    return try Self.slots(of: store, owner: format.owner, &damaged).first { slot in
      slot.kind == .keyFile
        && ((try? slot.open(with: secret, repository: repository, limits: .format)) ?? nil) != nil
    }?.id
  }

  /// Takes a slot away.
  ///
  /// Throws `.noSlot` where there is none with this name, `.lastSlot` where no other slot would
  /// be left that is whole.
  package func removeSlot(_ id: SlotID) throws(VaultError) {
    try format.features.requireWritable()
    let name = ObjectName.slot(id)
    let bytes: [UInt8]
    do {
      bytes = try Self.read(name, from: store, limit: Slot.size)
    } catch .missing {
      throw .noSlot(id.hex)
    }
    guard try hasSlot(besides: id) else { throw .lastSlot }
    try Self.attempt { () throws(StoreError) in
      try store.delete(name)
      try store.barrier()
    }
    // Somebody may have removed the others meanwhile: then this one stays.
    guard try hasSlot(besides: id) else {
      _ = try Self.create(name, bytes, in: store)
      try Self.attempt { () throws(StoreError) in try store.barrier() }
      throw .lastSlot
    }
  }

  // Only slots whose information opens are known to be whole.
  private func hasSlot(besides id: SlotID) throws(VaultError) -> Bool {
    try slots().slots.contains { slot in
      guard slot.id != id, case .success = slot.information else { return false }
      return true
    }
  }

  /// Makes a slot for a new secret and, once that opens, takes the old slot away.
  package func replaceSlot(
    _ old: SlotID, with secret: Secret, cost: Argon2Cost, information: SlotInformation,
    randomness: some Randomness = SystemRandomness()
  ) throws(VaultError) -> SlotID {
    guard try slots().slots.contains(where: { $0.id == old }) else { throw .noSlot(old.hex) }
    let new = try addSlot(secret, cost: cost, information: information, randomness: randomness)
    try removeSlot(old)
    return new
  }
}
