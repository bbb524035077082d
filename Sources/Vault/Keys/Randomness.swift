// Where random bytes come from: the system, or a seed when test vectors are made.

internal import CSodium
internal import Synchronization

/// A source of random bytes.
package protocol Randomness: Sendable {
  /// Fills the whole buffer.
  func fill(_ buffer: UnsafeMutableRawBufferPointer)
}

extension Randomness {
  /// Random bytes that are no secret: salts, nonces, identifiers.
  package func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    unsafe bytes.withUnsafeMutableBytes { unsafe fill($0) }
    return bytes
  }

  /// A random identifier of 16 bytes.
  package func identifier<Kind>(_: Identifier16<Kind>.Type) -> Identifier16<Kind> {
    Identifier16(bytes: bytes(16))
  }
}

/// The system's random numbers.
package struct SystemRandomness: Randomness {
  package init() {}

  package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    Sodium.start()
    guard let base = buffer.baseAddress else { return }
    unsafe randombytes_buf(base, buffer.count)
  }
}

/// Random bytes that a seed decides, for test vectors only.
///
/// Fill n (from 0) is `randombytes_buf_deterministic` under BLAKE2b-256(u64 seed ‖ u64 n).
package final class SeededRandomness: Randomness {
  private let seed: UInt64
  private let fillCount = Atomic<UInt64>(0)

  package init(_ seed: UInt64) {
    self.seed = seed
  }

  package func fill(_ buffer: UnsafeMutableRawBufferPointer) {
    let number = fillCount.wrappingAdd(1, ordering: .relaxed).oldValue
    var message = ByteWriter()
    message.u64(seed)
    message.u64(number)
    let key = Hash.name(of: message.bytes).bytes
    guard let base = buffer.baseAddress else { return }
    unsafe key.withUnsafeBufferPointer { key in
      guard let key = key.baseAddress else { return }
      unsafe randombytes_buf_deterministic(base, buffer.count, key)
    }
  }
}
