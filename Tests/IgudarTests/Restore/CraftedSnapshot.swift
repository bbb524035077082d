// Snapshots that no backup would make, sealed by the code that seals real ones: what a hostile
// writer with the key can store.

import Platform
import Testing

@testable import Igudar
@testable import Vault

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

  /// Stores a frame of one chunk of 64 KiB of zeros whose compressed data holds `size` zeros and
  /// whose header declares another length.
  func bomb(of size: Int, declaring declared: Int) throws -> ChunkID {
    let chunk = [UInt8](repeating: 0, count: 64 << 10)
    let hasher = harvest.repository.vault.hasher
    let id = unsafe chunk.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .data) }
    let word = UInt32(declared) | UInt32(FrameCodec.zstd.rawValue) << 24
    var inner = (0..<4).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
    var packed = [UInt8](repeating: 0, count: 64 << 10)
    let zeros = [UInt8](repeating: 0, count: size)
    let count = try #require(
      unsafe zeros.withUnsafeBytes { zeros in
        unsafe packed.withUnsafeMutableBytes {
          unsafe Compressor(level: 3).compress(zeros, into: $0)
        }
      })
    inner += packed[..<count]
    let stored = inner.count + 32
    let (pack, offset) = try run.packs.reserve(
      FrameDescription(
        storedLength: UInt32(stored), plainLength: UInt32(chunk.count), chunkCount: 1,
        codec: .zstd, kind: .data), ids: [id], lengths: [UInt32(chunk.count)])
    unsafe inner.withUnsafeBytes { inner in
      unsafe pack.keys.sealFrame(
        inner: inner, tail: pack.keys.nonceTail(offset: offset, chunks: [id]), offset: offset,
        into: pack.place(at: offset, length: stored))
    }
    run.packs.endSealing(in: pack, at: offset)
    return id
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
  func commit(
    _ children: Children, isPartial: Bool = false, _ change: (inout Snapshot) -> Void = { _ in }
  ) throws -> SnapshotInfo {
    try lane.flush()
    let root = CraftedSnapshot.entry("", .directory(children), mode: 0o755)
    var snapshot = Snapshot(root: root, time: .now())
    change(&snapshot)
    let id = try run.commit(snapshot.encoded, isPartial: isPartial)
    return try #require(try harvest.repository.snapshots().first { $0.id == id })
  }

  /// A file that is these extents over and over.
  func file(of extents: [Extent], times count: Int) throws -> Entry.File {
    var builder = ContentBuilder(into: LaneSink(lane: lane))
    for _ in 0..<count { for extent in extents { try builder.append(extent) } }
    let size = builder.size
    return Entry.File(size: size, content: try builder.finish())
  }

  /// An entry of the user who runs the tests.
  static func entry(_ name: String, _ kind: Entry.Kind, mode: UInt16 = 0o644) -> Entry {
    let (uid, gid) = processIdentity()
    return Entry(
      name: FileName(unchecked: Array(name.utf8)), kind: kind, mode: mode, uid: uid, gid: gid,
      mtime: Timestamp(seconds: 1_000_000_000, nanoseconds: 5))
  }
}
