// Chunk IDs: keyed, and different for data and tree nodes of the same bytes.

/// Names chunks; a value that threads share.
package struct ChunkHasher: Sendable {
  private let key: SecretKey

  package init(key: SecretKey) {
    self.key = key
  }

  /// The ID of a chunk.
  @unsafe
  package func id(of bytes: UnsafeRawBufferPointer, kind: ChunkKind) -> ChunkID {
    unsafe Hash.keyed(
      key: key, label: kind == .data ? .dataChunk : .treeChunk, bytes, as: ChunkID.self)
  }
}
