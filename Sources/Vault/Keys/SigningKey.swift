// Ed25519 signatures of the format object and of journal entries.

internal import CSodium

/// An Ed25519 key pair, made from its seed.
package final class SigningKey: Sendable {
  package static let signatureSize = 64

  /// What the pair is made from.
  package let seed: SecretKey
  package let publicKey: PublicKey
  private let secret: SecretBytes

  package init(seed: SecretKey) {
    Sodium.start()
    self.seed = seed
    var key = [UInt8](repeating: 0, count: 32)
    secret = unsafe SecretBytes(capacity: 64) { secret in
      guard let secret = secret.baseAddress else { return 0 }
      _ = unsafe crypto_sign_seed_keypair(
        &key, secret.assumingMemoryBound(to: UInt8.self),
        seed.pointer.assumingMemoryBound(to: UInt8.self))
      return 64
    }
    withExtendedLifetime(seed) {}
    publicKey = PublicKey(bytes: key)
  }

  /// The 64-byte signature of a message.
  package func sign(_ message: [UInt8]) -> [UInt8] {
    unsafe message.withUnsafeBytes { message in
      unsafe secret.withBytes { secret in
        unsafe [UInt8](unsafeUninitializedCapacity: Self.signatureSize) { signature, count in
          count = Self.signatureSize
          guard let output = signature.baseAddress, let secret = secret.baseAddress else { return }
          _ = unsafe crypto_sign_detached(
            output, nil, message.baseAddress?.assumingMemoryBound(to: UInt8.self),
            UInt64(message.count), secret.assumingMemoryBound(to: UInt8.self))
        }
      }
    }
  }
}

extension PublicKey {
  /// Whether this key's owner signed the message.
  package func verify(_ signature: RawSpan, of message: [UInt8]) -> Bool {
    Sodium.start()
    guard signature.byteCount == SigningKey.signatureSize else { return false }
    let key = bytes
    return unsafe signature.withUnsafeBytes { signature in
      unsafe message.withUnsafeBytes { message in
        guard let signature = signature.baseAddress else { return false }
        return unsafe crypto_sign_verify_detached(
          signature.assumingMemoryBound(to: UInt8.self),
          message.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(message.count), key)
          == 0
      }
    }
  }

  /// Whether this key's owner signed the message.
  package func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    unsafe verify(signature.span.bytes, of: message)
  }
}
