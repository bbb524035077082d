// The vectors of keyrings that must not be taken: payloads that break one rule of FORMAT.md
// section 8 each.

import Testing

@testable import Vault

/// Keyrings with one thing wrong.
@Suite struct KeyRingVectorTests {
  private static let ring = KeyRingTests.keyring(9)

  // MARK: Keyrings as a test wants them

  private typealias Field = (number: UInt64, value: [UInt8])

  private static func varint(_ value: UInt64) -> [UInt8] {
    var writer = ByteWriter()
    writer.varint(value)
    return writer.bytes
  }

  private static func list(_ items: [[UInt8]]) -> [UInt8] {
    var writer = ByteWriter()
    writer.varint(UInt64(items.count))
    for item in items { writer.prefixed(item) }
    return writer.bytes
  }

  // A record of critical fields but those named, with some values replaced, or left out if nil.
  private static func record(
    _ fields: [Field], optional: Set<UInt64> = [], _ changes: [UInt64: [UInt8]?]
  ) -> [UInt8] {
    var writer = RecordWriter()
    for field in fields {
      guard let value = changes[field.number, default: field.value] else { continue }
      writer.field(field.number, critical: !optional.contains(field.number), value)
    }
    for (number, value) in changes.sorted(by: { $0.key < $1.key }) {
      guard !fields.contains(where: { $0.number == number }), let value else { continue }
      writer.field(number, critical: true, value)
    }
    return writer.bytes
  }

  private static func epoch(_ changes: [UInt64: [UInt8]?] = [:]) -> [UInt8] {
    let epoch = ring.currentEpoch
    return record(
      [
        (1, [0]), (2, [1]), (3, epoch.indexKey.revealed), (4, epoch.journalKey.revealed),
        (5, epoch.readerSecret?.revealed ?? []), (6, epoch.readerPublic.bytes),
        (7, epoch.psk.revealed),
      ], optional: [5], changes)
  }

  private static func domain(_ changes: [UInt64: [UInt8]?] = [:]) -> [UInt8] {
    let domain = ring.currentDomain
    return record(
      [
        (1, [0]), (2, domain.chunkIDKey.revealed), (3, domain.chunkerKey.revealed),
        (4, domain.treeCutKey.revealed), (5, [1]), (6, varint(32 << 10)), (7, varint(128 << 10)),
        (8, varint(512 << 10)),
      ], changes)
  }

  private static func keyring(_ changes: [UInt64: [UInt8]?] = [:]) -> [UInt8] {
    record(
      [
        (1, ring.owner.seed.revealed), (2, list([epoch()])), (3, list([domain()])), (4, [0]),
        (5, [0]),
      ], changes)
  }

  private static func sizes(_ minimum: UInt64, _ target: UInt64, _ maximum: UInt64) -> [UInt8] {
    keyring([
      3: list([domain([6: varint(minimum), 7: varint(target), 8: varint(maximum)])])
    ])
  }

  // MARK: Accepted and rejected

  private func error(_ payload: [UInt8]) -> String {
    errorThrown { _ = try KeyRing.decode(SecretBytes(payload)) }
  }

  @Test func whatIsNotChangedIsAccepted() throws {
    #expect(Self.keyring() == Self.ring.encoded().revealed)
    let writeOnly = Self.keyring([2: Self.list([Self.epoch([5: nil])])])
    let two = Self.keyring([
      2: Self.list([Self.epoch(), Self.epoch([1: [7], 2: [2]])]), 4: [7],
      3: Self.list([Self.domain(), Self.domain([1: [1]])]), 5: [1],
    ])
    for payload in [writeOnly, two, Self.sizes(64, 64, 64), Self.sizes(65, 128, 8 << 20)] {
      #expect(error(payload) == "none")
    }
    let ring = try KeyRing.decode(SecretBytes(two))
    #expect(ring.currentEpoch.number == 7 && ring.currentDomain.number == 1)
  }

  private static let short = [UInt8](repeating: 1, count: 31)
  private static let weak = [UInt8](repeating: 0, count: 32)

  private static let psk = ring.currentEpoch.psk.revealed

  private static func markedSecret() -> [UInt8] {
    var epoch = epoch()
    // The mark of field 5, behind fields of 3, 3, 34 and 34 bytes.
    epoch[74] |= 1
    return epoch
  }

