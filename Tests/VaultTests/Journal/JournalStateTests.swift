import Testing

@testable import Vault

/// What the journal says after its entries.
struct JournalStateTests {
  private var chance = JournalChance(1)
  private var walk = JournalWalk()

  init() {
    walk.append(.policy(.init()), &chance)
  }

  private func name(_ number: UInt64) -> ObjectHash { ObjectHash(words: (number, 0, 0, 0)) }
  private func run(_ number: UInt8) -> RunID { RunID(bytes: .init(repeating: number, count: 16)) }

  private mutating func commit(
    _ runNumber: UInt8, partial: Bool = false, segments: [ObjectHash] = [],
    rescued: [ObjectHash] = []
  ) -> SnapshotID {
    walk.append(
      .commit(
        segments: segments, rescued: rescued, isPartial: partial, note: [1], run: run(runNumber)),
      &chance)
    return walk.entries[walk.entries.count - 1].snapshotID
  }

  private mutating func append(_ body: JournalBody) { walk.append(body, &chance) }

  private func refusal(of body: JournalBody, writer: PublicKey = JournalWalk.owner) -> Damage? {
    var state = walk.state
    do throws(Damage) {
      try state.apply(walk.entry(body, hash: .zero, writer: writer))
      return nil
    } catch {
      #expect(state == walk.state, "a refused entry changed the state")
      return error
    }
  }

  private func isMalformed(_ damage: Damage?) -> Bool {
    if case .malformed = damage { true } else { false }
  }

  // MARK: Summaries

