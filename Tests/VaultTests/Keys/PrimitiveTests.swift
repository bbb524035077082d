// The primitives against values that other programs computed (Python's hashlib, RFC 8032, the
// SipHash paper, the XChaCha draft).

import Storage
import Testing

@testable import Vault

private func key(_ bytes: some Sequence<UInt8>) -> SecretKey {
  unsafe SecretKey(copying: Array(bytes).span.bytes)
}

private func hex(_ text: String) throws -> [UInt8] { try #require(bytesFromHex(text)) }

@Suite struct PrimitiveTests {
  @Test func secretsLeaveNothingBehind() {
    for count in [32, 200, 256, 257, 5000] {
      for _ in 0..<3 {
        var held: [SecretBytes] = []
        for _ in 0..<40 {
          held.append(
            unsafe SecretBytes(capacity: count) { room in
              let isZero = unsafe room.allSatisfy { $0 == 0 }
              #expect(isZero && room.count == count)
              for index in room.indices { unsafe room[index] = 0xff }
              return count
            })
        }
        // None lies in another's place.
        for secret in held {
          let isWhole = unsafe secret.withBytes { unsafe $0.allSatisfy { $0 == 0xff } }
          #expect(isWhole)
        }
      }
    }
  }

  @Test func keyedHashesAgreeWithPython() throws {
    let abc = Array("abc".utf8)
    let hash = Hash.keyed(key: key(0..<32), label: .dataChunk, abc)
    #expect(
      hexString(hash) == "4c43f950664a8aa47cccb4b427978fc1b4adb13fdd0ece82ed732631907780c0")
    let long = Hash.keyed512(key: key(0..<32), label: .gear, abc)
    let digits = unsafe long.withBytes { unsafe hexString([UInt8]($0)) }
    #expect(
      digits == """
        e29ab4628d82304e0ead1abd29f9ad7cab19b4db43393f16ba65297c87d78461\
        70abc0a64d6fc822e44fb6ef5cea55a0fb25defdbff92a692798cf4893c15d5a
        """)
    #expect(
      Hash.name(of: abc).hex
        == "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319")
  }

  @Test(arguments: [0, 1, 31, 128, 129, 1000])
  func piecesHashAsTheWhole(split: Int) {
    let message = SeededRandomness(1).bytes(1000)
    let whole = Hash.keyed(key: key(0..<32), label: .frameTag, message)
    var stream = HashStream(key: key(0..<32), label: .frameTag)
    stream.update(Array(message[..<split]))
    stream.update(Array(message[split...]))
    #expect(stream.finish(as: ChunkID.self).bytes == whole)
    let joined = unsafe message.withUnsafeBytes { bytes in
      unsafe Hash.keyed(
        key: key(0..<32), label: .frameTag, .init(rebasing: bytes[..<split]),
        .init(rebasing: bytes[split...]), as: ChunkID.self)
    }
    #expect(joined.bytes == whole)
  }

  @Test func labelsAndKeysSeparate() {
    let abc = Array("abc".utf8)
    let hashes = [
      Hash.keyed(key: key(0..<32), label: .dataChunk, abc),
      Hash.keyed(key: key(0..<32), label: .treeChunk, abc),
      Hash.keyed(key: key(1..<33), label: .dataChunk, abc),
      Hash.keyed(key: nil, label: .dataChunk, abc),
      Hash.name(of: abc).bytes,
    ]
    #expect(Set(hashes).count == hashes.count)
  }

  @Test func sipHashIsSipHash24() throws {
    // Appendix A of the SipHash paper.
    let hash = unsafe Array(UInt8(0)..<15).withUnsafeBytes {
      unsafe SipHash.hash($0, key: key(0..<32))
    }
    #expect(hash == 0xa129_ca61_49be_45e5)
  }

  @Test func xchachaIsTheDrafts() throws {
    // draft-irtf-cfrg-xchacha-03, A.3.1
    let plain = Array(
      """
      Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
      sunscreen would be it.
      """.utf8)
    let sealed = AEAD.seal(
      .xchacha20Poly1305, key: key(0x80...0x9f), nonce: Array(0x40...0x57),
      aad: try hex("50515253c0c1c2c3c4c5c6c7"), plain: plain)
    #expect(try sealed.prefix(16) == hex("bd6d179d3e83d43b9576579493c0e939").prefix(16))
    #expect(try sealed.suffix(16) == hex("c0875924c1c7987947deafd8780acf49").suffix(16))
  }

  @Test(arguments: Suite.allCases.filter(\.isAvailable), [0, 1, 1000])
  func sealedOpensOnlyUnchanged(suite: Suite, size: Int) {
    let plain = SeededRandomness(2).bytes(size)
    let nonce = [UInt8](repeating: 7, count: 24)
    let aad = Array("where".utf8)
    let sealed = AEAD.seal(suite, key: key(0..<32), nonce: nonce, aad: aad, plain: plain)
    #expect(sealed.count == size + AEAD.tagSize)
    func open(_ sealed: [UInt8], _ key: SecretKey, _ nonce: [UInt8], _ aad: [UInt8]) -> [UInt8]? {
      unsafe AEAD.open(suite, key: key, nonce: nonce, aad: aad, sealed: sealed.span.bytes)
    }
    #expect(open(sealed, key(0..<32), nonce, aad) == plain)
    #expect(open(sealed, key(1..<33), nonce, aad) == nil)
    #expect(open(sealed, key(0..<32), [8] + nonce.dropFirst(), aad) == nil)
    #expect(open(sealed, key(0..<32), nonce, aad + [0]) == nil)
    #expect(open(Array(sealed.dropLast()), key(0..<32), nonce, aad) == nil)
    #expect(open([], key(0..<32), nonce, aad) == nil)
    for index in [0, sealed.count - 1] {
      var changed = sealed
      changed[index] ^= 1
      #expect(open(changed, key(0..<32), nonce, aad) == nil)
    }
  }

  @Test func signaturesAreEd25519() throws {
    // RFC 8032, 7.1, test 2
    let signer = SigningKey(
      seed: key(try hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")))
    #expect(
      signer.publicKey.hex == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    let signature = signer.sign([0x72])
    #expect(hexString(signature).hasPrefix("92a009a9f0d4cab8720e820b5f642540"))
    #expect(signer.publicKey.verify(signature, of: [0x72]))
    #expect(!signer.publicKey.verify(signature, of: [0x73]))
    #expect(!signer.publicKey.verify(signature, of: []))
    #expect(!signer.publicKey.verify([], of: [0x72]))
  }

  @Test func padmeKeepsFewLeadingBits() {
    let expected = [
      0: 0, 1: 1, 2: 2, 3: 3, 9: 10, 1000: 1024, 4097: 4352, 65537: 67584, 1 << 20: 1 << 20,
      (1 << 20) + 1: 1_081_344, 16_777_215: 1 << 24,
    ]
    for (length, padded) in expected { #expect(padme(length) == padded, "\(length)") }
    for length in 0..<100_000 {
      let padded = padme(length)
      #expect(padded >= length && padme(padded) == padded)
      #expect(Double(padded) <= Double(length) * 1.12)
    }
  }

  @Test func secretsShowNothing() {
    let secret = SecretBytes(copying: unsafe Array("hunter2".utf8).span.bytes)
    #expect(!"\(secret)".contains("hunter") && "\(key(0..<32))" == "(secret key)")
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!dumped.contains("hunter") && !dumped.contains("memory"))
  }

  @Test(arguments: [
    ("pass", "pass"), ("pass\n", "pass"), ("pass\r\n", "pass"), ("pass\n\n", "pass\n"),
    ("pass\r", "pass\r"), ("\n", ""), ("", ""),
  ])
  func oneFinalNewlineGoes(text: String, expected: String) {
    let secret = SecretBytes(copying: unsafe Array(text.utf8).span.bytes).withoutFinalNewline()
    #expect(unsafe secret.withBytes { unsafe Array($0) } == Array(expected.utf8))
  }

  @Test func seededRandomnessRepeats() {
    let first = SeededRandomness(9)
    let second = SeededRandomness(9)
    #expect(first.bytes(40) == second.bytes(40))
    #expect(first.bytes(40) == second.bytes(40))
    #expect(first.bytes(40) != second.bytes(40).map { $0 ^ 1 })
    #expect(SeededRandomness(9).bytes(40) != SeededRandomness(10).bytes(40))
    #expect(SystemRandomness().bytes(32) != SystemRandomness().bytes(32))
  }
}
