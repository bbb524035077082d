// A 32-byte key that threads can share. Its bytes are in secret memory from the first to the last
// and are never in an array.

internal import CSodium

/// A secret key of 32 bytes, wiped when its last holder lets go of it.
public final class SecretKey: @unchecked Sendable {
  /// The size of every key, in bytes.
  public static let size = 32

  private let memory: SecretMemory

  /// The key that the closure writes; it gets 32 zero bytes.
  package init<Failure: Error>(
    filling fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    memory = SecretMemory(count: Self.size)
    try unsafe fill(memory.mutableBuffer)
  }

  /// A copy of 32 bytes that already lie in secret memory, or belong to a vector of a test.
  package convenience init(copying bytes: RawSpan) {
    precondition(bytes.byteCount == Self.size, "a key has 32 bytes")
    unsafe self.init { target in
      unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
  }

  /// A fresh key.
  package static func random(_ randomness: some Randomness) -> SecretKey {
    unsafe SecretKey { unsafe randomness.fill($0) }
  }

  /// The address of the 32 bytes, good while the key lives.
  @unsafe
  package var pointer: UnsafeRawPointer { unsafe UnsafeRawPointer(memory.pointer) }

  /// Lends the 32 bytes; they must not be copied anywhere but to secret memory.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(memory.buffer)
  }

  /// Whether both keys have the same bytes, in constant time.
  package func isEqual(to other: SecretKey) -> Bool {
    unsafe sodium_memcmp(memory.pointer, other.memory.pointer, Self.size) == 0
  }
}

extension SecretKey: CustomStringConvertible, CustomReflectable {
  /// Says that this is a secret, and nothing of it.
  public var description: String { "(secret key)" }
  /// Nothing to look at.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
