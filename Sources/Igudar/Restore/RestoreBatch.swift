// What flows from the restore's walk to its workers: pieces of files, many small files at once or
// a stretch of a large one.

import Vault

/// A piece of a file and where it goes.
struct RestorePiece: Sendable {
  let file: FileRestore
  let offset: UInt64
  let extent: Extent

  var range: Range<UInt64> { offset..<offset + extent.length }
}

/// Pieces of neighbouring files, about 16 MiB of them.
struct RestoreBatch: Sendable {
  var pieces: [RestorePiece] = []
  /// Every file of which this batch has a part, once.
  var files: [FileRestore] = []
  var size: UInt64 = 0

  static let byteLimit: UInt64 = 16 << 20
  static let fileLimit = 256
  // Whoever makes chunks of single bytes fills no memory with them.
  static let pieceLimit = 4096

  var isFull: Bool {
    size >= Self.byteLimit || files.count >= Self.fileLimit || pieces.count >= Self.pieceLimit
  }

  /// Adds a piece of a file that is in the batch.
  mutating func add(_ extent: Extent, of file: FileRestore, at offset: UInt64) {
    pieces.append(RestorePiece(file: file, offset: offset, extent: extent))
    if case .chunk(_, let length) = extent { size += UInt64(length) }
  }
}
