// A look at single objects of a repository, decoded and checked, for people who want to know what is
// there. Nothing here changes anything, and no key is shown.

package import Storage
package import Vault

/// A pack without its data.
package struct PackContents: Sendable {
  /// The object's bytes.
  package let size: Int
  package let header: PackHeader
  package let directory: PackDirectory
}

/// Single objects of an open repository.
package struct Inspection: Sendable {
  private let repository: Repository

  package init(_ repository: Repository) {
    self.repository = repository
  }

  private var vault: Vault { repository.vault }

  package var format: FormatObject { vault.access.format }
  package var keyring: KeyRing { vault.access.keyring }
  package var journal: JournalState { vault.journal.state }

  /// The objects below a prefix whose names begin with these digits, at most two.
  package func objects(_ prefix: String) throws(RepositoryError) -> [ObjectName] {
    var found: [ObjectName] = []
    try vaultErrors { () throws(VaultError) in
      do throws(StoreError) {
        try vault.store.list(prefix: prefix, after: nil) { name, _ in
          found.append(name)
          return found.count < 2
        }
      } catch { throw .store(error) }
    }
    return found
  }

  /// The packs whose hashes begin with these digits, at most two of those that are there; where there are
  /// none, those that the index knows, which are lost.
  package func packs(beginningWith digits: String) throws(RepositoryError) -> [ObjectHash] {
    let names = try objects("packs/\(digits.prefix(2))/\(digits)")
    let stored = names.compactMap { ObjectHash(hex: $0.lastPart) }
    guard stored.isEmpty else { return stored }
    return try vaultErrors { () throws(VaultError) in
      var found: [ObjectHash] = []
      try vault.loadIndex()
      let listed = try vault.index.listedPacks(in: vault.journal.state)
      try vault.index.forEachPack { (pack) throws(VaultError) in
        if listed.contains(pack.number), pack.hash.hex.hasPrefix(digits) { found.append(pack.hash) }
        return true
      }
      return found
    }
  }

  /// What is in a pack.
  package func pack(_ name: ObjectHash) throws(RepositoryError) -> PackContents {
    try vaultErrors { () throws(VaultError) in
      let size = try vault.size(of: .pack(name))
      return PackContents(
        size: size, header: try vault.packReader.keys(of: name).header,
        directory: try vault.packReader.directory(of: name, size: size))
    }
  }

  /// An index segment.
  package func segment(_ name: ObjectHash) throws(RepositoryError) -> Segment {
    try vaultErrors { () throws(VaultError) in try vault.segment(name) }
  }

  /// A chunk, of whatever kind the index says it is.
  package func chunk(
    _ id: ChunkID
  ) throws(RepositoryError) -> (kind: ChunkKind, bytes: [UInt8]) {
    try vaultErrors { () throws(VaultError) in
      try vault.loadIndex()
      let reader = try ChunkReader(vault: vault)
      let kind = try reader.requirePlace(of: id).kind
      return (kind, try reader.read(id, kind: kind))
    }
  }

  /// A tree node, taken apart.
  package func node(_ id: ChunkID, _ bytes: [UInt8]) throws(RepositoryError) -> TreeNode {
    try vaultErrors { () throws(VaultError) in
      do throws(Damage) { return try TreeNode(decoding: bytes) } catch {
        throw .damagedNode(id, error)
      }
    }
  }

  /// An entry of the journal.
  package func entry(_ number: UInt64) throws(RepositoryError) -> JournalEntry {
    try vaultErrors { () throws(VaultError) in try vault.journal.entry(number) }
  }

  /// The snapshot that a commit entry wrote, without what was amended later.
  package func snapshot(
    _ commit: JournalBody.Commit, in entry: JournalEntry
  ) throws(RepositoryError) -> SnapshotInfo {
    let record = try record(commit.note, JournalBody.commitType, entry)
    let snapshot = try decoded(in: entry) { () throws(Damage) in
      try Snapshot(decoding: record.rawSpan)
    }
    return SnapshotInfo(
      id: entry.snapshotID, number: entry.number, snapshot: snapshot,
      isPartial: commit.isPartial)
  }

  /// What an amend entry changed.
  package func amendment(
    _ amend: JournalBody.Amend, in entry: JournalEntry
  ) throws(RepositoryError) -> Amendment {
    let record = try record(amend.note, JournalBody.amendType, entry)
    return try decoded(in: entry) { () throws(Damage) in
      try Amendment(decoding: record.rawSpan)
    }
  }

  private func record(
    _ note: [UInt8], _ type: UInt8, _ entry: JournalEntry
  ) throws(RepositoryError) -> [UInt8] {
    try vaultErrors { () throws(VaultError) in
      try Note.open(
        note, for: type, runs: vault.runKeys, object: JournalEntry.path(entry.number))
    }
  }

  private func decoded<Value>(
    in entry: JournalEntry, _ decode: () throws(Damage) -> Value
  ) throws(RepositoryError) -> Value {
    try vaultErrors { () throws(VaultError) in
      do throws(Damage) { return try decode() } catch {
        throw .damaged(object: JournalEntry.path(entry.number), error)
      }
    }
  }
}
