// Sealing and opening of long messages through OpenSSL, whose ciphers are two to three times as
// fast as libsodium's on wide vectors. The bytes are the same. Short messages go through libsodium
// alone, so that small commands need not start a second library.

internal import CCrypto
internal import CSodium

/// The AEADs of `Suite` for long messages.
@safe
enum LongMessage {
  /// Plain bytes that are worth the way, and can be told to OpenSSL.
  static let sizes = 16 << 10...Int(Int32.max)

  private static let subkeySize = 32
  private static let ivSize = 12

  // Of our own, so that what a host program has configured has no say. Nor has the environment: a file
  // that OPENSSL_CONF names could be a pipe. It and the ciphers never change and are never freed, not
  // at the end of the program either, when threads may still be sealing.
  private nonisolated(unsafe) static let library =
    OPENSSL_init_crypto(
      UInt64(OPENSSL_INIT_NO_LOAD_CONFIG) | UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1
    ? unsafe OSSL_LIB_CTX_new() : nil
  private nonisolated(unsafe) static let chacha = unsafe cipher("ChaCha20-Poly1305")
  private nonisolated(unsafe) static let aes = unsafe cipher("AES-256-GCM")

  private static func cipher(of suite: Suite) -> OpaquePointer? {
    unsafe suite == .aes256GCM ? aes : chacha
  }

  private static func cipher(_ name: String) -> OpaquePointer? {
    guard let library = unsafe library else { return nil }
    return unsafe EVP_CIPHER_fetch(library, name, nil)
  }

  /// Starts the library, which takes half a millisecond, ahead of the first long message.
  static func prepare(_ suite: Suite) { _ = unsafe cipher(of: suite) }

  /// Writes the sealed bytes and the tag behind them to `output`.
  ///
  /// False, and nothing is written, where OpenSSL cannot: libsodium can. What was begun must end:
  /// sealed once more it would be the plain text again.
  @unsafe
  static func seal(
    _ suite: Suite, key: SecretKey, nonce: UnsafeRawPointer, aad: UnsafeRawBufferPointer,
    plain: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
  ) -> Bool {
    unsafe withContext(suite, key: key, nonce: nonce, aad: aad, tag: nil) { context in
      let isSealed =
        unsafe update(context, plain, into: output) && finish(context)
        && EVP_CIPHER_CTX_ctrl(
          context, EVP_CTRL_AEAD_GET_TAG, Int32(AEAD.tagSize), output + plain.count) == 1
      precondition(isSealed, "sealing does not fail")
      return true
    } ?? false
  }

  /// Writes what was sealed to `output` and answers whether it is authentic; zeros if not.
  ///
  /// Nil, and nothing is written, where OpenSSL cannot: libsodium can.
  @unsafe
  static func open(
    _ suite: Suite, key: SecretKey, nonce: UnsafeRawPointer, aad: UnsafeRawBufferPointer,
    sealed: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer
  ) -> Bool? {
    let size = sealed.count - AEAD.tagSize
    let tag = unsafe sealed.baseAddress.map { unsafe $0 + size }
    return unsafe withContext(suite, key: key, nonce: nonce, aad: aad, tag: tag) { context in
      let sealed = unsafe UnsafeRawBufferPointer(rebasing: sealed[..<size])
      let isAuthentic = unsafe update(context, sealed, into: output) && finish(context)
      if !isAuthentic { unsafe sodium_memzero(output, size) }
      return isAuthentic
    }
  }

  // MARK: OpenSSL

  // With a context that has all but the message; to open, a tag too. Nil where there is no memory or
  // no cipher.
  private static func withContext<Result>(
    _ suite: Suite, key: SecretKey, nonce: UnsafeRawPointer, aad: UnsafeRawBufferPointer,
    tag: UnsafeRawPointer?, _ body: (OpaquePointer) -> Result
  ) -> Result? {
    let cipher = unsafe cipher(of: suite)
    guard let cipher = unsafe cipher, let context = unsafe EVP_CIPHER_CTX_new() else { return nil }
    // It wipes what it held.
    defer { unsafe EVP_CIPHER_CTX_free(context) }
    let hasKey = unsafe withKey(suite, key, nonce) { key, iv in
      unsafe EVP_CipherInit_ex2(context, cipher, key, iv, tag == nil ? 1 : 0, nil) == 1
    }
    guard hasKey, unsafe update(context, aad: aad) else { return nil }
    if let tag = unsafe tag {
      let hasTag = unsafe EVP_CIPHER_CTX_ctrl(
        context, EVP_CTRL_AEAD_SET_TAG, Int32(AEAD.tagSize), UnsafeMutableRawPointer(mutating: tag))
      guard hasTag == 1 else { return nil }
    }
    return unsafe body(context)
  }

  // The key and the 12 bytes that the ciphers take: XChaCha20 is ChaCha20 under a key that the
  // first 16 bytes of the nonce decide, the others behind four zeros
  // (draft-irtf-cfrg-xchacha-03 section 2.3).
  private static func withKey(
    _ suite: Suite, _ key: SecretKey, _ nonce: UnsafeRawPointer,
    _ body: (UnsafePointer<UInt8>, UnsafePointer<UInt8>) -> Bool
  ) -> Bool {
    defer { withExtendedLifetime(key) {} }
    let key = unsafe key.pointer.assumingMemoryBound(to: UInt8.self)
    let nonce = unsafe nonce.assumingMemoryBound(to: UInt8.self)
    guard suite == .xchacha20Poly1305 else { return unsafe body(key, nonce) }
    return unsafe withUnsafeTemporaryAllocation(
      of: UInt8.self, capacity: subkeySize + ivSize
    ) { memory in
      guard let subkey = memory.baseAddress else { return false }
      defer { unsafe sodium_memzero(subkey, memory.count) }
      guard unsafe crypto_core_hchacha20(subkey, nonce, key, nil) == 0 else { return false }
      let iv = unsafe subkey + subkeySize
      unsafe iv.initialize(repeating: 0, count: 4)
      unsafe (iv + 4).initialize(from: nonce + 16, count: 8)
      return unsafe body(subkey, iv)
    }
  }

  private static func update(_ context: OpaquePointer, aad: UnsafeRawBufferPointer) -> Bool {
    var count: Int32 = 0
    return unsafe aad.isEmpty
      || EVP_CipherUpdate(
        context, nil, &count, aad.baseAddress?.assumingMemoryBound(to: UInt8.self),
        Int32(aad.count)) == 1
  }

  private static func update(
    _ context: OpaquePointer, _ input: UnsafeRawBufferPointer,
    into output: UnsafeMutableRawPointer
  ) -> Bool {
    var count: Int32 = 0
    return unsafe EVP_CipherUpdate(
      context, output.assumingMemoryBound(to: UInt8.self), &count,
      input.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(input.count)) == 1
      && Int(count) == input.count
  }

  // For opening this is the proof.
  private static func finish(_ context: OpaquePointer) -> Bool {
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { rest in
      var count: Int32 = 0
      return unsafe EVP_CipherFinal_ex(context, rest.baseAddress, &count) == 1 && count == 0
    }
  }
}
