// The vectors of the replay: short journals, each about one rule of FORMAT.md section 13, with the
// state that they end in; and payloads and summaries that must not be taken.

import Testing

@testable import Vault

/// What entries say, in all the cases that are easy to get wrong.
struct JournalReplayVectorTests {
  // MARK: Journals and the states that they end in

  private typealias Case = (
    name: String, write: @Sendable (inout ReplayChain) throws -> Void
  )

  private static let snapshots: [Case] = [
    (
      "a tombstone of a superseded commit says nothing",
      {
        let checkpoint = try $0.commit(1, partial: true)
        _ = try $0.commit(1)
        try $0.tombstone(checkpoint)
      }
    ),
    (
      "a second tombstone says nothing",
      {
        let first = try $0.commit(1)
        try $0.tombstone(first)
        try $0.tombstone(first)
      }
    ),
    (
      "a forgotten checkpoint is not superseded",
      {
        let checkpoint = try $0.commit(1, partial: true)
        try $0.tombstone(checkpoint)
        _ = try $0.commit(1)
      }
    ),
    (
      "a revived checkpoint is superseded again",
      {
        let checkpoint = try $0.commit(1, partial: true)
        _ = try $0.commit(2, partial: true)
        _ = try $0.commit(1)
        try $0.revive(checkpoint)
        _ = try $0.commit(1, partial: true)
      }
    ),
    (
      "only checkpoints are superseded, and by their run alone",
      {
        _ = try $0.commit(1)
        _ = try $0.commit(2, partial: true)
        _ = try $0.commit(1)
        _ = try $0.commit(1, partial: true)
      }
    ),
    (
      "amendments outlive a tombstone, and count with a revive",
      {
        let checkpoint = try $0.commit(1, partial: true)
        let first = try $0.commit(1)
        try $0.amend(first, 1)
        try $0.tombstone(first)
        try $0.amend(first, 2)
        try $0.amend(checkpoint, 3)
        try $0.amend(ReplayChain.name(9), 4)
        try $0.revive(first)
        try $0.amend(first, 5)
      }
    ),
    (
      "what comes after the sweep comes too late",
      {
        let first = try $0.commit(1)
        try $0.amend(first, 1)
        try $0.tombstone(first)
        try $0.condemn([0x11, 0x12])
        try $0.sweep([0x11])
        try $0.amend(first, 2)
        try $0.tombstone(first)
        try $0.revive(first)
      }
    ),
  ]

  private static let revivals: [Case] = [
    (
      "a revive acquits all that is condemned, as it was before",
      {
        _ = try $0.commit(1, [0x50])
        let second = try $0.commit(2, [0x51, 0x52])
        try $0.condemn([0x10], segments: [0x52])
        try $0.sweep([0x10], segments: [0x52])
        try $0.tombstone(second)
        try $0.condemn([0x11, 0x12], segments: [0x51, 0x59], named: [0x53])
        try $0.revive(second)
      }
    ),
    (
      "a revive of live and unknown commits acquits nothing",
      {
        let first = try $0.commit(1, [0x51])
        try $0.condemn([0x11], segments: [0x51])
        try $0.revive(first, ReplayChain.name(9))
      }
    ),
    (
      "a revive of one that was not live acquits all the same",
      {
        let first = try $0.commit(1)
        let second = try $0.commit(2)
        try $0.tombstone(second)
        try $0.condemn([0x11])
        try $0.revive(first, second, ReplayChain.name(9))
      }
    ),
  ]

