// A stretch of a file: a chunk of data, or a hole that was never written.

public import Vault

/// A stretch of a file's content.
public enum Extent: Hashable, Sendable {
  /// Data: the bytes of a chunk, 1 byte to 8 MiB.
  case chunk(ChunkID, length: UInt32)
  /// A hole of at least one byte, which reads as zeros.
  case hole(length: UInt64)

  /// How many bytes of the file this stretch is.
  public var length: UInt64 {
    switch self {
    case .chunk(_, let length): UInt64(length)
    case .hole(let length): length
    }
  }

  var isHole: Bool {
    switch self {
    case .chunk: false
    case .hole: true
    }
  }

  var encodedSize: Int {
    switch self {
    case .chunk(_, let length): varintSize(UInt64(length) << 1) + 32
    case .hole(let length): varintSize(length << 1 | 1)
    }
  }

  func write(to writer: inout ByteWriter) {
    switch self {
    case .chunk(let id, let length):
      writer.varint(UInt64(length) << 1)
      writer.id(id)
    case .hole(let length):
      writer.varint(length << 1 | 1)
    }
  }

  init(from reader: inout ByteReader) throws(Damage) {
    let head = try reader.varint()
    let length = head >> 1
    guard length > 0 else { throw .malformed("an empty extent") }
    if head & 1 == 1 {
      self = .hole(length: length)
    } else {
      guard length <= UInt64(TreeLimits.chunk) else { throw .malformed("a chunk above 8 MiB") }
      self = .chunk(try reader.id(ChunkID.self), length: UInt32(length))
    }
  }
}
