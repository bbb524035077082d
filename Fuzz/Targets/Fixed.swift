// The keys that all targets use: always the same, so that an input means the same in every run.

import Igudar
import Vault

/// One repository's keys, made from seeds.
enum Fixed {
  static let repository = RepositoryID(bytes: Array(0..<16))
  static let keyring = KeyRing(
    generating: .xchacha20Poly1305, chunker: .standard, randomness: SeededRandomness(1))
  static let rootKey = SecretKey.random(SeededRandomness(2))
  static let run = RunKeys.fresh(
    for: keyring.currentEpoch, repository: repository, randomness: SeededRandomness(3))
  static let header = PackHeader(
    repository: repository, run: run, salt: SeededRandomness(4).bytes(32))
  static let packKeys = PackKeys(header: header, repository: repository, run: run)

  /// An identifier whose bytes are all the same.
  static func id<Kind>(
    _ byte: UInt8, as _: Identifier32<Kind>.Type = Identifier32<Kind>.self
  ) -> Identifier32<Kind> {
    Identifier32(bytes: [UInt8](repeating: byte, count: 32))
  }
}

/// Takes an input apart from its front; what is not there is zero or empty.
struct InputReader {
  private var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) { rest = input[...] }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func number16() -> Int { Int(byte()) | Int(byte()) << 8 }

  mutating func bytes(_ count: Int) -> [UInt8] {
    let taken = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    return taken
  }

  /// Bytes with a length of 16 bits before them.
  mutating func piece() -> [UInt8] { bytes(number16()) }

  mutating func remainder() -> [UInt8] { bytes(rest.count) }
}

/// Bytes with a length of 16 bits before them.
func piece(_ bytes: [UInt8]) -> [UInt8] {
  [UInt8(truncatingIfNeeded: bytes.count), UInt8(truncatingIfNeeded: bytes.count >> 8)] + bytes
}
