// What people hold to unlock a repository.

internal import CSodium

/// A secret that a slot opens with.
public enum Secret: Sendable {
  /// The bytes as given, without the final newline of a file or a command's output.
  case passphrase(SecretBytes)
  /// The 32 bytes of a key file.
  case keyFile(SecretKey)

  /// The secret in a key file: 32 bytes, or 64 hex digits with an optional final newline.
  ///
  /// Nil for any other contents.
  public init?(keyFile contents: SecretBytes) {
    if contents.count == SecretKey.size {
      self = unsafe .keyFile(contents.withBytes { unsafe SecretKey(copying: $0.bytes) })
      return
    }
    let digits = contents.withoutFinalNewline()
    guard digits.count == 2 * SecretKey.size else { return nil }
    var isHex = false
    let key = unsafe SecretKey { target in
      unsafe digits.withBytes { digits in
        guard let text = digits.baseAddress, let target = target.baseAddress else { return }
        var length = 0
        isHex =
          unsafe sodium_hex2bin(
            target.assumingMemoryBound(to: UInt8.self), SecretKey.size,
            text.assumingMemoryBound(to: CChar.self), digits.count, nil, &length, nil) == 0
          && length == SecretKey.size
      }
    }
    guard isHex else { return nil }
    self = .keyFile(key)
  }

  /// A new random key file's secret.
  public static func newKeyFile() -> Secret {
    .keyFile(.random(SystemRandomness()))
  }
}
