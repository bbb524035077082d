// A journal whose entries are signed but not sealed: each stands under the hash of its payload, as
// the vectors of the replay have it.

@testable import Vault

/// A growing journal and the state after it.
struct ReplayChain {
  static let fixture = JournalFixture(13)
  static let guest = SigningKey(seed: .random(SeededRandomness(14)))

  private(set) var state = JournalState(owner: fixture.keyring.ownerPublicKey)
  private(set) var payloads: [[UInt8]] = []

  init() throws { try append(.policy(.init())) }

  /// Signs the entry that follows a state, without asking whether it may.
  static func payload(
    _ body: JournalBody, after state: JournalState, by signer: SigningKey? = nil,
    previous: ObjectHash? = nil, number: UInt64? = nil, newestSummary: UInt64? = nil
  ) -> [UInt8] {
    let signer = signer ?? fixture.keyring.owner
    let number = number ?? state.nextNumber
    let unsigned = JournalPayload.unsigned(
      previous: previous ?? state.tail?.hash ?? .zero, writer: signer.publicKey,
      time: 1_700_000_000_000_000_000 + Int64(number),
      newestSummary: newestSummary ?? state.newestSummary, body: body)
    return unsigned
      + signer.sign(
        JournalPayload.signingInput(unsigned, number: number, repository: fixture.repository))
  }

  /// Reads the payload of an entry and applies it.
  static func apply(_ payload: [UInt8], to state: inout JournalState) throws -> JournalEntry {
    let entry = try fixture.sealing.verify(
      payload, number: state.nextNumber, hash: Hash.name(of: payload), admits: state.admits)
    try state.apply(entry)
    return entry
  }

  @discardableResult
  mutating func append(_ body: JournalBody, by signer: SigningKey? = nil) throws -> JournalEntry {
    let payload = Self.payload(body, after: state, by: signer)
    let entry = try Self.apply(payload, to: &state)
    payloads.append(payload)
    return entry
  }

  // MARK: Entries as tests write them

  static func name<Kind>(_ number: UInt64) -> Identifier32<Kind> {
    Identifier32(words: (number << 56 | number, number, number, number))
  }

  private static func names<Kind>(_ numbers: [UInt64]) -> [Identifier32<Kind>] {
    numbers.map { name($0) }
  }

  mutating func commit(
    _ run: UInt8, _ segments: [UInt64] = [], rescued: [UInt64] = [], partial: Bool = false,
    by signer: SigningKey? = nil
  ) throws -> SnapshotID {
    try append(
      .commit(
        segments: Self.names(segments), rescued: Self.names(rescued), isPartial: partial,
        note: [run], run: RunID(bytes: .init(repeating: run, count: 16))), by: signer
    ).snapshotID
  }

  mutating func amend(_ snapshot: SnapshotID, _ note: UInt8) throws {
    try append(.amend(snapshot, note: [note]))
  }

  mutating func tombstone(_ snapshots: SnapshotID...) throws {
    try append(.tombstone(snapshots))
  }

  mutating func revive(_ snapshots: SnapshotID...) throws { try append(.revive(snapshots)) }

  mutating func condemn(
    _ packs: [UInt64], segments: [UInt64] = [], named: [UInt64] = [], rescued: [UInt64] = []
  ) throws {
    try append(
      .condemn(
        packs: Self.names(packs), segments: Self.names(segments), newSegments: Self.names(named),
        rescued: Self.names(rescued)))
  }

  mutating func sweep(_ packs: [UInt64], segments: [UInt64] = []) throws {
    try append(.sweep(packs: Self.names(packs), segments: Self.names(segments)))
  }

  mutating func policy(admitted: [PublicKey] = [], revoked: [PublicKey] = []) throws {
    try append(.policy(.init(admitted: admitted, revoked: revoked)))
  }

  mutating func summarize() throws { try append(.summary(state.summary)) }
}
