// SipHash-2-4, which decides where chunks and tree nodes end.

internal import CSodium

/// SipHash-2-4 with a 64-bit result.
package enum SipHash {
  /// The hash of a message under the first 16 bytes of a key.
  package static func hash(_ message: UnsafeRawBufferPointer, key: SecretKey) -> UInt64 {
    defer { withExtendedLifetime(key) {} }
    return unsafe hash(message, keyAt: key.pointer)
  }

  /// The hash of a message under the 16 bytes at an address.
  @inline(__always)
  package static func hash(
    _ message: UnsafeRawBufferPointer, keyAt key: UnsafeRawPointer
  ) -> UInt64 {
    unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 1) { output in
      guard let output = output.baseAddress else { return 0 }
      _ = unsafe crypto_shorthash(
        UnsafeMutableRawPointer(output).assumingMemoryBound(to: UInt8.self),
        message.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(message.count),
        key.assumingMemoryBound(to: UInt8.self))
      return unsafe UInt64(littleEndian: output.pointee)
    }
  }
}
