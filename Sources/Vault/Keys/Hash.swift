// BLAKE2b as FORMAT.md section 1 uses it: keyed, personalised with a label, 32 or 64 bytes out.
// The variants that take pointers allocate nothing.

internal import CSodium

/// H, H512 and name() of FORMAT.md section 1.
package enum Hash {
  /// H into 32 bytes at `output`.
  static func keyed(
    _ key: SecretKey?, _ label: Label, _ message: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawPointer, size: Int = 32
  ) {
    Sodium.start()
    var words = label.words
    let status = unsafe withUnsafeBytes(of: &words) { personal in
      unsafe crypto_generichash_blake2b_salt_personal(
        output.assumingMemoryBound(to: UInt8.self), size,
        message.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(message.count),
        key.map { unsafe $0.pointer.assumingMemoryBound(to: UInt8.self) },
        key == nil ? 0 : SecretKey.size, nil,
        personal.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }
    withExtendedLifetime(key) {}
    precondition(status == 0, "BLAKE2b refuses its parameters")
  }

  /// H of bytes at a pointer, as an identifier: chunk IDs; no allocation.
  package static func keyed<Kind>(
    key: SecretKey?, label: Label, _ message: UnsafeRawBufferPointer,
    as _: Identifier32<Kind>.Type
  ) -> Identifier32<Kind> {
    unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { output in
      guard let output = output.baseAddress else { return .zero }
      unsafe keyed(key, label, message, into: output)
      return unsafe Identifier32(loading: output)
    }
  }

  /// H of two pieces joined, as an identifier; no allocation.
  package static func keyed<Kind>(
    key: SecretKey?, label: Label, _ first: UnsafeRawBufferPointer,
    _ second: UnsafeRawBufferPointer, as _: Identifier32<Kind>.Type
  ) -> Identifier32<Kind> {
    unsafe withUnsafeTemporaryAllocation(
      byteCount: HashState.size, alignment: HashState.alignment
    ) { state in
      guard let base = state.baseAddress else { return .zero }
      var state = unsafe HashState(at: base, key: key, label: label, outputSize: 32)
      defer { state.wipe() }
      unsafe state.update(first)
      unsafe state.update(second)
      return unsafe withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { output in
        guard let output = output.baseAddress else { return .zero }
        unsafe state.finish(into: output, size: 32)
        return unsafe Identifier32(loading: output)
      }
    }
  }

  /// H of an array: 32 bytes that are no secret.
  package static func keyed(key: SecretKey?, label: Label, _ message: [UInt8]) -> [UInt8] {
    unsafe message.withUnsafeBytes { message in
      unsafe [UInt8](unsafeUninitializedCapacity: 32) { output, count in
        if let base = output.baseAddress { unsafe keyed(key, label, message, into: base) }
        count = 32
      }
    }
  }

  /// H of public bytes under a key, as another key.
  package static func derive(_ key: SecretKey, _ label: Label, _ message: [UInt8]) -> SecretKey {
    unsafe message.withUnsafeBytes { message in
      unsafe derive(key, label, message)
    }
  }

  /// H of bytes at a pointer under a key, as another key.
  package static func derive(
    _ key: SecretKey, _ label: Label, _ message: UnsafeRawBufferPointer
  ) -> SecretKey {
    unsafe SecretKey { output in
      guard let base = output.baseAddress else { return }
      unsafe keyed(key, label, message, into: base)
    }
  }

  /// H512: 64 secret bytes.
  package static func keyed512(key: SecretKey?, label: Label, _ message: [UInt8]) -> SecretBytes {
    unsafe message.withUnsafeBytes { message in
      unsafe SecretBytes(capacity: 64) { output in
        if let base = output.baseAddress {
          unsafe keyed(key, label, message, into: base, size: 64)
        }
        return 64
      }
    }
  }

  /// The name of an object: BLAKE2b-256 of its stored bytes, what `b2sum -l 256` prints.
  package static func name(of bytes: UnsafeRawBufferPointer) -> ObjectHash {
    unsafe keyedAlone(key: nil, label: .none, bytes, as: ObjectHash.self)
  }

  /// The names of many objects at once.
  static func names(of objects: [[UInt8]]) -> [ObjectHash] {
    // Arrays of bytes keep their place as long as they live and nobody changes them.
    let bytes = unsafe objects.map { unsafe $0.withUnsafeBytes { unsafe $0 } }
    defer { withExtendedLifetime(objects) {} }
    return unsafe keyed(key: nil, label: .none, bytes, as: ObjectHash.self)
  }

  /// The name of an object: BLAKE2b-256 of its stored bytes, what `b2sum -l 256` prints.
  package static func name(of bytes: [UInt8]) -> ObjectHash {
    unsafe bytes.withUnsafeBytes { unsafe name(of: $0) }
  }

  /// Whether two byte strings are equal, in a time that depends on their lengths only.
  package static func isEqual(_ left: RawSpan, _ right: RawSpan) -> Bool {
    guard left.byteCount == right.byteCount else { return false }
    return unsafe left.withUnsafeBytes { left in
      unsafe right.withUnsafeBytes { right in
        guard let first = left.baseAddress, let second = right.baseAddress else { return true }
        return unsafe sodium_memcmp(first, second, left.count) == 0
      }
    }
  }
}
