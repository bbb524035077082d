// What flows from the restore's walk to its workers: pieces of files, many small files at once or
// a stretch of a large one.

import Vault

/// A piece of a file and where it goes.
struct RestorePiece: Sendable {
  let file: FileRestore
  let offset: UInt64
  let chunk: ChunkID
  let length: UInt32
}

/// Pieces of neighbouring files, about 16 MiB of them.
struct RestoreBatch: Sendable {
  var pieces: [RestorePiece] = []
  /// Every file of which this batch has a part, once.
  var files: [FileRestore] = []
  var size: UInt64 = 0

  static let byteLimit: UInt64 = 16 << 20
  static let fileLimit = 256

  var isFull: Bool { size >= Self.byteLimit || files.count >= Self.fileLimit }
}
