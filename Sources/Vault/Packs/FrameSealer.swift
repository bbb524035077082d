// Turns gathered chunks into the inner bytes of a frame and proves, before they leave the
// process, that they can be turned back: memory does flip bits, and compressors had bugs.

import Platform

/// The buffers and contexts that one thread needs to make frames.
package struct FrameSealer: ~Copyable {
  private let compressor: Compressor?
  // For large files, where that is another.
  private let largeCompressor: Compressor?
  private let decompressor: Decompressor?
  // Inner header in front of compressed data; one byte less than the plain text, so that what
  // does not shrink does not fit.
  private let compressed: OwnedBuffer
  private let opened: OwnedBuffer
  private let decompressed: OwnedBuffer

  /// Buffers for frames of up to `frameSize` plain bytes; `verifies` opens every sealed frame.
  package init(compression: Compression, frameSize: Int, verifies: Bool) {
    switch compression {
    case .off:
      compressor = nil
      largeCompressor = nil
    case .auto:
      compressor = Compressor(level: 3)
      largeCompressor = Compressor(level: 2)
    case .level(let level):
      compressor = Compressor(level: level)
      largeCompressor = nil
    }
    decompressor = verifies ? Decompressor() : nil
    let room = frameSize + PackKeys.innerHeaderSize
    compressed = OwnedBuffer(capacity: room)
    opened = OwnedBuffer(capacity: verifies ? room : 4096)
    decompressed = OwnedBuffer(capacity: verifies ? frameSize : 4096)
  }

  /// The inner bytes of a frame whose plain text stands behind room for the inner header.
  ///
  /// They point into `gathered` when stored and into this sealer's buffer when compressed.
  @unsafe
  package borrowing func inner(
    of gathered: UnsafeMutableRawBufferPointer, ofLargeFiles isLarge: Bool = false
  ) -> (bytes: UnsafeRawBufferPointer, codec: FrameCodec) {
    let head = PackKeys.innerHeaderSize
    let plain = unsafe UnsafeRawBufferPointer(rebasing: gathered[head...])
    if let size = unsafe compress(plain, isLarge) {
      let target = unsafe UnsafeMutableRawBufferPointer(
        start: compressed.pointer, count: head + size)
      unsafe Self.writeHeader(into: target, plainLength: plain.count, codec: .zstd)
      return (UnsafeRawBufferPointer(target), .zstd)
    }
    unsafe Self.writeHeader(into: gathered, plainLength: plain.count, codec: .stored)
    return (UnsafeRawBufferPointer(gathered), .stored)
  }

  private borrowing func compress(_ plain: UnsafeRawBufferPointer, _ isLarge: Bool) -> Int? {
    guard compressor != nil, plain.count > 1 else { return nil }
    let room = unsafe UnsafeMutableRawBufferPointer(
      start: compressed.pointer + PackKeys.innerHeaderSize, count: plain.count - 1)
    if isLarge, largeCompressor != nil {
      return unsafe largeCompressor?.compress(plain, into: room)
    }
    return unsafe compressor?.compress(plain, into: room)
  }

  private static func writeHeader(
    into inner: UnsafeMutableRawBufferPointer, plainLength: Int, codec: FrameCodec
  ) {
    unsafe inner.storeBytes(
      of: (UInt32(plainLength) | UInt32(codec.rawValue) << 24).littleEndian, as: UInt32.self)
  }

  /// Whether a sealed frame opens to this plain text again; true when verification is off.
  @unsafe
  package borrowing func verifies(
    _ stored: UnsafeRawBufferPointer, at offset: Int, keys: PackKeys,
    plain: UnsafeRawBufferPointer
  ) -> Bool {
    guard decompressor != nil else { return true }
    let inner = unsafe UnsafeMutableRawBufferPointer(
      start: opened.pointer, count: stored.count - 32)
    guard unsafe keys.openFrame(stored: stored, offset: offset, into: inner) else { return false }
    let data = unsafe UnsafeRawBufferPointer(rebasing: inner[PackKeys.innerHeaderSize...])
    let word = unsafe UInt32(littleEndian: inner.load(as: UInt32.self))
    guard Int(word & 0xff_ffff) == plain.count else { return false }
    if word >> 24 == UInt32(FrameCodec.stored.rawValue) { return unsafe equalBytes(data, plain) }
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: decompressed.pointer, count: plain.count)
    guard let decompressed = unsafe decompressor?.decompress(data, into: target), decompressed
    else { return false }
    return unsafe equalBytes(UnsafeRawBufferPointer(target), plain)
  }

  /// Whether a sealed frame opens to these inner bytes again; true when verification is off, false
  /// for more than fits this sealer.
  @unsafe
  package borrowing func verifies(
    _ stored: UnsafeRawBufferPointer, at offset: Int, keys: PackKeys,
    inner expected: UnsafeRawBufferPointer
  ) -> Bool {
    guard decompressor != nil else { return true }
    guard stored.count == expected.count + 32, expected.count <= opened.capacity else {
      return false
    }
    let inner = unsafe UnsafeMutableRawBufferPointer(start: opened.pointer, count: expected.count)
    return unsafe keys.openFrame(stored: stored, offset: offset, into: inner)
      && equalBytes(UnsafeRawBufferPointer(inner), expected)
  }
}
