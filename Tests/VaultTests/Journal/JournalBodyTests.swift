import Testing

@testable import Vault

/// Bodies of journal entries as records.
struct JournalBodyTests {
  static func randomBody(_ chance: inout JournalChance) -> JournalBody {
    func names<Kind>(_ chance: inout JournalChance) -> [Identifier32<Kind>] {
      (0..<chance.below(4)).map { _ in chance.identifier(Identifier32<Kind>.self) }
    }
    let extra = chance.oneIn(3) ? [UnknownField(number: 77, value: chance.bytes(3))] : []
    switch chance.below(9) {
    case 0:
      return .commit(
        .init(
          segments: names(&chance), rescuedPacks: names(&chance), isPartial: chance.oneIn(2),
          note: chance.bytes(1 + chance.below(200)), run: RunID(bytes: chance.bytes(16)),
          unknown: extra))
    case 1:
      return .tombstone(
        .init(
          snapshots: names(&chance), reason: chance.bytes(chance.below(5)), unknown: extra))
    case 2: return .revive(.init(snapshots: names(&chance), unknown: extra))
    case 3:
      return .amend(
        .init(
          snapshot: chance.identifier(SnapshotID.self), note: chance.bytes(1 + chance.below(9)),
          unknown: extra))
    case 4:
      return .condemn(
        .init(
          packs: names(&chance), segments: names(&chance), newSegments: names(&chance),
          rescuedPacks: names(&chance), unknown: extra))
    case 5: return .sweep(.init(packs: names(&chance), segments: names(&chance), unknown: extra))
    case 6:
      return .policy(
        .init(
          admitted: names(&chance), revoked: names(&chance),
          retention: chance.bytes(chance.below(3)), unknown: extra))
    case 7: return .summary(JournalWalk.state(&chance, steps: 20).summary)
    default:
      return .access(
        .init(
          action: UInt64(chance.below(3)), note: chance.bytes(chance.below(3)), unknown: extra))
    }
  }

  private func decode(_ type: UInt8, _ record: [UInt8]) throws -> JournalBody? {
    try unsafe JournalBody.decode(type: type, record: record.span.bytes)
  }

  @Test func everyBodyComesBack() throws {
    var chance = JournalChance.printed()
    for _ in 0..<500 {
      let body = Self.randomBody(&chance)
      #expect(try decode(body.type, body.record) == body)
    }
  }

  /// Whatever decodes has the bytes that it would be written with.
  @Test func changedBytesAreRejectedOrCanonical() throws {
    var chance = JournalChance.printed()
    for _ in 0..<3000 {
      let body = Self.randomBody(&chance)
      var record = body.record
      guard !record.isEmpty else { continue }
      for _ in 0...chance.below(3) {
        let place = chance.below(record.count)
        switch chance.below(3) {
        case 0: record[place] ^= 1 << chance.below(8)
        case 1: record.remove(at: place)
        default: record.insert(UInt8(chance.below(256)), at: place)
        }
        if record.isEmpty { break }
      }
      guard let decoded = try? decode(body.type, record) else { continue }
      #expect(decoded.record == record)
    }
  }

  @Test func everyTruncationOfACommitIsRejectedOrShorter() throws {
    let body = JournalBody.commit(
      segments: [ObjectHash(words: (1, 2, 3, 4))], rescued: [ObjectHash(words: (5, 6, 7, 8))],
      isPartial: true, note: [1, 2, 3], run: RunID(bytes: Array(0..<16)))
    for length in body.record.indices {
      #expect(throws: Damage.self) { try decode(1, Array(body.record[..<length])) }
    }
  }

  @Test func unknownThings() throws {
    #expect(try decode(10, []) == nil)
    #expect(try decode(0, []) == nil)
    var critical = RecordWriter()
    critical.field(9, critical: true, [1])
    #expect(throws: Damage.unknownCritical(9)) { try decode(9, critical.bytes) }
    var flags = RecordWriter()
    flags.varintField(3, critical: true, 2)
    flags.field(4, critical: true, [1])
    flags.field(5, critical: true, [UInt8](repeating: 1, count: 16))
    #expect(throws: Damage.unknownCritical(3)) { try decode(1, flags.bytes) }
  }

  @Test func listsAscend() throws {
    let (low, high) = (ObjectHash(words: (1, 0, 0, 0)), ObjectHash(words: (2, 0, 0, 0)))
    func sweep(_ names: [ObjectHash]) -> [UInt8] {
      var writer = RecordWriter()
      writer.identifiers(1, names)
      return writer.bytes
    }
    #expect(try decode(6, sweep([low, high])) == .sweep(packs: [high, low, low], segments: []))
    #expect(throws: Damage.malformed("a list does not ascend")) {
      try decode(6, sweep([high, low]))
    }
    #expect(throws: Damage.malformed("a list does not ascend")) {
      try decode(6, sweep([low, low]))
    }
  }
}
