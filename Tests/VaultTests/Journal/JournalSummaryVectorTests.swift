// The vectors of summaries that no reader may begin at, because they contradict themselves.

import Testing

@testable import Vault

/// Summaries that say what cannot be.
struct JournalSummaryVectorTests {
  // A state with something in every list.
  private func state() throws -> JournalState {
    var chain = try ReplayChain()
    let first = try chain.commit(1, [0x51])
    let second = try chain.commit(2, [0x52])
    try chain.amend(first, 1)
    try chain.amend(second, 2)
    try chain.condemn([0x11, 0x12], segments: [0x52, 0x59])
    try chain.condemn([0x13])
    try chain.tombstone(second)
    try chain.sweep([0x13])
    let guests = [ReplayChain.guest.publicKey, ReplayChain.name(7)]
    try chain.policy(admitted: guests)
    return chain.state
  }

  private func record(
    _ base: JournalSummary, commits: [JournalSummary.CommitRow]? = nil,
    amendments: [JournalSummary.AmendmentRow]? = nil,
    segments: [JournalSummary.ObjectRow]? = nil, packs: [JournalSummary.ObjectRow]? = nil,
    writers: [PublicKey]? = nil, times: [JournalSummary.CondemnTime]? = nil
  ) -> [UInt8] {
    JournalSummary(
      commits: commits ?? base.commits, amendments: amendments ?? base.amendments,
      segments: segments ?? base.segments, packs: packs ?? base.packs,
      writers: writers ?? base.writers, condemnTimes: times ?? base.condemnTimes, unknown: []
    ).record
  }

  private func commit(
    _ row: JournalSummary.CommitRow, number: UInt64? = nil, standing: UInt8? = nil,
    endedBy: UInt64? = nil, body: [UInt8]? = nil
  ) -> JournalSummary.CommitRow {
    .init(
      number: number ?? row.number, hash: row.hash, time: row.time, writer: row.writer,
      standing: standing ?? row.standing, endedBy: endedBy ?? row.endedBy, body: body ?? row.body)
  }

  private func object(_ number: UInt64, _ standing: UInt8, by entry: UInt64)
    -> JournalSummary.ObjectRow
  {
    .init(name: ReplayChain.name(number), standing: standing, by: entry)
  }

  private func wrongCommits(
    _ good: JournalSummary, before number: UInt64
  ) throws -> [(name: String, record: [UInt8])] {
    let (first, second) = (good.commits[0], good.commits[1])
    func commits(_ rows: JournalSummary.CommitRow...) -> [UInt8] { record(good, commits: rows) }
    func amendments(_ rows: JournalSummary.AmendmentRow...) -> [UInt8] {
      record(good, amendments: rows)
    }
    let stranger = JournalBody.Amend(snapshot: ReplayChain.name(9), note: [1]).record
    let mine = good.amendments[0].body
    return [
      ("commits out of order", commits(second, first)),
      ("a snapshot twice", commits(first, commit(first, number: 2), commit(second, number: 3))),
      ("unknown state of a commit", commits(first, commit(second, standing: 3))),
      ("a live commit with an end", commits(commit(first, endedBy: 5), second)),
      ("a commit that ended before it began", commits(first, commit(second, endedBy: 1))),
      ("a commit to come", commits(first, commit(second, number: number, endedBy: number + 1))),
      ("an end to come", commits(first, commit(second, endedBy: number))),
      ("a commit without a body", commits(first, commit(second, body: []))),
      ("amendments of no commit", record(good, commits: [first])),
      ("amendments out of order", amendments(good.amendments[1], good.amendments[0])),
      ("an amendment of a stranger", amendments(.init(number: 3, body: stranger))),
      ("an amendment to come", amendments(.init(number: number, body: mine))),
    ]
  }

  private func wrongObjects(
    _ good: JournalSummary, before number: UInt64
  ) -> [(name: String, record: [UInt8])] {
    func segments(_ row: JournalSummary.ObjectRow) -> [UInt8] {
      record(good, segments: good.segments.map { $0.name == row.name ? row : $0 })
    }
    func packs(_ row: JournalSummary.ObjectRow) -> [UInt8] {
      record(good, packs: good.packs.map { $0.name == row.name ? row : $0 })
    }
    let time = good.condemnTimes[0]
    return [
      ("unknown state of a segment", segments(object(0x51, 4, by: 6))),
      ("a named segment with an entry", segments(object(0x51, 0, by: 6))),
      ("a segment condemned by an entry to come", segments(object(0x52, 1, by: number))),
      ("segments out of order", record(good, segments: good.segments.reversed())),
      ("a pack that is simply live", packs(object(0x11, 0, by: 0))),
      ("unknown state of a pack", packs(object(0x11, 3, by: 6))),
      ("a pack swept by an entry to come", packs(object(0x13, 2, by: number))),
      ("packs out of order", record(good, packs: good.packs.reversed())),
      ("writers out of order", record(good, writers: good.writers.reversed())),
      ("no time of a condemn entry", record(good, times: [])),
      (
        "time of an entry of which nothing is condemned",
        record(good, times: [time, .init(number: time.number + 1, time: 1)])
      ),
      ("condemned by an entry without a time", packs(object(0x11, 1, by: 4))),
    ]
  }

  private func error(_ record: [UInt8], after state: JournalState) -> String {
    errorThrown {
      let body = try unsafe JournalBody.decode(type: 8, record: record.span.bytes)
      let payload = ReplayChain.payload(try #require(body), after: state)
      let entry = try ReplayChain.fixture.sealing.verify(
        payload, number: state.nextNumber, hash: Hash.name(of: payload), admits: state.admits)
      _ = try JournalState(beginning: entry, owner: state.owner)
    }
  }

  @Test func summariesThatContradictThemselvesFail() throws {
    let state = try state()
    let good = state.summary
    let number = state.nextNumber
    var file = VectorFile()
    file.add("number", Int(number))
    #expect(error(good.record, after: state) == "none")
    file.add("as it must be", text: "\(hexString(good.record)) none")
    for (name, record) in try wrongCommits(good, before: number)
      + wrongObjects(good, before: number)
    {
      #expect(error(record, after: state) == "malformed", "\(name)")
      file.add(name, text: "\(hexString(record)) malformed")
    }
    try file.compare(with: "journal-summaries-rejected")
  }
}
