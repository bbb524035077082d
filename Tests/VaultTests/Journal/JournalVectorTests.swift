// The journal's vectors: a chain with every type of entry, what it says in the end, changes to its
// bytes, and bodies that must not follow it.

import Testing

@testable import Vault

/// FORMAT.md section 13 as bytes.
struct JournalVectorTests {
  private let fixture = JournalFixture(13)
  private let guest = SigningKey(seed: .random(SeededRandomness(14)))

  private func name<Kind>(_ number: UInt64) -> Identifier32<Kind> {
    Identifier32(words: (number << 56 | number, number, number, number))
  }

  private func run(_ number: UInt8) -> RunID { RunID(bytes: .init(repeating: number, count: 16)) }

  /// A chain with every type of entry.
  func chain() throws -> (state: JournalState, sealed: [JournalSealing.Sealed]) {
    var state = JournalState(owner: fixture.keyring.ownerPublicKey)
    var chain: [JournalSealing.Sealed] = []
    let randomness = SeededRandomness(15)
    func append(_ body: JournalBody, by signer: SigningKey? = nil) throws {
      let sealing = JournalSealing(
        repository: fixture.repository, keyring: fixture.keyring,
        signer: signer ?? fixture.keyring.owner, randomness: randomness)
      let sealed = try sealing.seal(
        body, after: state, time: 1_700_000_000_000_000_000 + Int64(chain.count))
      try state.apply(sealed.entry)
      chain.append(sealed)
    }
    func commit(
      _ run: UInt8, _ segments: [ObjectHash], rescued: [ObjectHash] = [], partial: Bool = false
    ) throws -> SnapshotID {
      try append(
        .commit(
          segments: segments, rescued: rescued, isPartial: partial, note: [run, 1, 2],
          run: self.run(run)))
      return chain[chain.count - 1].entry.snapshotID
    }
    try append(.policy(.init()))
    _ = try commit(1, [name(0x51)], partial: true)
    let first = try commit(1, [name(0x52)])
    let second = try commit(2, [name(0x53), name(0x54)])
    try append(.amend(first, note: Array("an amendment".utf8)))
    try append(.tombstone([second], reason: Array("too old".utf8)))
    try append(
      .condemn(
        packs: [name(0x11), name(0x12), name(0x13)], segments: [name(0x53), name(0x59)],
        newSegments: [name(0x55)], rescued: []))
    let third = try commit(3, [name(0x56)], rescued: [name(0x11)])
    try append(.sweep(packs: [name(0x12)], segments: [name(0x53)]))
    try append(.tombstone([third, second]))
    try append(
      .policy(
        .init(admitted: [guest.publicKey], revoked: [name(0x77)], retention: [1, 2, 3])))
    try append(.access(.init(action: 2, note: [9])), by: guest)
    try append(.summary(state.summary))
    try append(.revive([third]))
    try append(
      .condemn(packs: [name(0x14)], segments: [name(0x5a)], newSegments: [], rescued: []))
    _ = try commit(4, [], partial: true)
    try append(
      .access(.init(action: 300, unknown: [UnknownField(number: 40, value: [7, 7])])))
    return (state, chain)
  }

  private func file() throws -> VectorFile {
    let (state, chain) = try chain()
    var file = VectorFile()
    file.add("repository", fixture.repository.bytes)
    file.add("journal key", fixture.keyring.currentEpoch.journalKey)
    file.add("owner public key", fixture.keyring.ownerPublicKey.bytes)
    file.add("guest public key", guest.publicKey.bytes)
    for sealed in chain {
      let number = sealed.entry.number
      file.add("payload \(number)", sealed.payload)
      file.add("hash \(number)", sealed.entry.hash.bytes)
      if number < 2 { file.add("stored \(number)", sealed.stored) }
    }
    file.add("summary after the last entry", state.summary.record)
    return file
  }

  @Test func vectorsAreMadeAgain() throws {
    try file().compare(with: "journal")
  }

