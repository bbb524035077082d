// Decoded frames that were used lately, shared by all readers, bounded in bytes, and beside them 8 MiB
// of memory for the next ones; and the keys of packs that were used lately.

import Platform
import Synchronization

/// The plain text of a frame.
package final class DecodedFrame: @unchecked Sendable {
  private let buffer: Buffer
  private let home: SpareBuffers
  package let count: Int
  /// Bytes of memory that it takes.
  package var cost: Int { buffer.capacity }

  fileprivate init(_ buffer: Buffer, count: Int, home: SpareBuffers) {
    self.buffer = buffer
    self.home = home
    self.count = count
  }

  deinit { home.giveBack(buffer) }

  /// A part of the frame; nil where it would reach beyond its end.
  @unsafe
  package func bytes(at offset: Int, count length: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, length > 0, offset <= count - length else { return nil }
    return unsafe UnsafeRawBufferPointer(start: buffer.pointer + offset, count: length)
  }
}

/// Memory of frames that nobody holds any more.
///
/// To take it from the system anew, which zeroes it, costs as much as unpacking a frame into it.
private final class SpareBuffers: Sendable {
  private let buffers = Mutex<[Buffer]>([])
  // Bytes that are kept at most: two of the largest frames that are written.
  private static let byteLimit = 8 << 20
  private static let unit = 256 << 10

  func take(_ count: Int) -> Buffer {
    let spare = buffers.withLock { buffers in
      // Frames are of few sizes: what is much too large waits for one of its own.
      let sizes = count...2 * (count + Self.unit)
      let fitting = buffers.lastIndex { sizes ~= $0.capacity }
      return fitting.map { buffers.remove(at: $0) }
    }
    return spare ?? Buffer(capacity: (count + Self.unit - 1) / Self.unit * Self.unit)
  }

  func giveBack(_ buffer: Buffer) {
    // What is let go of is freed outside of the lock.
    let old = buffers.withLock { buffers in
      buffers.append(buffer)
      let kept = buffers.reversed().reduce(into: (bytes: 0, count: 0)) { sum, buffer in
        sum.bytes += buffer.capacity
        if sum.bytes <= Self.byteLimit { sum.count += 1 }
      }
      defer { buffers.removeFirst(buffers.count - kept.count) }
      return Array(buffers.dropLast(kept.count))
    }
    withExtendedLifetime(old) {}
  }

  func removeAll() {
    let old = buffers.withLock { buffers in
      defer { buffers = [] }
      return buffers
    }
    withExtendedLifetime(old) {}
  }
}

/// Frames by place, the least recently used leaving first.
package final class FrameCache: @unchecked Sendable {
  private struct Key: Hashable {
    let pack: UInt32
    let offset: UInt32
  }
  private struct Slot {
    var frame: DecodedFrame
    var used: UInt64
  }

  private let lock = Lock()
  private let byteLimit: Int
  private var slots: [Key: Slot] = [:]
  private var bytes = 0
  private var clock: UInt64 = 0
  private let spare = SpareBuffers()

  package init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  package func frame(pack: UInt32, offset: UInt32) -> DecodedFrame? {
    lock.withLock {
      let key = Key(pack: pack, offset: offset)
      guard let slot = slots[key] else { return nil }
      clock += 1
      slots[key]?.used = clock
      return slot.frame
    }
  }

  package func remember(_ frame: DecodedFrame, pack: UInt32, offset: UInt32) {
    // What nobody holds any more goes outside of the lock.
    var dropped: [Slot] = []
    lock.withLock {
      clock += 1
      let key = Key(pack: pack, offset: offset)
      if let old = slots.updateValue(Slot(frame: frame, used: clock), forKey: key) {
        bytes -= old.frame.cost
        dropped.append(old)
      }
      bytes += frame.cost
      while bytes > byteLimit, slots.count > 1,
        let oldest = slots.min(by: { $0.value.used < $1.value.used })
      {
        slots[oldest.key] = nil
        bytes -= oldest.value.frame.cost
        dropped.append(oldest.value)
      }
    }
    withExtendedLifetime(dropped) {}
  }

  /// A frame whose plain text of this many bytes the closure writes.
  func newFrame<Failure: Error>(
    _ count: Int, _ fill: (UnsafeMutableRawPointer) throws(Failure) -> Void
  ) throws(Failure) -> DecodedFrame {
    let buffer = spare.take(count)
    try unsafe fill(buffer.pointer)
    return DecodedFrame(buffer, count: count, home: spare)
  }

  /// Forgets all frames: before work that needs the memory and asks for none of them.
  package func removeAll() {
    let dropped = lock.withLock {
      defer { (slots, bytes) = ([:], 0) }
      return slots
    }
    withExtendedLifetime(dropped) {}
    spare.removeAll()
  }
}

/// Keys by pack, forgotten all at once when there are many.
package final class PackKeyCache: @unchecked Sendable {
  private let lock = Lock()
  private var keys: [ObjectHash: PackKeys] = [:]
  private static let capacity = 64

  package init() {}

  package func keys(
    of pack: ObjectHash, using reader: PackReader
  ) throws(VaultError) -> PackKeys {
    if let known = lock.withLock({ keys[pack] }) { return known }
    let fresh = try reader.keys(of: pack)
    lock.withLock {
      if keys.count >= Self.capacity { keys.removeAll() }
      keys[pack] = fresh
    }
    return fresh
  }
}
