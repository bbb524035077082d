// A node in the making: its items, with room before them for the header, so that a finished node
// is handed on without being copied.

import Vault

/// The items of a node that is being built.
struct NodeBuffer {
  /// Room for type, level and a varint count.
  private static let headroom = 12

  private var writer = ByteWriter()
  private(set) var count = 0

  init() {
    writer.zeros(Self.headroom)
  }

  /// How many bytes the items take.
  var size: Int { writer.bytes.count - Self.headroom }
  var isEmpty: Bool { count == 0 }

  /// Adds an item that the closure writes.
  mutating func append(_ write: (inout ByteWriter) -> Void) {
    write(&writer)
    count += 1
  }

  mutating func append(entry: RawSpan) {
    writer.prefixed(span: entry)
    count += 1
  }

  /// Puts the node into a sink and begins anew with the memory of this one.
  mutating func flush(
    _ type: NodeType, level: UInt8, to sink: any NodeSink
  ) throws(VaultError) -> ChunkID {
    var header = ByteWriter()
    header.u8(type.rawValue)
    header.u8(level)
    header.varint(UInt64(count))
    let start = Self.headroom - header.bytes.count
    for (index, byte) in header.bytes.enumerated() { writer.bytes[start + index] = byte }
    let id = try put(from: start, to: sink)
    reset()
    return id
  }

  private func put(from start: Int, to sink: any NodeSink) throws(VaultError) -> ChunkID {
    try sink.put(node: writer.bytes.rawSpan.extracting(start..<writer.bytes.count))
  }

  /// The items as an inline list; begins anew.
  mutating func takeList() -> [UInt8] {
    var list = ByteWriter(capacity: size + 2)
    list.varint(UInt64(count))
    list.raw(span: writer.bytes.rawSpan.extracting(Self.headroom..<writer.bytes.count))
    reset()
    return list.bytes
  }

  mutating func reset() {
    writer.bytes.removeSubrange(Self.headroom...)
    count = 0
  }
}