  /// The committed file, read by what is in it alone.
  @Test func vectorsAreRead() throws {
    let file = try VectorFile(reading: "journal")
    let repository = RepositoryID(bytes: try file.bytes("repository"))
    var state = JournalState(owner: PublicKey(bytes: try file.bytes("owner public key")))
    var number: UInt64 = 0
    var begun: JournalState?
    func has(_ name: String) -> Bool { file.lines.contains { $0.name == name } }
    while has("payload \(number)") {
      let payload = try file.bytes("payload \(number)")
      let hash = ObjectHash(bytes: try file.bytes("hash \(number)"))
      let entry = try JournalSealing(
        repository: repository, keyring: fixture.keyring, signer: fixture.keyring.owner,
        randomness: SeededRandomness(1)
      ).verify(payload, number: number, hash: hash, admits: state.admits)
      if has("stored \(number)") {
        let stored = try file.bytes("stored \(number)")
        #expect(Hash.name(of: stored) == hash)
        let opened = try SealedObject.open(
          stored, as: .journalEntry, path: JournalEntry.path(number),
          key: file.key("journal key"), repository: repository)
        #expect(opened == payload)
      }
      try state.apply(entry)
      try begun?.apply(entry)
      if entry.isSummary { begun = try JournalState(beginning: entry, owner: state.owner) }
      number += 1
    }
    #expect(number == 17)
    #expect(state == begun)
    #expect(try state.summary.record == file.bytes("summary after the last entry"))
  }

  // MARK: What must fail

  @Test func changedBytesFail() throws {
    let stored = try chain().sealed[1].stored
    let mutations = [
      Mutation.flip("magic", 0, of: stored, "badMagic"),
      .set("version", 8, [2], "badVersion"),
      .set("suite", 10, [2], "badCommitment"),
      .set("unknown suite", 10, [9], "malformed"),
      .set("reserved", 11, [1], "badPadding"),
      .set("epoch", 12, [1], "malformed"),
      .flip("salt", 16, of: stored, "badCommitment"),
      .flip("commitment", 48, of: stored, "badCommitment"),
      .flip("ciphertext", 80, of: stored, "notAuthentic"),
      .flip("padding", 4000, of: stored, "notAuthentic"),
      .flip("tag", 4095, of: stored, "notAuthentic"),
    ]
    for mutation in mutations {
      let error = errorThrown {
        _ = try fixture.sealing.open(mutation.apply(to: stored), number: 1) { _ in true }
      }
      #expect(error == mutation.error, "\(mutation.name)")
    }
    try VectorFile(mutations: mutations, of: "stored 1 of journal.txt")
      .compare(with: "journal-mutations")
  }

  @Test func changedPayloadsFail() throws {
    let payload = try chain().sealed[1].payload
    let mutations = [
      Mutation.flip("previous", 0, of: payload, "badSignature"),
      .flip("writer", 32, of: payload, "badSignature"),
      .flip("time", 64, of: payload, "badSignature"),
      .flip("newest summary", 72, of: payload, "badSignature"),
      .flip("type", 80, of: payload, "badSignature"),
      .flip("body", 81, of: payload, "badSignature"),
      .flip("signature", payload.count - 1, of: payload, "badSignature"),
    ]
    for mutation in mutations {
      let error = errorThrown {
        _ = try fixture.sealing.verify(
          mutation.apply(to: payload), number: 1, hash: .zero, admits: { _ in true })
      }
      #expect(error == mutation.error, "\(mutation.name)")
    }
    try VectorFile(mutations: mutations, of: "payload 1 of journal.txt")
      .compare(with: "journal-payload-mutations")
  }

  /// Bodies that are signed and sealed as they must be, and say what must not be said.
  @Test func wrongBodiesFail() throws {
    let state = try chain().state
    var file = VectorFile()
    for wrong in try wrongBodies(state) {
      let error = errorThrown {
        let stored = fixture.sealed(type: wrong.type, record: wrong.record, after: state)
        let entry = try fixture.sealing.open(
          stored, number: state.nextNumber, admits: state.admits
        ).entry
        var state = state
        try state.apply(entry)
      }
      #expect(error == wrong.error, "\(wrong.name)")
      let record = wrong.record.isEmpty ? "-" : hexString(wrong.record)
      file.add(wrong.name, text: "\(wrong.type) \(record) \(wrong.error)")
    }
    try file.compare(with: "journal-bodies")
  }

