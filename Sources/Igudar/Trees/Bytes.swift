// Byte order of names that lie in a buffer, without copying them.

import Glibc

extension RawSpan {
  /// Whether these bytes come before the others in byte order.
  func precedes(_ other: RawSpan) -> Bool { order(other) < 0 }

  func equals(_ other: RawSpan) -> Bool { byteCount == other.byteCount && order(other) == 0 }

  func contains(_ byte: UInt8) -> Bool {
    unsafe withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      return unsafe memchr(base, Int32(byte), bytes.count) != nil
    }
  }

  /// Negative, zero or positive, as these bytes come before, are, or come after the others.
  func order(_ other: RawSpan) -> Int {
    let shared = Swift.min(byteCount, other.byteCount)
    let first = unsafe withUnsafeBytes { left in
      unsafe other.withUnsafeBytes { right in
        guard shared > 0, let left = left.baseAddress, let right = right.baseAddress else {
          return 0
        }
        return unsafe Int(memcmp(left, right, shared))
      }
    }
    return first != 0 ? first : byteCount - other.byteCount
  }
}

extension [UInt8] {
  /// The bytes in place.
  package var rawSpan: RawSpan {
    @_lifetime(borrow self)
    get { unsafe span.bytes }
  }
}
