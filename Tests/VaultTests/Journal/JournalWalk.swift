// A random but lawful history of a journal, made entry by entry, for property tests.

@testable import Vault

/// A growing history and the state after it.
struct JournalWalk {
  static let owner = PublicKey(words: (1, 1, 1, 1))
  private(set) var state: JournalState
  private(set) var entries: [JournalEntry] = []
  private var names: [ObjectHash] = []
  private var runs: [RunID] = []
  private var gone: [SnapshotID] = []
  private let make: ((JournalBody, JournalState) throws -> JournalEntry)?

  /// A history of entries that nobody signed, or of those that `make` makes.
  init(
    owner: PublicKey = owner, make: ((JournalBody, JournalState) throws -> JournalEntry)? = nil
  ) {
    state = JournalState(owner: owner)
    self.make = make
  }

  static func state(_ chance: inout JournalChance, steps: Int) -> JournalState {
    var walk = JournalWalk()
    for _ in 0..<steps { walk.step(&chance) }
    return walk.state
  }

  /// Appends a body, which must be lawful.
  mutating func append(_ body: JournalBody, _ chance: inout JournalChance) {
    do {
      let entry = try make?(body, state) ?? entry(body, hash: chance.identifier(ObjectHash.self))
      try state.apply(entry)
      entries.append(entry)
    } catch {
      fatalError("\(body) is refused: \(error)")
    }
  }

  func entry(_ body: JournalBody, hash: ObjectHash, writer: PublicKey = owner) -> JournalEntry {
    JournalEntry(
      number: state.nextNumber, hash: hash, previous: state.tail?.hash ?? .zero, writer: writer,
      time: Int64(state.nextNumber) * 1000, newestSummary: state.newestSummary, body: body)
  }

  /// Appends something at random.
  mutating func step(_ chance: inout JournalChance) {
    guard !entries.isEmpty else { return append(.policy(.init()), &chance) }
    append(body(&chance), &chance)
  }

  private mutating func body(_ chance: inout JournalChance) -> JournalBody {
    let known = state.commits.map(\.id) + gone.prefix(3)
    switch chance.below(16) {
    case 0...5: return commit(&chance)
    case 6, 7: return .tombstone(chance.some(of: known, atMost: 3))
    case 8: return .revive(chance.some(of: known, atMost: 2))
    case 9:
      guard let id = known.randomElement(using: &chance) else { return .revive([]) }
      return .amend(id, note: chance.bytes(3))
    case 10, 11: return condemn(&chance)
    case 12, 13: return sweep(&chance)
    case 14: return policy(&chance)
    default: return .access(.init(action: 1))
    }
  }

  private mutating func fresh(_ chance: inout JournalChance) -> [ObjectHash] {
    let fresh = (0..<chance.below(3)).map { _ in chance.identifier(ObjectHash.self) }
    names += fresh
    return fresh
  }

  private func segments(_ chance: inout JournalChance) -> [ObjectHash] {
    chance.some(
      of: names.filter { if case .swept = state.segments[$0] { false } else { true } }, atMost: 3)
  }

  private func packs(_ chance: inout JournalChance) -> [ObjectHash] {
    chance.some(
      of: names.filter { if case .swept = state.packState($0) { false } else { true } },
      atMost: 3)
  }

  private mutating func commit(_ chance: inout JournalChance) -> JournalBody {
    if runs.isEmpty || chance.oneIn(2) { runs.append(RunID(bytes: chance.bytes(16))) }
    let run = runs[chance.below(runs.count)]
    return .commit(
      segments: fresh(&chance) + (chance.oneIn(3) ? segments(&chance) : []),
      rescued: chance.oneIn(3) ? packs(&chance) : [], isPartial: chance.oneIn(2),
      note: chance.bytes(4), run: run)
  }

  private mutating func condemn(_ chance: inout JournalChance) -> JournalBody {
    let (condemned, rescued) = (packs(&chance), packs(&chance))
    let (replaced, named) = (segments(&chance), segments(&chance))
    return .condemn(
      packs: condemned + fresh(&chance), segments: replaced,
      newSegments: named.filter { !replaced.contains($0) } + fresh(&chance),
      rescued: rescued.filter { !condemned.contains($0) })
  }

  private mutating func sweep(_ chance: inout JournalChance) -> JournalBody {
    gone += state.commits.filter { !$0.isLive }.map(\.id)
    return .sweep(
      packs: chance.some(of: state.condemnedPacks.map(\.name), atMost: 6),
      segments: chance.some(of: state.condemnedSegments.map(\.name), atMost: 6))
  }

  private func policy(_ chance: inout JournalChance) -> JournalBody {
    .policy(
      .init(
        admitted: [chance.identifier(PublicKey.self)],
        revoked: chance.some(of: Array(state.writers).sorted(), atMost: 1)))
  }
}
