// Snapshots that no backup would make, sealed by the code that seals real ones: what a hostile
// writer with the key can store.

import Platform
import Testing
import Vault

@testable import Igudar

/// A snapshot that is put together by hand.
struct CraftedSnapshot {
  private let harvest: Harvest
  private let run: Run
  private let lane: Lane

  init(in harvest: Harvest) throws {
    self.harvest = harvest
    try harvest.repository.vault.prepareToWrite()
    run = try harvest.repository.vault.begin()
    lane = try run.lane()
  }

  /// Stores a chunk and answers its ID.
  func chunk(_ bytes: [UInt8], kind: ChunkKind = .data) throws -> ChunkID {
    try unsafe bytes.withUnsafeBytes { try unsafe lane.put($0, kind: kind).id }
  }

  /// Stores a node of a folder with these encoded entries, whatever they say.
  func folder(_ entries: [[UInt8]]) throws -> Children {
    var writer = ByteWriter(capacity: 256)
    writer.u8(NodeType.directoryLeaf.rawValue)
    writer.u8(0)
    writer.varint(UInt64(entries.count))
    for entry in entries { writer.prefixed(entry) }
    return .nodes(TreeReference(level: 0, id: try chunk(writer.bytes, kind: .tree)))
  }

  func folder(_ entries: [Entry]) throws -> Children { try folder(entries.map(\.encoded)) }

  /// Ends the snapshot with what its root holds.
  func commit(_ children: Children) throws -> SnapshotInfo {
    try lane.flush()
    let root = CraftedSnapshot.entry("", .directory(children), mode: 0o755)
    let snapshot = Snapshot(root: root, time: .now())
    let id = try run.commit(snapshot.encoded, isPartial: false)
    return try #require(try harvest.repository.snapshots().first { $0.id == id })
  }

  /// An entry of the user who runs the tests.
  static func entry(_ name: String, _ kind: Entry.Kind, mode: UInt16 = 0o644) -> Entry {
    let (uid, gid) = processIdentity()
    return Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: kind, mode: mode, uid: uid, gid: gid,
      mtime: Timestamp(seconds: 1_000_000_000, nanoseconds: 5))
  }
}