  private static let prunes: [Case] = [
    (
      "what is condemned again is condemned by the later entry",
      {
        _ = try $0.commit(1, [0x51])
        try $0.condemn([0x11, 0x12], segments: [0x51, 0x59])
        try $0.condemn([0x11], segments: [0x51, 0x59])
      }
    ),
    (
      "the time of a condemn goes with the last that it condemned",
      {
        try $0.condemn([0x11], segments: [0x59])
        try $0.condemn([0x11])
        try $0.condemn([], segments: [0x59])
      }
    ),
    (
      "a segment that was condemned, named and condemned again was named",
      {
        try $0.condemn([], segments: [0x58, 0x59])
        _ = try $0.commit(1, [0x59])
        try $0.condemn([], segments: [0x59], named: [0x58])
      }
    ),
    (
      "rescues acquit, and say nothing of what was not condemned",
      {
        try $0.condemn([0x11, 0x12, 0x13])
        _ = try $0.commit(1, rescued: [0x11, 0x14])
        try $0.condemn([0x15], rescued: [0x12, 0x16])
      }
    ),
    (
      "a sweep takes the commits that ended before what it sweeps was condemned",
      {
        let checkpoint = try $0.commit(4, partial: true)
        let first = try $0.commit(1)
        let second = try $0.commit(2)
        let third = try $0.commit(3)
        _ = try $0.commit(4)
        try $0.amend(checkpoint, 1)
        try $0.amend(first, 2)
        try $0.amend(second, 3)
        try $0.tombstone(first)
        try $0.condemn([0x11], segments: [0x5a])
        try $0.tombstone(second)
        try $0.condemn([0x12])
        try $0.tombstone(third)
        try $0.sweep([0x11])
      }
    ),
    (
      "the later of two condemnations counts for the sweep",
      {
        let first = try $0.commit(1)
        let second = try $0.commit(2)
        try $0.condemn([0x11])
        try $0.tombstone(first)
        try $0.condemn([0x11])
        try $0.tombstone(second)
        try $0.sweep([0x11])
      }
    ),
    (
      "a sweep of a segment takes commits as one of a pack does",
      {
        let first = try $0.commit(1, [0x51])
        try $0.tombstone(first)
        try $0.condemn([], segments: [0x51, 0x59])
        try $0.sweep([], segments: [0x59])
      }
    ),
    (
      "entries that name nothing say nothing",
      {
        let first = try $0.commit(1)
        try $0.tombstone(first)
        try $0.condemn([])
        try $0.sweep([])
        try $0.tombstone()
        try $0.revive()
      }
    ),
  ]

  private static let writers: [Case] = [
    (
      "nobody can revoke the owner",
      {
        let owner = ReplayChain.fixture.keyring.ownerPublicKey
        let guest = ReplayChain.guest
        try $0.policy(admitted: [guest.publicKey, owner])
        _ = try $0.commit(1, by: guest)
        try $0.policy(admitted: [ReplayChain.name(7)], revoked: [owner, ReplayChain.name(8)])
        _ = try $0.commit(2)
      }
    ),
    (
      "who is revoked can be admitted again",
      {
        let guest = ReplayChain.guest
        try $0.policy(admitted: [guest.publicKey])
        try $0.policy(revoked: [guest.publicKey])
        try $0.policy(admitted: [guest.publicKey])
        try $0.append(.access(.init(action: 1)), by: guest)
      }
    ),
    (
      "summaries follow each other",
      {
        try $0.summarize()
        try $0.condemn([0x12, 0x13])
        let first = try $0.commit(1, [0x51])
        let checkpoint = try $0.commit(2, partial: true)
        _ = try $0.commit(2)
        _ = try $0.commit(3, partial: true)
        try $0.amend(checkpoint, 1)
        try $0.tombstone(first)
        try $0.sweep([0x12])
        try $0.condemn([0x11], segments: [0x51, 0x59])
        try $0.summarize()
        try $0.summarize()
        _ = try $0.commit(3)
        try $0.revive(checkpoint)
        _ = try $0.commit(2, rescued: [0x11])
        try $0.condemn([0x14])
      }
    ),
  ]

  // A lawful history that nobody thought out.
  private static func chanceHistory(_ seed: UInt64, steps: Int) -> Case {
    (
      "a history by chance",
      { chain in
        var chance = JournalChance(seed)
        var walk = JournalWalk(owner: chain.state.owner) { body, state in
          var next = state
          return try ReplayChain.apply(ReplayChain.payload(body, after: state), to: &next)
        }
        for _ in 0...steps { walk.step(&chance) }
        // Entry 0 is there already; all others are signed as they were in the walk.
        for entry in walk.entries.dropFirst() {
          let again = try chain.append(entry.body)
          #expect(again == entry)
        }
      }
    )
  }

  private static let cases =
    snapshots + revivals + prunes + writers + [chanceHistory(40, steps: 50)]

