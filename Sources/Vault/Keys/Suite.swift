// The cipher suites of FORMAT.md section 1.

internal import CSodium

/// An AEAD with a 32-byte key, a 24-byte nonce and a 16-byte tag.
public enum Suite: UInt8, Sendable, CaseIterable {
  /// XChaCha20-Poly1305-IETF, the default.
  case xchacha20Poly1305 = 1
  /// AES-256-GCM under the first 12 bytes of the nonce, for those who must have AES.
  case aes256GCM = 2

  /// Whether this machine's processor can do it.
  public var isAvailable: Bool {
    Sodium.start()
    return self == .xchacha20Poly1305 || crypto_aead_aes256gcm_is_available() == 1
  }

  /// Throws `.notSupported` with the reason where the processor lacks what the suite needs.
  package func requireAvailable() throws(VaultError) {
    guard isAvailable else {
      throw .notSupported("AES-256-GCM needs a processor with AES-NI and PCLMUL; this has none")
    }
  }
}
