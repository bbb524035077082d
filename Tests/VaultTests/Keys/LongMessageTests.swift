// The ciphers of long messages against libsodium's, which short ones take: the same bytes, and the
// same refusals.

import CSodium
import Platform
import Testing

@testable import Vault

@Suite struct LongMessageTests {
  private static let sizes = [
    LongMessage.sizes.lowerBound, LongMessage.sizes.lowerBound + 1, 65_535, 1_000_003,
  ]

  private let random = SeededRandomness(77)

  private struct Message {
    let key: SecretKey
    let nonce, aad, plain: [UInt8]
  }

  private func message(_ size: Int, aad: Int) -> Message {
    Message(
      key: .random(random), nonce: random.bytes(AEAD.nonceSize), aad: random.bytes(aad),
      plain: random.bytes(size))
  }

  // libsodium's way, whatever the length.
  private func sodiumSealed(_ suite: Suite, _ message: Message) -> [UInt8] {
    let key = message.key.revealed
    var sealed = [UInt8](repeating: 0, count: message.plain.count + AEAD.tagSize)
    let encrypt =
      suite == .aes256GCM
      ? unsafe crypto_aead_aes256gcm_encrypt : unsafe crypto_aead_xchacha20poly1305_ietf_encrypt
    let status = unsafe encrypt(
      &sealed, nil, message.plain, UInt64(message.plain.count), message.aad,
      UInt64(message.aad.count), nil, message.nonce, key)
    #expect(status == 0)
    return sealed
  }

  private func seal(_ suite: Suite, _ message: Message) -> [UInt8] {
    AEAD.seal(
      suite, key: message.key, nonce: message.nonce, aad: message.aad, plain: message.plain)
  }

  private func open(_ suite: Suite, _ message: Message, _ sealed: [UInt8]) -> [UInt8]? {
    unsafe AEAD.open(
      suite, key: message.key, nonce: message.nonce, aad: message.aad,
      sealed: sealed.span.bytes)
  }

  private static var suites: [Suite] { Suite.allCases.filter(\.isAvailable) }

  @Test(arguments: suites, sizes)
  func bytesAreThoseOfLibsodium(suite: Suite, size: Int) {
    for aad in [0, 1, 100] {
      let message = message(size, aad: aad)
      let sealed = seal(suite, message)
      #expect(sealed == sodiumSealed(suite, message), "\(aad) bytes beside")
      #expect(open(suite, message, sealed) == message.plain, "\(aad) bytes beside")
    }
  }

  // A message in its place, in the memory that it is sealed and opened in.
  private func inPlace<Result>(
    _ message: Message, _ memory: inout [UInt8],
    _ body: (UnsafeRawPointer, UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> Result
  ) -> Result {
    unsafe memory.withUnsafeMutableBytes { memory in
      unsafe message.nonce.withUnsafeBytes { nonce in
        unsafe message.aad.withUnsafeBytes { aad in
          guard let nonce = nonce.baseAddress else { preconditionFailure("a nonce has 24 bytes") }
          return unsafe body(nonce, aad, memory)
        }
      }
    }
  }

  private func openInPlace(_ suite: Suite, _ message: Message, _ bytes: inout [UInt8]) -> Bool? {
    unsafe inPlace(message, &bytes) { nonce, aad, bytes in
      guard let place = bytes.baseAddress else { return nil }
      return unsafe LongMessage.open(
        suite, key: message.key, nonce: nonce, aad: aad, sealed: UnsafeRawBufferPointer(bytes),
        into: place)
    }
  }

  /// In their place, as objects are sealed, and without a way back to libsodium.
  @Test(arguments: suites)
  func theOtherLibraryDoesIt(suite: Suite) {
    let message = message(50_000, aad: 10)
    var bytes = message.plain + [UInt8](repeating: 0, count: AEAD.tagSize)
    let isSealed = unsafe inPlace(message, &bytes) { nonce, aad, bytes in
      guard let place = bytes.baseAddress else { return false }
      return unsafe LongMessage.seal(
        suite, key: message.key, nonce: nonce, aad: aad,
        plain: UnsafeRawBufferPointer(rebasing: bytes.prefix(50_000)), into: place)
    }
    #expect(isSealed)
    #expect(bytes == sodiumSealed(suite, message))
    var changed = bytes
    changed[49_999] ^= 1
    #expect(openInPlace(suite, message, &changed) == false)
    #expect(changed.prefix(50_000).allSatisfy { $0 == 0 })
    #expect(openInPlace(suite, message, &bytes) == true)
    #expect(Array(bytes.prefix(50_000)) == message.plain)
  }

  @Test(arguments: suites)
  func whatWasChangedDoesNotOpen(suite: Suite) {
    let message = message(40_000, aad: 10)
    let sealed = seal(suite, message)
    for place in [0, 20_000, 39_999, 40_000, 40_015] {
      var changed = sealed
      changed[place] ^= 1
      #expect(open(suite, message, changed) == nil, "byte \(place)")
    }
    #expect(open(suite, message, sealed.dropLast()) == nil)
    #expect(open(suite, message, sealed + [0]) == nil)
    var nonce = message.nonce
    nonce[11] ^= 1
    let others = [
      Message(key: .random(random), nonce: message.nonce, aad: message.aad, plain: []),
      Message(key: message.key, nonce: nonce, aad: message.aad, plain: []),
      Message(key: message.key, nonce: message.nonce, aad: message.aad + [0], plain: []),
    ]
    for other in others { #expect(open(suite, other, sealed) == nil) }
  }
}
