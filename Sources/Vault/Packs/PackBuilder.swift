// One pack while it is being filled. Threads reserve a place for a sealed frame under the owner's
// lock and then seal into it side by side; whoever ends last closes the pack. What is complete from
// its beginning on is lent to whoever can hash it for the pack's name beside other things.
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
  // Where frames are being sealed.
  private var sealing: [Int] = []
  // What is hashed of it for its name; nil while that is lent.
  private var naming: NameLane?
  private var isClosed = false

  // Less is not worth the way.
  private static let smallestLoan = 4096

  package init(keys: PackKeys, buffer: Buffer, packSize: Int, domain: UInt32, serial: UInt64) {
    precondition(buffer.capacity >= packSize, "a pack's buffer holds a full pack")
    self.keys = keys
    self.buffer = buffer
    self.packSize = packSize
    self.serial = serial
    directory = PackDirectory(domain: domain)
    naming = unsafe NameLane(of: UnsafeRawBufferPointer(start: buffer.pointer, count: packSize))
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
    sealing.append(offset)
    return offset
  }

  /// The memory of a reserved place.
  @unsafe
  package func place(at offset: Int, length: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer + offset, count: length)
  }

  // Closed, and nobody uses it any more.
  private var isReady: Bool { isClosed && sealing.isEmpty && naming != nil }

  /// Ends the sealing of one reserved frame; true when the pack is closed and nobody else uses it.
  package func endSealing(at offset: Int) -> Bool {
    guard let index = sealing.firstIndex(of: offset) else {
      preconditionFailure("nobody is sealing there")
    }
    sealing.remove(at: index)
    return isReady
  }

  /// Takes no more frames; true when nobody uses it any more.
  package func close() -> Bool {
    isClosed = true
    return isReady
  }

  /// What is hashed for the pack's name and where what is complete ends, for one who goes on.
  ///
  /// Nil where little is complete that is not hashed, or somebody else does it.
  func lendNaming() -> (naming: NameLane, end: Int)? {
    let end = sealing.min() ?? cursor
    guard let naming, end - naming.hashed >= Self.smallestLoan else { return nil }
    self.naming = nil
    return (naming, end)
  }

  /// Takes it back; true when the pack is closed and nobody else uses it.
  func takeBack(_ naming: NameLane) -> Bool {
    precondition(self.naming == nil, "what is taken back was lent")
    self.naming = naming
    return isReady
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
    unsafe keys.sealDirectory(
      directory.encoded(), into: place(at: directoryOffset, length: directory.sealedSize))
    write(keys.sealFooter(footer.encoded()), at: size - PackHeader.tailSize)
    write(keys.header.bytes, at: size - PackHeader.size - PackHeader.endSize)
    write(PackHeader.endMagic, at: size - PackHeader.endSize)
    guard let name = naming?.finish(at: size) else {
      preconditionFailure("nobody uses a pack that is finished")
    }
    return FinishedPack(name: name, buffer: buffer, size: size, directory: directory)
  }

  private func write(_ bytes: [UInt8], at offset: Int) {
    unsafe place(at: offset, length: bytes.count).copyBytes(from: bytes)
  }
}

/// A whole pack in memory, ready to be stored.
package struct FinishedPack: @unchecked Sendable {
  package let name: ObjectHash
  package let buffer: Buffer
  package let size: Int
  package let directory: PackDirectory

  @unsafe
  package var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: buffer.pointer, count: size)
  }
}
