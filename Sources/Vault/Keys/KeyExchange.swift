// KEM 1 of FORMAT.md section 4: X25519 as libsodium's crypto_kx does it.

internal import CSodium

enum KeyExchange {
  /// The number of this mechanism in headers.
  static let kem: UInt8 = 1

  /// The X25519 public key of a secret key.
  static func publicKey(of secret: SecretKey) -> PublicKey {
    Sodium.start()
    var key = [UInt8](repeating: 0, count: 32)
    let status = unsafe secret.withBytes { secret in
      guard let secret = secret.baseAddress else { return Int32(-1) }
      return unsafe crypto_scalarmult_base(&key, secret.assumingMemoryBound(to: UInt8.self))
    }
    precondition(status == 0, "a secret key has a public key")
    return PublicKey(bytes: key)
  }

  /// What the writer of a run shares with the reader; nil if the reader's key is a weak point.
  static func shared(runSecret: SecretKey, run: PublicKey, reader: PublicKey) -> SecretKey? {
    unsafe exchange(crypto_kx_client_session_keys, run, runSecret, reader, takeSecond: true)
  }

  /// What the reader shares with the writer of a run; nil if the run's key is a weak point.
  static func shared(readerSecret: SecretKey, reader: PublicKey, run: PublicKey) -> SecretKey? {
    unsafe exchange(crypto_kx_server_session_keys, reader, readerSecret, run, takeSecond: false)
  }

  private typealias Exchange = (
    UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<UInt8>?, UnsafePointer<UInt8>,
    UnsafePointer<UInt8>, UnsafePointer<UInt8>
  ) -> Int32

  // The client sends with the second key that it gets, the server receives with its first.
  private static func exchange(
    _ exchange: Exchange, _ own: PublicKey, _ secret: SecretKey, _ other: PublicKey,
    takeSecond: Bool
  ) -> SecretKey? {
    Sodium.start()
    let (own, other) = (own.bytes, other.bytes)
    let unused = SecretMemory(count: 32)
    var isDone = false
    let shared = unsafe SecretKey { target in
      guard let target = target.baseAddress else { return }
      let wanted = unsafe target.assumingMemoryBound(to: UInt8.self)
      let spare = unsafe unused.pointer.assumingMemoryBound(to: UInt8.self)
      let secret = unsafe secret.pointer.assumingMemoryBound(to: UInt8.self)
      isDone =
        unsafe exchange(
          takeSecond ? spare : wanted, takeSecond ? wanted : spare, own, secret, other) == 0
    }
    withExtendedLifetime(secret) {}
    return isDone ? shared : nil
  }
}
