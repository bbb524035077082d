// What can be changed about a snapshot after it was made: tags, description and pin by amendments,
// and that it was forgotten. Each looks at the snapshot again before it is written into the journal,
// so that nobody is told of a change to what is gone.

import Platform
public import Vault

extension Repository {
  /// The snapshots that were forgotten and can be brought back, oldest first.
  public func forgottenSnapshots() throws(RepositoryError) -> [SnapshotInfo] {
    try vaultErrors { () throws(VaultError) in
      try readableSnapshots(in: vault.journal.state) { !$0.isLive }.sortedByTime()
    }
  }

  /// The forgotten snapshot that a selector names.
  ///
  /// - Throws: `selector` when it names none or several.
  public func forgottenSnapshot(
    _ selector: SnapshotSelector
  ) throws(RepositoryError) -> SnapshotInfo {
    guard case .prefix = selector.base else {
      throw .selector("a forgotten snapshot is named by its ID, not by “\(selector.text)”")
    }
    let snapshots = try forgottenSnapshots()
    do throws(SelectorError) {
      return try selector.resolve(among: snapshots, forgotten: true)
    } catch .notFound(let text, _) {
      throw .selector(
        "no forgotten snapshot “\(text)”: it is not forgotten, or prune has taken its data")
    } catch {
      throw .selector("\(error)")
    }
  }

  /// Changes tags, description or pin of a snapshot; its ID stays.
  ///
  /// - Throws: `selector` when it was forgotten meanwhile.
  public func amend(_ id: SnapshotID, _ amendment: Amendment) throws(RepositoryError) {
    try amend(id) { _ in amendment }
  }

  /// Changes a snapshot by what it is when the change is written: what others changed meanwhile is
  /// seen, and nothing of it lost.
  ///
  /// Answers whether anything was changed; nil of `change` is that nothing is to be.
  /// - Throws: `selector` when it was forgotten meanwhile.
  @discardableResult
  public func amend(
    _ id: SnapshotID, by change: (SnapshotInfo) -> Amendment?
  ) throws(RepositoryError) -> Bool {
    var isLive = false
    let entry = try vaultErrors { () throws(VaultError) in
      try vault.access.format.features.requireWritable()
      let run = RunKeys.fresh(
        for: vault.epoch, repository: vault.repositoryID, randomness: vault.randomness)
      return try vault.journal.append { (state) throws(VaultError) in
        let info = try liveSnapshot(id, in: state)
        isLive = info != nil
        guard let amendment = info.flatMap(change) else { return nil }
        let note = Note.seal(
          amendment.encoded, for: JournalBody.amendType, run: run, randomness: vault.randomness)
        return .amend(id, note: note)
      }
    }
    guard isLive else {
      throw .selector("snapshot \(id.shortHex) was forgotten meanwhile; nothing was changed")
    }
    return entry != nil
  }

  /// Protects a snapshot from being forgotten.
  ///
  /// - Throws: `selector` when it was forgotten meanwhile.
  public func pin(_ id: SnapshotID, _ pin: Pin) throws(RepositoryError) {
    var amendment = Amendment()
    amendment.pin = .pin(pin)
    try amend(id, amendment)
  }

  /// Ends the protection of a snapshot.
  ///
  /// - Throws: `selector` when it was forgotten meanwhile.
  public func unpin(_ id: SnapshotID) throws(RepositoryError) {
    var amendment = Amendment()
    amendment.pin = .unpin
    try amend(id, amendment)
  }

  /// Brings forgotten snapshots back; those that are not forgotten stay as they are.
  ///
  /// - Throws: `selector` when a prune took the data of one meanwhile; none is brought back then.
  public func unforget(_ ids: [SnapshotID]) throws(RepositoryError) {
    var swept: SnapshotID?
    try vaultErrors { () throws(VaultError) in
      try vault.access.format.features.requireWritable()
      try vault.journal.append { (state) throws(VaultError) in
        swept = ids.first { state.commit($0) == nil }
        let forgotten = ids.filter { !state.isLive($0) }
        return swept != nil || forgotten.isEmpty ? nil : .revive(forgotten)
      }
    }
    if let swept {
      throw .selector("snapshot \(swept.shortHex) is gone: prune has taken its data")
    }
  }
}
