// Vectors of the derivations of FORMAT.md section 4: one line per label, all from one key.

import Testing

@testable import Vault

@Suite struct DerivationTests {
  private static let labels: [(text: String, label: Label)] = [
    ("igudar keyfile", .keyFile), ("igudar slot kek", .slotKEK),
    ("igudar slot cmt", .slotCommitment), ("igudar slot info", .slotInformation),
    ("igudar seal key", .sealKey), ("igudar seal cmt", .sealCommitment),
    ("igudar run key", .runKey), ("igudar pack key", .packKey),
    ("igudar pack dir", .packDirectory), ("igudar pack fill", .packFiller),
    ("igudar pack cmt", .packCommitment), ("igudar frame tag", .frameTag),
    ("igudar note key", .noteKey), ("igudar note cmt", .noteCommitment),
    ("igudar chunk dat", .dataChunk), ("igudar chunk tre", .treeChunk),
    ("igudar siphash", .sipHash), ("igudar tree cut", .treeCut), ("igudar set sum", .setSum),
  ]

  @Test func noLabelIsUsedTwice() {
    let labels = Self.labels.map(\.label) + [.gear, .none]
    #expect(Set(labels).count == labels.count)
  }

  @Test func vectors() throws {
    let key = SecretKey.random(SeededRandomness(40))
    let message = Array("the message".utf8)
    var file = VectorFile()
    file.add("key", key)
    file.add("message", message)
    file.add("name", Hash.name(of: message).bytes)
    for (text, label) in Self.labels {
      file.add(text, Hash.keyed(key: key, label: label, message))
      #expect(Hash.derive(key, label, message).revealed == (try file.bytes(text)))
    }
    file.add(
      "igudar gear", Hash.keyed512(key: key, label: .gear, message).revealed)
    try addKeyExchange(to: &file)
    try addArgon2(to: &file)
    let sip = unsafe message.withUnsafeBytes { unsafe SipHash.hash($0, key: key) }
    var word = ByteWriter()
    word.u64(sip)
    file.add("SipHash-2-4", word.bytes)
    for length in [1, 9, 4097, 65_537, 1_048_577, 16_777_215] {
      file.add("padme \(length)", padme(length))
    }
    try file.compare(with: "derivation")
  }

  private func addKeyExchange(to file: inout VectorFile) throws {
    let run = SecretKey.random(SeededRandomness(41))
    let reader = SecretKey.random(SeededRandomness(42))
    let runPublic = KeyExchange.publicKey(of: run)
    let readerPublic = KeyExchange.publicKey(of: reader)
    let shared = try #require(
      KeyExchange.shared(runSecret: run, run: runPublic, reader: readerPublic))
    let same = KeyExchange.shared(readerSecret: reader, reader: readerPublic, run: runPublic)
    #expect(same?.isEqual(to: shared) == true)
    file.add("KEM 1 run secret key", run)
    file.add("KEM 1 run public key", runPublic.bytes)
    file.add("KEM 1 reader secret key", reader)
    file.add("KEM 1 reader public key", readerPublic.bytes)
    file.add("KEM 1 shared", shared)
  }

  private func addArgon2(to file: inout VectorFile) throws {
    let salt = Array(UInt8(0)..<16)
    let key = try Argon2Cost(memory: 64, passes: 3).key(from: SecretBytes("agadir"), salt: salt)
    file.add("Argon2id passphrase", Array("agadir".utf8))
    file.add("Argon2id salt", salt)
    file.add("Argon2id memory", 64)
    file.add("Argon2id passes", 3)
    file.add("Argon2id", key)
  }
}
