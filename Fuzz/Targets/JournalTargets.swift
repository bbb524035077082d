// Journal entries: payload, body, and the replay of a whole journal.

import Igudar
import Vault

extension FuzzTarget {
  static let journal = [
    FuzzTarget("journal-payload", seeds: payloadSeeds, run: runPayload),
    FuzzTarget("journal-body", seeds: bodySeeds, run: runBody),
    FuzzTarget("journal-replay", seeds: replaySeeds, run: runReplay),
  ]

  private static let owner = Fixed.keyring.owner
  private static let guest = SigningKey(seed: .random(SeededRandomness(10)))

  private static func sealing(_ signer: SigningKey) -> JournalSealing {
    JournalSealing(
      repository: Fixed.repository, keyring: Fixed.keyring, signer: signer,
      randomness: SeededRandomness(11))
  }

  private static let bodies: [JournalBody] = [
    .commit(
      segments: [Fixed.id(1), Fixed.id(2)], rescued: [Fixed.id(3)], isPartial: true,
      note: Array("note".utf8), run: RunID(bytes: Array(0..<16))),
    .tombstone([Fixed.id(4)], reason: Array("why".utf8)), .revive([Fixed.id(4)]),
    .amend(Fixed.id(4), note: Array("note".utf8)),
    .condemn(
      packs: [Fixed.id(5)], segments: [Fixed.id(6)], newSegments: [Fixed.id(7)],
      rescued: [Fixed.id(8)]),
    .sweep(packs: [Fixed.id(5)], segments: [Fixed.id(6)]),
    .policy(.init(admitted: [guest.publicKey], retention: [1, 2])),
    .summary(replayed(replaySeeds()[0]).summary), .access(.init(action: 3, note: [4])),
  ]

  // MARK: journal-payload: all but the signature, which is made; the owner is put in as writer

  private static let payloadNumber: UInt64 = 7

  private static func payloadSeeds() -> [[UInt8]] {
    bodies.prefix(2).map { body in
      JournalPayload.unsigned(
        previous: Fixed.id(1), writer: owner.publicKey, time: 1_700_000_000_000_000_000,
        newestSummary: nil, body: body)
    }
  }

  private static func runPayload(_ input: [UInt8]) throws(Finding) -> Bool {
    var unsigned = input
    if unsigned.count >= 64 { unsigned.replaceSubrange(32..<64, with: owner.publicKey.bytes) }
    let signature = owner.sign(
      JournalPayload.signingInput(
        unsigned, number: payloadNumber, repository: Fixed.repository))
    let entry = try? sealing(owner).verify(
      unsigned + signature, number: payloadNumber, hash: .zero, admits: { _ in true })
    guard let entry else { return false }
    let again = JournalPayload.unsigned(
      previous: entry.previous, writer: entry.writer, time: entry.time,
      newestSummary: entry.newestSummary, body: entry.body)
    try promise(again == unsigned, "a payload has two forms")
    return true
  }

  // MARK: journal-body: the type, then the record

  private static func bodySeeds() -> [[UInt8]] { bodies.map { [$0.type] + $0.record } }

  private static func runBody(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let type = input.first else { return false }
    let record = Array(input.dropFirst())
    let decoded = (try? JournalBody.decode(type: type, record: record.rawSpan)) ?? nil
    guard let decoded else { return false }
    try promise(decoded.type == type && decoded.record == record, "a body has two forms")
    if case .summary(let summary) = decoded { try begin(at: summary) }
    return true
  }

  // A state that begins at a summary says the same summary again.
  private static func begin(at summary: JournalSummary) throws(Finding) {
    let body = JournalBody.summary(summary)
    guard let entry = entry(body, after: manyEntries, by: owner),
      let state = try? JournalState(beginning: entry, owner: owner.publicKey)
    else { return }
    let again = try? JournalBody.decode(
      type: body.type, record: JournalBody.summary(state.summary).record.rawSpan)
    try promise(again == .summary(state.summary), "a summary of a summary does not decode")
  }