  private func file() throws -> VectorFile {
    var file = VectorFile()
    file.add("repository", ReplayChain.fixture.repository.bytes)
    file.add("owner public key", ReplayChain.fixture.keyring.ownerPublicKey.bytes)
    for (name, write) in Self.cases {
      var chain = try ReplayChain()
      try write(&chain)
      for (number, payload) in chain.payloads.enumerated() {
        file.add("\(name), \(number)", payload)
      }
      file.add("\(name), state", chain.state.summary.record)
    }
    return file
  }

  @Test func vectorsAreMadeAgain() throws { try file().compare(with: "journal-replay") }

  /// The committed file, read by what is in it alone, whole and from every summary on.
  @Test func vectorsAreRead() throws {
    let file = try VectorFile(reading: "journal-replay")
    let owner = PublicKey(bytes: try file.bytes("owner public key"))
    var state = JournalState(owner: owner)
    var begun: [JournalState] = []
    for (name, value) in file.lines.dropFirst(2) {
      let bytes = try #require(bytesFromHex(value), "\(name)")
      if name.hasSuffix(", state") {
        #expect(state.summary.record == bytes, "\(name)")
        #expect(begun.allSatisfy { $0 == state }, "\(name)")
        #expect(try beginning(at: bytes, after: state) == state.summary, "\(name)")
        (state, begun) = (JournalState(owner: owner), [])
        continue
      }
      let entry = try ReplayChain.apply(bytes, to: &state)
      for index in begun.indices { try begun[index].apply(entry) }
      if entry.isSummary { begun.append(try JournalState(beginning: entry, owner: owner)) }
    }
  }

  // What a reader says who begins at a summary with this record.
  private func beginning(at record: [UInt8], after state: JournalState) throws -> JournalSummary {
    let body = try unsafe JournalBody.decode(type: 8, record: record.span.bytes)
    var next = state
    let payload = ReplayChain.payload(try #require(body), after: state)
    let entry = try ReplayChain.apply(payload, to: &next)
    return try JournalState(beginning: entry, owner: state.owner).summary
  }

  // MARK: What must fail

  private func rejected(
    after state: JournalState
  ) throws -> [(name: String, payload: [UInt8], error: String)] {
    let body = JournalBody.access(.init(action: 1))
    let guest = ReplayChain.guest
    let stranger = SigningKey(seed: .random(SeededRandomness(16)))
    func payload(_ body: JournalBody, by signer: SigningKey? = nil) -> [UInt8] {
      ReplayChain.payload(body, after: state, by: signer)
    }
    let good = payload(body)
    return [
      (
        "another entry before",
        ReplayChain.payload(body, after: state, previous: ReplayChain.name(1)), "badChain"
      ),
      (
        "another number", ReplayChain.payload(body, after: state, number: state.nextNumber + 1),
        "badSignature"
      ),
      (
        "an older summary", ReplayChain.payload(body, after: state, newestSummary: 3), "malformed"
      ),
      (
        "no summary", ReplayChain.payload(body, after: state, newestSummary: .max), "malformed"
      ),
      ("a stranger", payload(body, by: stranger), "unknownWriter"),
      ("a stranger's policy", payload(.policy(.init()), by: stranger), "unknownWriter"),
      ("a guest's policy", payload(.policy(.init()), by: guest), "malformed"),
      ("a guest's summary", payload(.summary(state.summary), by: guest), "malformed"),
      ("a byte too many", good + [0], "badSignature"),
      ("a byte too few", good.dropLast(), "badSignature"),
      ("no room for a signature", Array(good[..<144]), "badLength"),
      ("no type", Array(good[..<80]), "badLength"),
      ("nothing", [], "badLength"),
    ]
  }

  /// Payloads that do not follow the chain of `journal.txt`, each signed by who it says.
  @Test func payloadsOutOfPlaceFail() throws {
    let state = try JournalVectorTests().chain().state
    var file = VectorFile()
    for (name, payload, expected) in try rejected(after: state) {
      let error = errorThrown {
        var next = state
        _ = try ReplayChain.apply(payload, to: &next)
      }
      #expect(error == expected, "\(name)")
      file.add(name, text: "\(payload.isEmpty ? "-" : hexString(payload)) \(expected)")
    }
    try file.compare(with: "journal-payloads-rejected")
  }
}