  /// Whoever begins at a summary knows what everybody knows.
  @Test func summariesSayEverything() throws {
    var chance = JournalChance.printed()
    for round in 0..<20 {
      var walk = JournalWalk()
      var beginnings: [JournalState] = []
      for _ in 0..<(20 + round * 8) {
        let before = walk.entries.count
        if before > 0 && chance.oneIn(12) {
          walk.append(.summary(walk.state.summary), &chance)
          beginnings.append(
            try JournalState(
              beginning: walk.entries[before], owner: JournalWalk.owner))
        } else {
          walk.step(&chance)
        }
        for index in beginnings.indices where beginnings[index].nextNumber <= before {
          try beginnings[index].apply(walk.entries[before])
        }
        if let state = beginnings.randomElement(using: &chance) { #expect(state == walk.state) }
      }
      for state in beginnings { #expect(state == walk.state) }
      var whole = JournalState(owner: JournalWalk.owner)
      for entry in walk.entries { try whole.apply(entry) }
      #expect(whole == walk.state)
    }
  }

  @Test mutating func aSummaryThatDiffersIsDamage() {
    let id = commit(1)
    let summary = walk.state.summary
    append(.tombstone([id]))
    #expect(isMalformed(refusal(of: .summary(summary))))
    #expect(refusal(of: .summary(walk.state.summary)) == nil)
  }

  @Test mutating func onlyTheOwnerSummarizesAndAdmits() {
    let guest = PublicKey(words: (2, 2, 2, 2))
    #expect(refusal(of: .access(.init(action: 1)), writer: guest) == .unknownWriter)
    append(.policy(.init(admitted: [guest])))
    #expect(refusal(of: .access(.init(action: 1)), writer: guest) == nil)
    #expect(isMalformed(refusal(of: .policy(.init(admitted: [guest])), writer: guest)))
    #expect(isMalformed(refusal(of: .summary(walk.state.summary), writer: guest)))
    append(.policy(.init(revoked: [guest, JournalWalk.owner])))
    #expect(refusal(of: .access(.init(action: 1)), writer: guest) == .unknownWriter)
    #expect(refusal(of: .access(.init(action: 1))) == nil)
  }

  // MARK: Snapshots

  @Test mutating func forgottenSnapshotsComeBackUntilTheyAreSwept() {
    let id = commit(1)
    append(.amend(id, note: [7]))
    append(.tombstone([id]))
    #expect(!walk.state.isLive(id))
    append(.condemn(packs: [name(1)], segments: [], newSegments: [], rescued: []))
    append(.revive([id]))
    #expect(walk.state.isLive(id))
    #expect(walk.state.packState(name(1)) == .live, "a revived snapshot may need any pack")
    append(.tombstone([id]))
    append(.condemn(packs: [name(1)], segments: [], newSegments: [], rescued: []))
    append(.sweep(packs: [name(1)], segments: []))
    #expect(walk.state.commit(id) == nil)
    #expect(walk.state.amendments(of: id).isEmpty)
    append(.revive([id]))
    #expect(walk.state.commit(id) == nil)
  }

  @Test mutating func aSnapshotForgottenAfterTheCondemnIsNotSwept() {
    let id = commit(1)
    append(.condemn(packs: [name(1)], segments: [], newSegments: [], rescued: []))
    append(.tombstone([id]))
    append(.sweep(packs: [name(1)], segments: []))
    append(.revive([id]))
    #expect(walk.state.isLive(id))
  }

  @Test mutating func aCommitSupersedesTheCheckpointsOfItsRun() {
    let first = commit(1, partial: true)
    let other = commit(2, partial: true)
    let second = commit(1, partial: true)
    #expect(walk.state.commit(first)?.standing == .superseded(by: 3))
    let last = commit(1)
    #expect(walk.state.commit(second)?.standing == .superseded(by: 4))
    #expect(walk.state.liveCommits.map(\.id) == [other, last])
    let again = commit(1)
    #expect(walk.state.liveCommits.map(\.id) == [other, last, again])
  }

  @Test mutating func whatComesTooLateIsIgnored() {
    let nobody = SnapshotID(words: (9, 9, 9, 9))
    let before = walk.state
    append(.tombstone([nobody]))
    append(.revive([nobody]))
    append(.amend(nobody, note: [1]))
    #expect(walk.state.commits == before.commits)
    #expect(walk.state.amendments(of: nobody).isEmpty)
  }

  // MARK: Packs and segments

  @Test mutating func rescueTurnsCondemnedBackToLive() {
    append(.condemn(packs: [name(1), name(2)], segments: [], newSegments: [], rescued: []))
    #expect(walk.state.condemnTime(1) == 1000)
    _ = commit(1, rescued: [name(1)])
    #expect(walk.state.packState(name(1)) == .live)
    #expect(walk.state.packState(name(2)) == .condemned(by: 1))
    #expect(isMalformed(refusal(of: .sweep(packs: [name(1)], segments: []))))
    append(.condemn(packs: [], segments: [], newSegments: [], rescued: [name(2)]))
    #expect(walk.state.packState(name(2)) == .live)
    #expect(walk.state.condemnTime(1) == nil)
  }

  @Test mutating func whatWasSweptIsGone() {
    append(.condemn(packs: [name(1)], segments: [name(2)], newSegments: [], rescued: []))
    append(.sweep(packs: [name(1)], segments: [name(2)]))
    #expect(walk.state.packState(name(1)) == .swept(by: 2))
    let rescue = JournalBody.commit(
      segments: [], rescued: [name(1)], isPartial: false, note: [1], run: run(1))
    #expect(isMalformed(refusal(of: rescue)))
    let naming = JournalBody.commit(
      segments: [name(2)], rescued: [], isPartial: false, note: [1], run: run(1))
    #expect(isMalformed(refusal(of: naming)))
    #expect(
      isMalformed(
        refusal(
          of: .condemn(packs: [name(1)], segments: [], newSegments: [], rescued: []))))
    #expect(isMalformed(refusal(of: .sweep(packs: [name(1)], segments: []))))
  }

  @Test mutating func onlyTheCondemnedIsSwept() {
    _ = commit(1, segments: [name(3)])
    #expect(isMalformed(refusal(of: .sweep(packs: [name(1)], segments: []))))
    #expect(isMalformed(refusal(of: .sweep(packs: [], segments: [name(3)]))))
  }

  @Test mutating func aRevivedSnapshotBringsSegmentsBackAsTheyWere() {
    let id = commit(1, segments: [name(3)])
    append(.tombstone([id]))
    append(
      .condemn(packs: [], segments: [name(3), name(4)], newSegments: [name(5)], rescued: []))
    #expect(walk.state.namedSegments == [name(5)])
    append(.revive([id]))
    #expect(walk.state.namedSegments == [name(3), name(5)])
    #expect(walk.state.segmentState(name(4)) == nil, "nobody ever named it")
  }

  @Test mutating func aCondemnKeepsWhatItReliesOn() {
    #expect(
      isMalformed(
        refusal(
          of: .condemn(packs: [name(1)], segments: [], newSegments: [], rescued: [name(1)]))))
    #expect(
      isMalformed(
        refusal(
          of: .condemn(packs: [], segments: [name(1)], newSegments: [name(1)], rescued: []))))
  }

  // MARK: The chain

  @Test mutating func anEntryBelongsToOnePlace() {
    _ = commit(1)
    let entry = walk.entries[1]
    var state = walk.state
    #expect(throws: Damage.badChain) { try state.apply(entry) }
    var empty = JournalState(owner: JournalWalk.owner)
    #expect(throws: Damage.badChain) { try empty.apply(entry) }
  }

  @Test func theFirstEntryIsAPolicy() {
    var state = JournalState(owner: JournalWalk.owner)
    let entry = JournalWalk().entry(.access(.init(action: 1)), hash: .zero)
    #expect(throws: Damage.malformed("the first entry is not a policy")) {
      try state.apply(entry)
    }
  }
}
