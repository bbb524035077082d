// The versions of one file, snapshot by snapshot. What another host has at the same path is another
// file; what a snapshot was not made of it says nothing about, and neither what the backup of a
// partial one had not reached.

public import Platform
import Vault

/// A version of a file, as the first snapshot of it has it.
public struct FileVersion: Sendable {
  /// The first snapshot with this version.
  public let snapshot: SnapshotInfo
  /// The file; nil if the snapshot should have it and does not any more.
  public let entry: Entry?
  /// Whether the file is missing from a snapshot that lacks what could not be read, and may be that.
  public let mayBeUnread: Bool
  /// The version before it on the same host; nil if there is none, or it was gone.
  public let previous: Entry?
  /// What is different since the version before.
  public let change: EntryChange
}

extension Repository {
  /// Tells the versions of a file or directory through snapshots, which are given oldest first.
  ///
  /// The path is one of this machine, or in the snapshots. `found` answers whether to go on;
  /// `unreadable` gets snapshots in which the way to the path cannot be read.
  /// - Throws: `interrupted`, and what the store and local places can throw.
  public func history(
    of path: FilePath, in snapshots: [SnapshotInfo],
    unreadable: (SnapshotInfo, RepositoryError) -> Void, found: (FileVersion) -> Bool
  ) throws(RepositoryError) {
    vault.allowRereadingIndex()
    let source = try vaultErrors { () throws(VaultError) in try nodeSource() }
    var last: [[UInt8]: Entry] = [:]
    for snapshot in snapshots {
      guard Interrupt.requested == 0 else { throw .interrupted }
      let entry: Entry?
      var isCovered = true
      do throws(RepositoryError) {
        let names = try place(of: path, in: snapshot)
        isCovered = try covers(names, snapshot)
        entry = try vaultErrors { () throws(VaultError) in
          try DirectoryReader.find(names, below: snapshot.snapshot.root, from: source)
        }
      } catch {
        guard case .damaged = error else { throw error }
        unreadable(snapshot, error)
        continue
      }
      if snapshot.isPartial && entry?.isInPart ?? true { continue }
      let before = last[snapshot.host]
      guard entry != nil || isCovered, let version = FileVersion(entry, before, in: snapshot) else {
        continue
      }
      last[snapshot.host] = entry
      guard found(version) else { return }
    }
  }
}

extension Entry {
  // Of a folder nobody knows whether a partial snapshot has all that was in it.
  fileprivate var isInPart: Bool { type == .directory }
}

extension FileVersion {
  /// Nil if nothing is new.
  fileprivate init?(_ entry: Entry?, _ previous: Entry?, in snapshot: SnapshotInfo) {
    self.snapshot = snapshot
    self.entry = entry
    self.previous = previous
    mayBeUnread = entry == nil && snapshot.snapshot.unreadableCount > 0
    switch (previous, entry) {
    case (nil, nil): return nil
    case (nil, _), (_, nil): change = []
    case (let old?, let new?):
      var change = EntryChange(from: old, to: new)
      if old.type == .directory && old.children != new.children { change.insert(.content) }
      if change.isEmpty { return nil }
      self.change = change
    }
  }
}
