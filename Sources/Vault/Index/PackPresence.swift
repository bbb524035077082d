// Which packs of the index the store really has. A run that adds looks before it begins: a chunk
// whose pack is gone or of another size is stored again, never relied on.

import Storage

/// What a listing of a store says of the packs of an index.
struct PackPresence {
  private let index: IndexCache
  private var whole = PackNumbers()
  private var batch: [SegmentPack] = []
  private static let batchSize = 1024

  init(_ index: IndexCache) {
    self.index = index
  }

  /// Takes a pack that the store lists.
  mutating func add(_ name: ObjectHash, size: Int) throws(VaultError) {
    batch.append(SegmentPack(name: name, size: UInt32(clamping: size)))
    if batch.count == Self.batchSize { try settle() }
  }

  /// The packs of the index that the store did not list with their size.
  mutating func absent() throws(VaultError) -> [IndexedPack] {
    try settle()
    var absent: [IndexedPack] = []
    try index.forEachPack { (pack) throws(VaultError) in
      if pack.size > 0, pack.state != .swept, !whole.contains(pack.number) { absent.append(pack) }
      return true
    }
    return absent
  }

  private mutating func settle() throws(VaultError) {
    for pack in try index.packs(named: batch.map(\.name), sized: batch.map(\.size)) {
      whole.insert(pack)
    }
    batch.removeAll(keepingCapacity: true)
  }
}

extension Vault {
  /// The numbers of packs that the index speaks of and that are not in the store as it knows them.
  ///
  /// The index must be loaded before: a pack that is stored meanwhile is in no index yet. Packs
  /// that a prune is about to delete may be among them; of others it is told.
  func absentPacks() throws(VaultError) -> Set<UInt32> {
    var presence = PackPresence(index)
    try objects("packs/") { (name, size) throws(VaultError) in
      guard let hash = ObjectHash(hex: name.lastPart) else { return }
      try presence.add(hash, size: size)
    }
    let absent = try presence.absent()
    // A prune of this process may have swept some since the states were followed.
    let journaled = journal.state
    let lost = absent.filter { $0.state == .live && !journaled.isSwept($0.hash) }
    if let first = lost.first {
      warn(
        "\(ObjectName.pack(first.hash))\(lost.count == 1 ? "" : " and \(lost.count - 1) more") "
          + "missing or of another size; what is needed of it and still at its source is stored "
          + "again; “igudar check” tells what is lost")
    }
    return Set(absent.map(\.number))
  }
}