  // The entry that follows a state, signed but not sealed.
  private static func entry(
    _ body: JournalBody, after state: JournalState, by signer: SigningKey
  ) -> JournalEntry? {
    let unsigned = JournalPayload.unsigned(
      previous: state.tail?.hash ?? .zero, writer: signer.publicKey, time: 5,
      newestSummary: state.newestSummary, body: body)
    let number = state.nextNumber
    let message = JournalPayload.signingInput(
      unsigned, number: number, repository: Fixed.repository)
    return try? sealing(signer).verify(
      unsigned + signer.sign(message), number: number, hash: Hash.name(of: unsigned),
      admits: { _ in true })
  }

  // A tail behind all numbers that seeds speak of.
  private static let manyEntries = replayed([UInt8](repeating: 8, count: 200))

  // MARK: journal-replay: for each entry its type, its writer, and what it names

  private static func replaySeeds() -> [[UInt8]] {
    [
      // Two commits, a condemn, a rescue, a tombstone, a sweep, a revival.
      [
        6, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, 1, 1, 6, 2, 4, 1, 1, 0, 4, 0, 1, 0, 8, 0, 5, 0, 4,
        0, 2, 0, 2, 3, 0, 1, 7, 0, 8, 0,
      ],
      [6, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1, 1, 7, 0],
    ]
  }

  private static func runReplay(_ input: [UInt8]) throws(Finding) -> Bool {
    var replay = Replay()
    var parts = InputReader(input)
    while !parts.isAtEnd && replay.entryCount < 32 {
      let before = replay.state
      if try replay.step(&parts) { continue }
      try promise(replay.state == before, "a refused entry changed the state")
    }
    return replay.entryCount > 0
  }

  private static func replayed(_ input: [UInt8]) -> JournalState {
    var replay = Replay()
    var parts = InputReader(input)
    while !parts.isAtEnd { _ = try? replay.step(&parts) }
    return replay.state
  }

  /// A journal that grows by what an input says.
  private struct Replay {
    var state = JournalState(owner: owner.publicKey)
    var entryCount = 0
    private var commits: [SnapshotID] = []

    /// Whether the next entry was one that can follow.
    mutating func step(_ parts: inout InputReader) throws(Finding) -> Bool {
      let type = state.tail == nil ? 6 : parts.byte() % 9
      let signer = parts.byte() & 1 == 0 ? owner : guest
      let body = body(type, &parts)
      guard let entry = entry(body, after: state, by: signer), (try? state.apply(entry)) != nil
      else { return false }
      if case .commit = body { commits.append(entry.snapshotID) }
      entryCount += 1
      if case .summary = body {
        let begun = try? JournalState(beginning: entry, owner: owner.publicKey)
        try promise(begun == state, "a reader who begins at a summary sees another state")
      }
      return true
    }

    private func body(_ type: UInt8, _ parts: inout InputReader) -> JournalBody {
      func names<Kind>(_ base: UInt8) -> [Identifier32<Kind>] {
        let mask = parts.byte()
        return (0..<UInt8(8)).filter { mask >> $0 & 1 == 1 }.map { Fixed.id(base + $0) }
      }
      func snapshots() -> [SnapshotID] {
        let mask = parts.byte()
        return commits.indices.filter { mask >> ($0 % 8) & 1 == 1 }.map { commits[$0] }
      }
      switch type {
      case 0:
        return .commit(
          segments: names(0x20), rescued: names(0x10), isPartial: parts.byte() & 1 == 1,
          note: [1], run: RunID(bytes: [UInt8](repeating: parts.byte() % 4, count: 16)))
      case 1: return .tombstone(snapshots())
      case 2: return .revive(snapshots())
      case 3:
        let index = Int(parts.byte())
        return .amend(commits.isEmpty ? Fixed.id(1) : commits[index % commits.count], note: [2])
      case 4:
        return .condemn(
          packs: names(0x10), segments: names(0x20), newSegments: names(0x20),
          rescued: names(0x10))
      case 5: return .sweep(packs: names(0x10), segments: names(0x20))
      case 6:
        let admits = parts.byte() & 1 == 1
        return .policy(
          .init(
            admitted: admits ? [guest.publicKey] : [], revoked: admits ? [] : [guest.publicKey]))
      case 7: return .summary(state.summary)
      default: return .access(.init(action: UInt64(parts.byte())))
      }
    }
  }
}