  private struct WrongBody {
    let name: String
    let type: UInt8
    let record: [UInt8]
    var error = "malformed"

    init(_ name: String, _ body: JournalBody) {
      self.init(name, body.type, body.record)
    }

    init(_ name: String, _ type: UInt8, _ record: [UInt8], _ error: String = "malformed") {
      self.name = name
      self.type = type
      self.record = record
      self.error = error
    }

    init(
      _ name: String, _ type: UInt8, _ error: String = "malformed",
      _ build: (inout RecordWriter) -> Void
    ) {
      var writer = RecordWriter()
      build(&writer)
      self.init(name, type, writer.bytes, error)
    }
  }

  private func wrongBodies(_ state: JournalState) throws -> [WrongBody] {
    let low: ObjectHash = name(1)
    let high: ObjectHash = name(2)
    let run = run(9).bytes
    return [
      .init("unknown type", 10, [], "newer"),
      .init("type 0", 0, [], "newer"),
      .init("unknown critical field", 3, "newer") { $0.field(8, critical: true, [1]) },
      .init("unknown flag of a commit", 1, "newer") {
        $0.varintField(3, critical: true, 2)
        $0.field(4, critical: true, [1])
        $0.field(5, critical: true, run)
      },
      .init("commit without a note", 1) { $0.field(5, critical: true, run) },
      .init("commit without a run", 1) { $0.field(4, critical: true, [1]) },
      .init("commit with a short run", 1) {
        $0.field(4, critical: true, [1])
        $0.field(5, critical: true, Array(run.dropLast()))
      },
      .init("flags written though zero", 1) {
        $0.varintField(3, critical: true, 0, keepZero: true)
        $0.field(4, critical: true, [1])
        $0.field(5, critical: true, run)
      },
      .init("an empty list written", 6) { $0.field(1, critical: true, [0]) },
      .init("names out of order", 6) {
        $0.listField(1, critical: true, [high, low]) { $0.id($1) }
      },
      .init("a name twice", 6) { $0.listField(1, critical: true, [low, low]) { $0.id($1) } },
      .init("a list longer than its bytes", 6) { $0.field(1, critical: true, [2] + low.bytes) },
      .init("bytes behind a list", 6) { $0.field(1, critical: true, [1] + low.bytes + [0]) },
      .init("a critical field marked otherwise", 3) {
        $0.listField(1, critical: false, [low]) { $0.id($1) }
      },
      .init("field 0", 3) { $0.field(0, critical: false, [1]) },
      .init("fields out of order", 3, [0x08, 1, 1, 0x06, 1, 1]),
      .init("a length not in its shortest form", 3, [0x08, 0x81, 0, 1]),
      .init("a field that is cut off", 3, [0x08, 2, 1]),
      .init("an amendment of a short snapshot ID", 4) {
        $0.field(1, critical: true, Array(low.bytes.dropLast()))
        $0.field(2, critical: true, [1])
      },
      .init("sweep of a live pack", .sweep(packs: [low], segments: [])),
      .init("sweep of a swept pack", .sweep(packs: [name(0x12)], segments: [])),
      .init("sweep of a named segment", .sweep(packs: [], segments: [name(0x52)])),
      .init(
        "rescue of a swept pack",
        .commit(
          segments: [], rescued: [name(0x12)], isPartial: false, note: [1], run: self.run(9))),
      .init(
        "naming of a swept segment",
        .commit(
          segments: [name(0x53)], rescued: [], isPartial: false, note: [1], run: self.run(9))),
      .init(
        "condemning of a swept pack",
        .condemn(packs: [name(0x12)], segments: [], newSegments: [], rescued: [])),
      .init(
        "condemning of what is rescued",
        .condemn(packs: [low], segments: [], newSegments: [], rescued: [low])),
      .init(
        "condemning of what is named",
        .condemn(packs: [], segments: [low], newSegments: [low], rescued: [])),
      .init(
        "admitting whom it revokes",
        .policy(.init(admitted: [name(3)], revoked: [name(3)]))),
      .init(
        "a summary that says less", .summary(JournalState(owner: state.owner).summary)),
    ]
  }
}
