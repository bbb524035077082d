// Sealing and opening of single messages. Nothing is allocated for short ones; long ones take
// another library's way to the same bytes. In-place work (the same address for both sides) is
// allowed. AES-256-GCM expands its key for every message: that costs less than a microsecond, a
// frame costs hundreds, so no expanded key is kept.

internal import CSodium

/// Seal and its inverse of FORMAT.md section 1.
package enum AEAD {
  package static let tagSize = 16
  package static let nonceSize = 24

  /// Writes `plain.count + tagSize` bytes to `output`; `nonce` has 24 bytes.
  ///
  /// The suite must be available on this processor.
  package static func seal(
    _ suite: Suite, key: SecretKey, nonce: UnsafeRawPointer, aad: UnsafeRawBufferPointer,
    plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
  ) {
    precondition(suite.isAvailable, "the processor lacks the cipher")
    if LongMessage.sizes.contains(plain.count),
      unsafe LongMessage.seal(
        suite, key: key, nonce: nonce, aad: aad, plain: plain, into: output)
    {
      return
    }
    let encrypt =
      suite == .aes256GCM
      ? unsafe crypto_aead_aes256gcm_encrypt : unsafe crypto_aead_xchacha20poly1305_ietf_encrypt
    let status = unsafe encrypt(
      output.assumingMemoryBound(to: UInt8.self), nil,
      plain.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(plain.count),
      aad.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(aad.count), nil,
      nonce.assumingMemoryBound(to: UInt8.self),
      key.pointer.assumingMemoryBound(to: UInt8.self))
    withExtendedLifetime(key) {}
    precondition(status == 0, "sealing does not fail")
  }

  /// Writes `sealed.count - tagSize` bytes to `output` and returns true if `sealed` is what was
  /// sealed with these parameters; nothing there may be used otherwise.
  package static func open(
    _ suite: Suite, key: SecretKey, nonce: UnsafeRawPointer, aad: UnsafeRawBufferPointer,
    sealed: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
  ) -> Bool {
    guard let source = sealed.baseAddress, sealed.count >= tagSize, suite.isAvailable else {
      return false
    }
    if LongMessage.sizes.contains(sealed.count - tagSize),
      let isAuthentic = unsafe LongMessage.open(
        suite, key: key, nonce: nonce, aad: aad, sealed: sealed, into: output)
    {
      return isAuthentic
    }
    let decrypt =
      suite == .aes256GCM
      ? unsafe crypto_aead_aes256gcm_decrypt : unsafe crypto_aead_xchacha20poly1305_ietf_decrypt
    let status = unsafe decrypt(
      output.assumingMemoryBound(to: UInt8.self), nil, nil,
      source.assumingMemoryBound(to: UInt8.self), UInt64(sealed.count),
      aad.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(aad.count),
      nonce.assumingMemoryBound(to: UInt8.self),
      key.pointer.assumingMemoryBound(to: UInt8.self))
    withExtendedLifetime(key) {}
    return status == 0
  }

  /// Seals an array that is no secret once it is sealed.
  package static func seal(
    _ suite: Suite, key: SecretKey, nonce: [UInt8], aad: [UInt8], plain: [UInt8]
  ) -> [UInt8] {
    unsafe plain.withUnsafeBytes { plain in
      unsafe seal(suite, key: key, nonce: nonce, aad: aad, secret: plain)
    }
  }

  /// Seals bytes at a pointer into an array.
  package static func seal(
    _ suite: Suite, key: SecretKey, nonce: [UInt8], aad: [UInt8],
    secret plain: UnsafeRawBufferPointer
  ) -> [UInt8] {
    let size = plain.count + tagSize
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { output, count in
      guard let base = output.baseAddress else { return }
      unsafe seal(suite, key: key, nonce: nonce, aad: aad, plain: plain, into: base)
      count = size
    }
  }

  /// Writes `plain.count + tagSize` bytes to `output`.
  package static func seal(
    _ suite: Suite, key: SecretKey, nonce: [UInt8], aad: [UInt8],
    plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
  ) {
    precondition(nonce.count == nonceSize, "a nonce has 24 bytes")
    unsafe nonce.withUnsafeBytes { nonce in
      unsafe aad.withUnsafeBytes { aad in
        guard let nonce = nonce.baseAddress else { return }
        unsafe seal(suite, key: key, nonce: nonce, aad: aad, plain: plain, into: output)
      }
    }
  }

  /// Opens bytes into secret memory; nil if they were changed or belong elsewhere.
  package static func open(
    _ suite: Suite, key: SecretKey, nonce: [UInt8], aad: [UInt8], secret sealed: RawSpan
  ) -> SecretBytes? {
    guard sealed.byteCount >= tagSize else { return nil }
    var isAuthentic = false
    let plain = unsafe SecretBytes(capacity: sealed.byteCount - tagSize) { output in
      isAuthentic = unsafe open(suite, key: key, nonce: nonce, aad: aad, sealed, into: output)
      return output.count
    }
    return isAuthentic ? plain : nil
  }

  /// Opens bytes into an array; nil if they were changed or belong elsewhere.
  package static func open(
    _ suite: Suite, key: SecretKey, nonce: [UInt8], aad: [UInt8], sealed: RawSpan
  ) -> [UInt8]? {
    guard sealed.byteCount >= tagSize else { return nil }
    var isAuthentic = false
    let size = sealed.byteCount - tagSize
    let plain = unsafe [UInt8](unsafeUninitializedCapacity: size) { output, count in
      let output = UnsafeMutableRawBufferPointer(output)
      isAuthentic = unsafe open(suite, key: key, nonce: nonce, aad: aad, sealed, into: output)
      count = isAuthentic ? size : 0
    }
    return isAuthentic ? plain : nil
  }

  private static func open(
    _ suite: Suite, key: SecretKey, nonce: [UInt8], aad: [UInt8], _ sealed: RawSpan,
    into output: UnsafeMutableRawBufferPointer
  ) -> Bool {
    precondition(nonce.count == nonceSize, "a nonce has 24 bytes")
    return unsafe withUnsafeTemporaryAllocation(byteCount: 1, alignment: 1) { nothing in
      // An empty plain text still needs an address to be written to.
      guard let target = unsafe output.baseAddress ?? nothing.baseAddress else { return false }
      return unsafe sealed.withUnsafeBytes { sealed in
        unsafe nonce.withUnsafeBytes { nonce in
          unsafe aad.withUnsafeBytes { aad in
            guard let nonce = nonce.baseAddress else { return false }
            return unsafe open(
              suite, key: key, nonce: nonce, aad: aad, sealed: sealed, into: target)
          }
        }
      }
    }
  }
}
