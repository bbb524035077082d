// Cuts the data of a member into chunks as it comes, as a backup of the same file would: each
// stretch of data by itself, with holes between.

import Platform
import Vault

/// The content of one file after another; not shared.
final class ImportContent {
  private let lane: Lane
  private let chunker: Chunker
  private let buffer: OwnedBuffer
  private var filled = 0
  private var content: ContentBuilder

  /// Content that goes through a lane.
  init(_ lane: Lane, chunker: Chunker) {
    self.lane = lane
    self.chunker = chunker
    // Cuts are looked for once there is room for several.
    buffer = OwnedBuffer(capacity: (1 << 20) + chunker.parameters.maximum)
    content = ContentBuilder(into: LaneSink(lane: lane))
  }

  /// Adds data at an offset, not before what was added last.
  func add(_ bytes: RawSpan, at offset: UInt64) throws(VaultError) {
    let end = content.size + UInt64(filled)
    guard offset >= end else {
      throw .notSupported("a member whose data is not in order")
    }
    if offset > end {
      try cut(isEnd: true)
      try content.append(.hole(length: offset - end))
    }
    var rest = bytes
    while !rest.isEmpty {
      let count = min(rest.byteCount, buffer.capacity - filled)
      unsafe rest.withUnsafeBytes { source in
        unsafe (buffer.pointer + filled).copyMemory(
          from: source.baseAddress ?? UnsafeRawPointer(buffer.pointer), byteCount: count)
      }
      filled += count
      rest = rest.extracting(count..<rest.byteCount)
      if filled == buffer.capacity { try cut(isEnd: false) }
    }
  }

  /// Ends the file, which is this long: what is missing at its end is a hole.
  func finish(size: UInt64) throws(VaultError) -> Entry.File {
    try cut(isEnd: true)
    if content.size < size { try content.append(.hole(length: size - content.size)) }
    let size = content.size
    return Entry.File(size: size, content: try content.finish())
  }

  private func cut(isEnd: Bool) throws(VaultError) {
    var used = 0
    while used < filled {
      let rest = unsafe UnsafeRawBufferPointer(start: buffer.pointer + used, count: filled - used)
      guard let length = unsafe chunker.firstCut(of: rest, isEnd: isEnd) else { break }
      let chunk = unsafe UnsafeRawBufferPointer(rebasing: rest[..<length])
      let id = try unsafe lane.put(chunk, kind: .data).id
      try content.append(.chunk(id, length: UInt32(length)))
      used += length
    }
    filled -= used
    unsafe buffer.pointer.copyMemory(from: buffer.pointer + used, byteCount: filled)
  }
}
