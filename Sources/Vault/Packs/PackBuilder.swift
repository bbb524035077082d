// One pack while it is being filled. Threads reserve a place for a sealed frame under the owner's
// lock and then seal into it side by side; whoever ends last closes the pack.
//
// Invariants: places do not overlap; what is reserved always leaves room for the directory,
// footer and tail; after `close` nothing more is reserved.

package import Platform

/// A pack in memory, filled frame by frame.
package final class PackBuilder: @unchecked Sendable {
  package let keys: PackKeys
  private let buffer: Buffer
  private let packSize: Int
  private let serial: UInt64
  // Guarded by the lock of the set that this pack is open in.
  private var cursor = PackHeader.size
  private var directory: PackDirectory
  private var sealing = 0
  private var isClosed = false

  package init(keys: PackKeys, buffer: Buffer, packSize: Int, domain: UInt32, serial: UInt64) {
    precondition(buffer.capacity >= packSize, "a pack's buffer holds a full pack")
    self.keys = keys
    self.buffer = buffer
    self.packSize = packSize
    self.serial = serial
    directory = PackDirectory(domain: domain)
    write(keys.header.bytes, at: 0)
  }

  package var isEmpty: Bool { directory.frames.isEmpty }

  /// Bytes of frames so far.
  package var frameBytes: Int { cursor - PackHeader.size }

  /// Whether a frame of this stored length with so many chunks still fits.
  package func fits(storedLength: Int, chunkCount: Int) -> Bool {
    let directorySize = PackDirectory.sealedSize(
      frameCount: directory.frames.count + 1, chunkCount: directory.chunkIDs.count + chunkCount)
    return cursor + storedLength + directorySize + PackHeader.tailSize <= packSize
      && directory.chunkIDs.count + chunkCount <= Limits.packItemCount
  }

  /// Takes a place for a frame and answers its offset.
  package func reserve(
    _ frame: FrameDescription, ids: ArraySlice<ChunkID>, lengths: ArraySlice<UInt32>
  ) -> Int {
    precondition(!isClosed, "a closed pack takes no frames")
    let offset = cursor
    cursor += Int(frame.storedLength)
    directory.frames.append(frame)
    directory.chunkIDs.append(contentsOf: ids)
    directory.chunkLengths.append(contentsOf: lengths)
    sealing += 1
    return offset
  }

  /// The memory of a reserved place.
  @unsafe
  package func place(at offset: Int, length: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer + offset, count: length)
  }

  /// Ends the sealing of one reserved frame; true when the pack is closed and this was the last.
  package func endSealing() -> Bool {
    sealing -= 1
    return isClosed && sealing == 0
  }

  /// Takes no more frames; true when none is being sealed any more.
  package func close() -> Bool {
    isClosed = true
    return sealing == 0
  }

  /// Writes filler, directory, footer and tail behind the frames.
  ///
  /// A full pack gets the full size, the last of its kind in a run what Padmé says.
  package func finish(isFull: Bool) -> FinishedPack {
    let needed = cursor + directory.sealedSize + PackHeader.tailSize
    let size = isFull ? packSize : min(packSize, max(64 << 10, padme(needed)))
    let directoryOffset = size - PackHeader.tailSize - directory.sealedSize
    let footer = PackFooter(
      directoryOffset: directoryOffset, directory: directory, fillerOffset: cursor, serial: serial)
    unsafe keys.fill(place(at: cursor, length: directoryOffset - cursor))
    write(keys.sealDirectory(directory.encoded()), at: directoryOffset)
    write(keys.sealFooter(footer.encoded()), at: size - PackHeader.tailSize)
    write(keys.header.bytes, at: size - PackHeader.size - PackHeader.endSize)
    write(PackHeader.endMagic, at: size - PackHeader.endSize)
    return FinishedPack(buffer: buffer, size: size, directory: directory)
  }

  private func write(_ bytes: [UInt8], at offset: Int) {
    unsafe place(at: offset, length: bytes.count).copyBytes(from: bytes)
  }
}

/// A whole pack in memory, ready to be stored.
package struct FinishedPack: @unchecked Sendable {
  package let buffer: Buffer
  package let size: Int
  package let directory: PackDirectory

  @unsafe
  package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: buffer.pointer, count: size)
  }

  package var name: ObjectHash {
    unsafe Hash.name(of: bytes)
  }
}
