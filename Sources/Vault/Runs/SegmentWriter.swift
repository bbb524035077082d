// Collects what stored packs hold and stores it as index segments: one about every 256 MiB of packs or
// 100,000 chunks, and one at the end. Used by one thread at a time.

import Platform
import Storage

/// Writes the index segments of a run.
final class SegmentWriter {
  private let vault: Vault
  private var builder = SegmentBuilder()
  private var packBytes = 0
  /// What was stored so far.
  private(set) var written = RunObjects()

  private static let packBytesLimit = 256 << 20
  static let rowLimit = 100_000

  init(vault: Vault) {
    self.vault = vault
  }

  /// Adds a pack that is stored; `writeWhatIsFull` is to come after it.
  func add(_ name: ObjectHash, size: Int, directory: PackDirectory) throws(VaultError) {
    if builder.rowCount + directory.chunkIDs.count > Self.rowLimit { try write() }
    builder.add(name, size: size, directory: directory)
    packBytes += size
    written.packs.append(name)
    written.packBytes += UInt64(size)
  }

  /// Stores what was added if it is enough for a segment.
  func writeWhatIsFull() throws(VaultError) {
    if packBytes >= Self.packBytesLimit || builder.rowCount >= Self.rowLimit { try write() }
  }

  /// Stores what is left, and answers all that was stored.
  func finish() throws(VaultError) -> RunObjects {
    try write()
    return written
  }

  private func write() throws(VaultError) {
    guard !builder.isEmpty else { return }
    let full = builder
    builder = SegmentBuilder()
    packBytes = 0
    // Order rule 1: the packs are durable before a segment names them.
    try vault.barrier()
    written.segments.append(try vault.store(segment: (consume full).finish(vault.epoch.indexKey)))
  }
}

/// The objects that a run has stored.
struct RunObjects: Sendable {
  var packs: [ObjectHash] = []
  /// Their stored bytes.
  var packBytes: UInt64 = 0
  var segments: [ObjectHash] = []

  static func += (left: inout Self, right: Self) {
    left.packs += right.packs
    left.packBytes += right.packBytes
    left.segments += right.segments
  }
}

extension SegmentBuilder {
  /// Adds all rows of a pack.
  package mutating func add(_ name: ObjectHash, size: Int, directory: PackDirectory) {
    let pack = addPack(name, size: UInt32(size))
    reserve(firstRowCount: directory.chunkIDs.count)
    var offset = UInt32(PackHeader.size)
    var next = 0
    for frame in directory.frames {
      let number = addFrame(
        pack: pack, offset: offset, storedLength: frame.storedLength,
        plainLength: frame.plainLength, kind: frame.kind)
      var start: UInt32 = 0
      for index in next..<next + Int(frame.chunkCount) {
        let length = directory.chunkLengths[index]
        addRow(directory.chunkIDs[index], frame: number, offset: start, length: length)
        start += length
      }
      offset += frame.storedLength
      next += Int(frame.chunkCount)
    }
  }
}
