// The way back: from stored bytes of a frame to its plain text. Everything is hostile until the
// AEAD says otherwise, and bounded still after.

package import Platform

/// The buffers and contexts that one thread needs to open frames.
package struct FrameOpener: ~Copyable {
  private let decompressor = Decompressor()
  private var inner = OwnedBuffer(capacity: 64 << 10)

  package init() {}

  /// Opens a stored frame into a buffer, which grows as needed, and answers its plain length and
  /// how it was coded.
  ///
  /// - Throws: `Damage` when it is not authentic or does not decompress to what it declares.
  @unsafe
  package mutating func open(
    _ stored: UnsafeRawBufferPointer, at offset: Int, keys: PackKeys,
    into target: inout OwnedBuffer
  ) throws(Damage) -> (length: Int, codec: FrameCodec) {
    let frame = try unsafe unseal(stored, at: offset, keys: keys)
    if target.capacity < frame.plainLength { target = OwnedBuffer(capacity: frame.plainLength) }
    try unsafe unpack(frame, into: target.pointer)
    return (frame.plainLength, frame.codec)
  }

  /// A frame that is authentic, and whose plain text is as long as it says if it unpacks.
  struct Unsealed {
    let plainLength: Int
    let codec: FrameCodec
    fileprivate let storedLength: Int
  }

  /// The first half of opening: what it takes to make room for the plain text.
  @unsafe
  mutating func unseal(
    _ stored: UnsafeRawBufferPointer, at offset: Int, keys: PackKeys
  ) throws(Damage) -> Unsealed {
    let head = PackKeys.innerHeaderSize
    guard stored.count > PackKeys.frameOverhead,
      stored.count <= Limits.frameSize + PackKeys.frameOverhead
    else { throw .badLength }
    let innerLength = stored.count - 32
    if inner.capacity < innerLength { inner = OwnedBuffer(capacity: innerLength) }
    let opened = unsafe UnsafeMutableRawBufferPointer(start: inner.pointer, count: innerLength)
    guard unsafe keys.openFrame(stored: stored, offset: offset, into: opened) else {
      throw .notAuthentic
    }
    let word = unsafe UInt32(littleEndian: opened.load(as: UInt32.self))
    let plainLength = Int(word & 0xff_ffff)
    guard plainLength > 0 else { throw .malformed("empty frame") }
    guard innerLength - head <= plainLength else { throw .badLength }
    guard let codec = FrameCodec(rawValue: UInt8(word >> 24)) else {
      throw .malformed("unknown codec")
    }
    return Unsealed(plainLength: plainLength, codec: codec, storedLength: innerLength - head)
  }

  /// The second half, for the frame that was unsealed last: its plain text goes where there is room.
  @unsafe
  borrowing func unpack(
    _ frame: Unsealed, into plain: UnsafeMutableRawPointer
  ) throws(Damage) {
    let data = unsafe UnsafeRawBufferPointer(
      start: inner.pointer + PackKeys.innerHeaderSize, count: frame.storedLength)
    let place = unsafe UnsafeMutableRawBufferPointer(start: plain, count: frame.plainLength)
    switch frame.codec {
    case .stored:
      guard data.count == frame.plainLength else { throw .badLength }
      unsafe place.copyMemory(from: data)
    case .zstd:
      guard unsafe decompressor.decompress(data, into: place) else { throw .badCompression }
    }
  }
}
