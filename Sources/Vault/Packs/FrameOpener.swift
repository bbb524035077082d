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
    let data = unsafe UnsafeRawBufferPointer(rebasing: opened[head...])
    guard data.count <= plainLength else { throw .badLength }
    if target.capacity < plainLength { target = OwnedBuffer(capacity: plainLength) }
    let place = unsafe UnsafeMutableRawBufferPointer(start: target.pointer, count: plainLength)
    guard let codec = FrameCodec(rawValue: UInt8(word >> 24)) else {
      throw .malformed("unknown codec")
    }
    switch codec {
    case .stored:
      guard data.count == plainLength else { throw .badLength }
      unsafe place.copyMemory(from: data)
    case .zstd:
      guard unsafe decompressor.decompress(data, into: place) else {
        throw .badCompression
      }
    }
    return (plainLength, codec)
  }
}
