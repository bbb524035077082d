// Whether an open file holds what an extent says: the chunk is hashed again, a hole must read as
// zeros. Restores find so what is there already, backups what a disk has lost.

import Platform
import Vault

/// Compares files with extents for one thread, not shared.
final class ContentComparison {
  private let hasher: ChunkHasher
  private var buffer = OwnedBuffer(capacity: 1 << 20)

  init(_ hasher: ChunkHasher) { self.hasher = hasher }

  /// Whether a file holds an extent at an offset.
  func holds(
    _ extent: Extent, at offset: UInt64, in file: borrowing Descriptor
  ) throws(Errno) -> Bool {
    switch extent {
    case .hole(let length): return try isZero(offset..<offset + length, in: file)
    case .chunk(let id, let length):
      if buffer.capacity < Int(length) { buffer = OwnedBuffer(capacity: Int(length)) }
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: Int(length))
      let count = try unsafe file.read(at: Int64(offset), into: bytes)
      guard count == Int(length) else { return false }
      return unsafe hasher.id(of: UnsafeRawBufferPointer(bytes), kind: .data) == id
    }
  }

  // Holes are not read.
  private func isZero(_ range: Range<UInt64>, in file: borrowing Descriptor) throws(Errno) -> Bool {
    var stretches = DataStretches(of: file.raw, size: range.upperBound, from: range.lowerBound)
    while let stretch = try stretches.next() {
      var offset = stretch.lowerBound
      while offset < stretch.upperBound {
        let count = Int(min(UInt64(buffer.capacity), stretch.upperBound - offset))
        let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count)
        let filled = try unsafe file.read(at: Int64(offset), into: bytes)
        guard unsafe UnsafeRawBufferPointer(rebasing: bytes.prefix(filled)).isZero else {
          return false
        }
        if filled < count { return true }
        offset += UInt64(count)
      }
    }
    return true
  }
}

extension UnsafeRawBufferPointer {
  /// Whether all bytes are zero.
  @unsafe
  var isZero: Bool {
    guard count > 1, unsafe self[0] == 0 else { return unsafe allSatisfy { $0 == 0 } }
    return unsafe equalBytes(
      UnsafeRawBufferPointer(rebasing: dropLast()), UnsafeRawBufferPointer(rebasing: dropFirst()))
  }
}
