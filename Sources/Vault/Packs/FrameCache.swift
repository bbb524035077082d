// Decoded frames that were used lately, shared by all readers, bounded in bytes; and the keys of
// packs that were used lately.

package import Platform

/// The plain text of a frame.
package final class DecodedFrame: @unchecked Sendable {
  private let buffer: OwnedBuffer
  package let count: Int
  /// Bytes of memory that it takes.
  package let cost: Int

  package init(_ buffer: consuming OwnedBuffer, count: Int) {
    cost = buffer.capacity
    self.buffer = buffer
    self.count = count
  }

  /// A part of the frame; nil where it would reach beyond its end.
  @unsafe
  package func bytes(at offset: Int, count length: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, length > 0, offset <= count - length else { return nil }
    return unsafe UnsafeRawBufferPointer(start: buffer.pointer + offset, count: length)
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
    lock.withLock {
      clock += 1
      let key = Key(pack: pack, offset: offset)
      if let old = slots.updateValue(Slot(frame: frame, used: clock), forKey: key) {
        bytes -= old.frame.cost
      }
      bytes += frame.cost
      while bytes > byteLimit, slots.count > 1,
        let oldest = slots.min(by: { $0.value.used < $1.value.used })
      {
        slots[oldest.key] = nil
        bytes -= oldest.value.frame.cost
      }
    }
  }

  /// Forgets all frames: before work that needs the memory and asks for none of them.
  package func removeAll() {
    lock.withLock {
      slots = [:]
      bytes = 0
    }
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
