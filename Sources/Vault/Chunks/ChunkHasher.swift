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
    unsafe Hash.keyedAlone(key: key, label: kind.label, bytes, as: ChunkID.self)
  }

  /// The IDs of many chunks, which takes a fraction of the time that one by one takes.
  @unsafe
  package func ids(of chunks: [UnsafeRawBufferPointer], kind: ChunkKind) -> [ChunkID] {
    unsafe Hash.keyed(key: key, label: kind.label, chunks, as: ChunkID.self)
  }

  /// The same, and beside them what it can of an object before `end`, and of another one, for their
  /// names.
  @unsafe
  func ids(
    of chunks: [UnsafeRawBufferPointer], kind: ChunkKind, beside object: inout NameLane,
    upTo end: Int, and other: inout NameLane?
  ) -> [ChunkID] {
    unsafe Hash.keyed(
      key: key, label: kind.label, chunks, as: ChunkID.self, beside: &object, upTo: end,
      and: &other)
  }

  @unsafe
  func ids(
    of chunks: [UnsafeRawBufferPointer], kind: ChunkKind, beside object: inout NameLane,
    upTo end: Int
  ) -> [ChunkID] {
    var none: NameLane?
    return unsafe ids(of: chunks, kind: kind, beside: &object, upTo: end, and: &none)
  }
}
