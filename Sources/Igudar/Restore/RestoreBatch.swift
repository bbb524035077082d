// What flows from the restore's walk to its workers: pieces of files, many small files at once or
// a stretch of a large one.

import Platform
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
  static let mostFiles = 1024
  // Whoever makes chunks of single bytes fills no memory with them.
  static let pieceLimit = 4096
  private let fileLimit: Int

  /// The first of the batches for so many workers.
  ///
  /// Files that are compared and written are open until their batch ends, together at most half of
  /// those that may be open.
  init(workers: Int) {
    // Of each file that a worker does there are the old one, the new one and its folder; of those
    // that wait, one batch with the walk and three between, only the folder.
    let perFile = 3 * workers + 4
    fileLimit = max(1, min(Self.mostFiles, openFileLimit() / 2 / perFile))
  }

  private init(fileLimit: Int) { self.fileLimit = fileLimit }

  /// An empty one to follow it.
  var next: RestoreBatch { RestoreBatch(fileLimit: fileLimit) }

  var isFull: Bool {
    size >= Self.byteLimit || files.count >= fileLimit || pieces.count >= Self.pieceLimit
  }

  /// Adds a piece of a file that is in the batch.
  mutating func add(_ extent: Extent, of file: FileRestore, at offset: UInt64) {
    pieces.append(RestorePiece(file: file, offset: offset, extent: extent))
    if case .chunk(_, let length) = extent { size += UInt64(length) }
  }
}
