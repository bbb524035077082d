// What a backup did, in numbers; kept in the snapshot so that it can be shown later.

import Vault

/// Numbers about a backup.
public struct SnapshotCounts: Hashable, Sendable {
  /// Files that the parent did not have.
  public var filesNew: UInt64 = 0
  /// Files that differ from the parent's.
  public var filesChanged: UInt64 = 0
  /// Files taken over from the parent.
  public var filesUnmodified: UInt64 = 0
  /// Directories that the parent did not have.
  public var directoriesNew: UInt64 = 0
  /// Directories that differ from the parent's.
  public var directoriesChanged: UInt64 = 0
  /// Directories taken over from the parent.
  public var directoriesUnmodified: UInt64 = 0
  /// Chunks of file data that the repository did not have.
  public var dataChunksAdded: UInt64 = 0
  /// Tree nodes that the repository did not have.
  public var treeChunksAdded: UInt64 = 0
  /// Bytes of these chunks before compression.
  public var plainBytesAdded: UInt64 = 0
  /// Bytes that they take in the store.
  public var storedBytesAdded: UInt64 = 0
  /// Files in the snapshot.
  public var filesProcessed: UInt64 = 0
  /// Bytes of the files in the snapshot.
  public var bytesProcessed: UInt64 = 0
  /// Numbers of newer programs, kept as they are.
  package var extra: [UInt64] = []

  /// Nothing done.
  public init() {}

  /// The list of FORMAT.md section 13: all numbers but zeros at the end.
  var list: [UInt64] {
    let all =
      [
        filesNew, filesChanged, filesUnmodified, directoriesNew, directoriesChanged,
        directoriesUnmodified, dataChunksAdded, treeChunksAdded, plainBytesAdded, storedBytesAdded,
        filesProcessed, bytesProcessed,
      ] + extra
    let used = all.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
    return Array(all[..<used])
  }

  init(from reader: inout ByteReader) throws(Damage) {
    let count = try reader.count(itemMinimum: 1)
    guard count > 0 else { throw .malformed("an empty list is written") }
    var values: [UInt64] = []
    for _ in 0..<count { values.append(try reader.varint()) }
    guard values.last != 0 else { throw .malformed("zeros at the end of counts") }
    func value(_ index: Int) -> UInt64 { index < count ? values[index] : 0 }
    filesNew = value(0)
    filesChanged = value(1)
    filesUnmodified = value(2)
    directoriesNew = value(3)
    directoriesChanged = value(4)
    directoriesUnmodified = value(5)
    dataChunksAdded = value(6)
    treeChunksAdded = value(7)
    plainBytesAdded = value(8)
    storedBytesAdded = value(9)
    filesProcessed = value(10)
    bytesProcessed = value(11)
    extra = Array(values.dropFirst(12))
  }
}