  private static func wrongEpochs() -> [(String, [UInt8], String)] {
    func epochs(_ epochs: [UInt8]...) -> [UInt8] { keyring([2: list(epochs)]) }
    return [
      ("no epochs", epochs(), "malformed"),
      ("an epoch twice", epochs(epoch(), epoch()), "malformed"),
      ("epochs out of order", epochs(epoch([1: [1]]), epoch()), "malformed"),
      ("an epoch without a number", epochs(epoch([1: nil])), "malformed"),
      ("an epoch of an unknown suite", epochs(epoch([2: [3]])), "malformed"),
      ("an epoch without an index key", epochs(epoch([3: nil])), "malformed"),
      ("a short index key", epochs(epoch([3: short])), "malformed"),
      ("a short journal key", epochs(epoch([4: short])), "malformed"),
      ("a reader's secret key of another", epochs(epoch([5: weak])), "malformed"),
      ("no reader's public key", epochs(epoch([6: nil])), "malformed"),
      ("a weak public key", epochs(epoch([5: nil, 6: weak])), "malformed"),
      ("no pre-shared key", epochs(epoch([7: nil])), "malformed"),
      (
        "a field of an epoch marked otherwise", epochs(epoch([7: nil]) + [14, 32] + psk),
        "malformed"
      ),
      ("an uncritical field of an epoch marked critical", epochs(markedSecret()), "malformed"),
      ("an unknown field of an epoch", epochs(epoch([8: [1]])), "unknownCritical"),
      ("no such current epoch", keyring([4: [1]]), "malformed"),
      ("no current epoch", keyring([4: nil]), "malformed"),
    ]
  }

  private static func wrongDomains() -> [(String, [UInt8], String)] {
    func domains(_ domains: [UInt8]...) -> [UInt8] { keyring([3: list(domains)]) }
    return [
      ("no domains", domains(), "malformed"),
      ("a domain twice", domains(domain(), domain()), "malformed"),
      ("domains out of order", domains(domain([1: [1]]), domain()), "malformed"),
      ("a domain without a chunk-ID key", domains(domain([2: nil])), "malformed"),
      ("a short chunker key", domains(domain([3: short])), "malformed"),
      ("a short tree-cut key", domains(domain([4: short])), "malformed"),
      ("an unknown chunker", domains(domain([5: [2]])), "malformed"),
      ("no chunker", domains(domain([5: nil])), "malformed"),
      ("a minimum below 64", sizes(63, 128, 1024), "malformed"),
      ("a minimum above the target", sizes(129, 128, 1024), "malformed"),
      ("a target that is no power of two", sizes(64, 129, 1024), "malformed"),
      ("a maximum below the target", sizes(64, 128, 127), "malformed"),
      ("a maximum above the limit", sizes(64, 128, (8 << 20) + 1), "malformed"),
      (
        "a field of a domain marked otherwise",
        domains(domain([8: nil]) + [16, 3] + varint(512 << 10)), "malformed"
      ),
      ("an unknown field of a domain", domains(domain([9: [1]])), "unknownCritical"),
      ("no such current domain", keyring([5: [1]]), "malformed"),
      ("no current domain", keyring([5: nil]), "malformed"),
    ]
  }

  @Test func wrongKeyringsFail() throws {
    let wrong: [(String, [UInt8], String)] =
      [
        ("no owner", Self.keyring([1: nil]), "malformed"),
        ("a short owner's seed", Self.keyring([1: Self.short]), "malformed"),
        ("an unknown field", Self.keyring([6: [1]]), "unknownCritical"),
        ("fields out of order", Self.keyring() + [2, 1, 1], "malformed"),
        ("a field 0", [0, 0] + Self.keyring(), "malformed"),
        ("a critical field marked otherwise", Self.keyring([5: nil]) + [10, 1, 0], "malformed"),
        ("nothing", [], "malformed"),
      ] + Self.wrongEpochs() + Self.wrongDomains()
    var file = VectorFile()
    for (name, payload, expected) in wrong {
      #expect(error(payload) == expected, "\(name)")
      file.add(name, text: "\(payload.isEmpty ? "-" : hexString(payload)) \(expected)")
    }
    try file.compare(with: "keyring-rejected")
  }
}
