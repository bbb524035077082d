// Secret bytes of any length: passphrases, contents of key files, keyrings in plain text.

internal import CSodium

/// A secret byte string of fixed size, wiped when its last holder lets go of it.
public final class SecretBytes: @unchecked Sendable {
  private let memory: SecretMemory

  /// How many bytes there are.
  public let count: Int

  /// The bytes that the closure writes into a room of `capacity` zero bytes.
  ///
  /// The closure returns how many it wrote, 0 to `capacity`.
  public init<Failure: Error>(
    capacity: Int, filling fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    memory = SecretMemory(count: capacity)
    count = try unsafe fill(memory.mutableBuffer)
    precondition(count >= 0 && count <= capacity, "more secret bytes than there is room for")
  }

  /// A copy; the caller wipes the original.
  public convenience init(copying bytes: RawSpan) {
    unsafe self.init(capacity: bytes.byteCount) { target in
      unsafe bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
      return bytes.byteCount
    }
  }

  /// Lends the bytes; they must not be copied anywhere but to secret memory.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try unsafe body(UnsafeRawBufferPointer(rebasing: memory.buffer[..<count]))
  }

  /// The same without one final newline (LF or CR LF), as passphrases from files and commands need.
  public func withoutFinalNewline() -> SecretBytes {
    unsafe withBytes { bytes in
      var end = bytes.count
      if end > 0, unsafe bytes[end - 1] == 0x0a {
        end -= 1
        if end > 0, unsafe bytes[end - 1] == 0x0d { end -= 1 }
      }
      return unsafe SecretBytes(capacity: end) { target in
        unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        return end
      }
    }
  }

  /// Whether both are the same bytes, in constant time for equal lengths.
  public func isEqual(to other: SecretBytes) -> Bool {
    guard count == other.count else { return false }
    return unsafe sodium_memcmp(memory.pointer, other.memory.pointer, count) == 0
  }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
  /// Says that this is a secret, and nothing of it.
  public var description: String { "(secret bytes)" }
  /// Nothing to look at.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
