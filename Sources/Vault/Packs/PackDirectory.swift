// What a pack holds, as its directory says it: frames in order, and the chunks of each.

/// How a frame's data is coded.
package enum FrameCodec: UInt8, Sendable {
  case stored = 0
  case zstd = 1
}

/// One frame as the directory describes it.
package struct FrameDescription: Hashable, Sendable {
  package let storedLength: UInt32
  package let plainLength: UInt32
  package let chunkCount: UInt32
  package let codec: FrameCodec
  package let kind: ChunkKind
}

/// The frames and chunks of a pack.
package struct PackDirectory: Sendable {
  package var domain: UInt32
  package var frames: [FrameDescription] = []
  package var chunkIDs: [ChunkID] = []
  package var chunkLengths: [UInt32] = []

  private static let headSize = 16
  private static let frameSize = 16
  private static let chunkSize = 36

  package init(domain: UInt32) {
    self.domain = domain
  }

  /// The size of a sealed directory with these counts.
  package static func sealedSize(frameCount: Int, chunkCount: Int) -> Int {
    headSize + frameCount * frameSize + chunkCount * chunkSize + PackKeys.tagSize
  }

  package var sealedSize: Int {
    Self.sealedSize(frameCount: frames.count, chunkCount: chunkIDs.count)
  }

  package func encoded() -> [UInt8] {
    var writer = ByteWriter(capacity: sealedSize)
    writer.u32(domain)
    writer.u32(UInt32(frames.count))
    writer.u32(UInt32(chunkIDs.count))
    writer.u32(0)
    for frame in frames {
      writer.u32(frame.storedLength)
      writer.u32(frame.plainLength)
      writer.u32(frame.chunkCount)
      writer.u8(frame.codec.rawValue)
      writer.u8(frame.kind.rawValue)
      writer.u16(0)
    }
    for index in chunkIDs.indices {
      writer.id(chunkIDs[index])
      writer.u32(chunkLengths[index])
    }
    return writer.bytes
  }

  package init(decoding span: RawSpan) throws(Damage) {
    var reader = ByteReader(span)
    domain = try reader.u32()
    let frameCount = try Int(reader.u32())
    let chunkCount = try Int(reader.u32())
    try reader.zeros(4)
    guard frameCount <= Limits.packItemCount, chunkCount <= Limits.packItemCount,
      reader.remaining == frameCount * Self.frameSize + chunkCount * Self.chunkSize
    else { throw .malformed("counts do not fit the length") }
    frames.reserveCapacity(frameCount)
    for _ in 0..<frameCount { frames.append(try Self.frame(&reader)) }
    chunkIDs.reserveCapacity(chunkCount)
    chunkLengths.reserveCapacity(chunkCount)
    for _ in 0..<chunkCount {
      chunkIDs.append(try reader.id(ChunkID.self))
      chunkLengths.append(try reader.u32())
    }
    try checkSums()
  }

  private static func frame(_ reader: inout ByteReader) throws(Damage) -> FrameDescription {
    let storedLength = try reader.u32()
    let plainLength = try reader.u32()
    let chunkCount = try reader.u32()
    guard let codec = FrameCodec(rawValue: try reader.u8()) else {
      throw .malformed("unknown codec")
    }
    guard let kind = ChunkKind(rawValue: try reader.u8()) else { throw .malformed("unknown kind") }
    try reader.zeros(2)
    guard plainLength > 0, plainLength <= Limits.frameSize,
      storedLength > PackKeys.frameOverhead,
      storedLength <= UInt32(PackKeys.frameOverhead) + plainLength, chunkCount > 0
    else { throw .malformed("impossible frame") }
    return FrameDescription(
      storedLength: storedLength, plainLength: plainLength, chunkCount: chunkCount, codec: codec,
      kind: kind)
  }

  // In every frame the chunks fill the plain text exactly.
  private func checkSums() throws(Damage) {
    var next = 0
    for frame in frames {
      guard Int(frame.chunkCount) <= chunkIDs.count - next else {
        throw .malformed("fewer chunks than frames say")
      }
      var sum = 0
      for index in next..<next + Int(frame.chunkCount) {
        let length = Int(chunkLengths[index])
        guard length > 0, length <= Limits.chunkSize else { throw .malformed("chunk length") }
        sum += length
      }
      guard sum == Int(frame.plainLength) else {
        throw .malformed("chunks do not fill their frame")
      }
      next += Int(frame.chunkCount)
    }
    guard next == chunkIDs.count else { throw .malformed("more chunks than frames say") }
  }
}

/// The sealed 32 bytes that say where in a pack everything is.
package struct PackFooter: Hashable, Sendable {
  package var directoryOffset: UInt32
  package var directoryLength: UInt32
  package var frameCount: UInt32
  package var chunkCount: UInt32
  package var fillerOffset: UInt32
  package var serial: UInt64

  package func encoded() -> [UInt8] {
    var writer = ByteWriter(capacity: 32)
    for value in [directoryOffset, directoryLength, frameCount, chunkCount, fillerOffset, 0] {
      writer.u32(value)
    }
    writer.u64(serial)
    return writer.bytes
  }

  package init(
    directoryOffset: Int, directory: PackDirectory, fillerOffset: Int, serial: UInt64
  ) {
    self.directoryOffset = UInt32(directoryOffset)
    directoryLength = UInt32(directory.sealedSize)
    frameCount = UInt32(directory.frames.count)
    chunkCount = UInt32(directory.chunkIDs.count)
    self.fillerOffset = UInt32(fillerOffset)
    self.serial = serial
  }

  /// Reads a footer and checks that it fits a pack of this size.
  package init(decoding span: RawSpan, packSize: Int) throws(Damage) {
    var reader = ByteReader(span)
    directoryOffset = try reader.u32()
    directoryLength = try reader.u32()
    frameCount = try reader.u32()
    chunkCount = try reader.u32()
    fillerOffset = try reader.u32()
    try reader.zeros(4)
    serial = try reader.u64()
    try reader.finish()
    guard frameCount <= Limits.packItemCount, chunkCount <= Limits.packItemCount,
      Int(directoryLength)
        == PackDirectory.sealedSize(frameCount: Int(frameCount), chunkCount: Int(chunkCount)),
      fillerOffset >= PackHeader.size, fillerOffset <= directoryOffset,
      Int(directoryOffset) + Int(directoryLength) + PackHeader.tailSize == packSize
    else { throw .malformed("footer does not fit the pack") }
  }
}
