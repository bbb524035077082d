// The limits of FORMAT.md section 15, checked before memory is taken or work is done.

/// Upper bounds of what a repository can hold in one piece.
package enum Limits {
  /// Plain bytes of a chunk.
  package static let chunkSize = 8 << 20
  /// Plain bytes of a frame: its length is a u24.
  package static let frameSize = (16 << 20) - 1
  /// Bytes of a tree node.
  package static let nodeSize = 1 << 20
  /// Bytes of a pack.
  package static let packSize = 128 << 20
  /// Frames in a pack, and chunks in a pack.
  package static let packItemCount = 1 << 20
  /// Stored bytes of an index segment or a journal entry.
  package static let sealedObjectSize = 64 << 20
}
