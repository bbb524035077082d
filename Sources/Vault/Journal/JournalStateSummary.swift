// The state of the journal as a summary, and back. `JournalState(beginning:)` of a summary entry
// equals the state of whoever applied every entry up to it.

extension JournalState {
  /// What a summary entry written now says.
  package var summary: JournalSummary {
    JournalSummary(
      commits: commits.map(Self.row),
      amendments: amendmentTable.values.joined()
        .map { JournalSummary.AmendmentRow(number: $0.number, body: $0.body.record) }
        .sorted { $0.number < $1.number },
      segments: segments.map(Self.row).sorted { $0.name < $1.name },
      packs: packs.compactMap(Self.row).sorted { $0.name < $1.name },
      writers: writers.sorted(),
      condemnTimes: condemnTimes.map { JournalSummary.CondemnTime(number: $0, time: $1) }
        .sorted { $0.number < $1.number },
      unknown: [])
  }

  private static func row(_ commit: JournalCommit) -> JournalSummary.CommitRow {
    let (standing, endedBy): (UInt8, UInt64) =
      switch commit.standing {
      case .live: (0, 0)
      case .forgotten(let by): (1, by)
      case .superseded(let by): (2, by)
      }
    return JournalSummary.CommitRow(
      number: commit.number, hash: ObjectHash(words: commit.id.words), time: commit.time,
      writer: commit.writer, standing: standing, endedBy: endedBy, body: commit.body.record)
  }

  private static func row(
    _ name: ObjectHash, _ state: SegmentState
  ) -> JournalSummary.ObjectRow {
    switch state {
    case .named: .init(name: name, standing: 0, by: 0)
    case .condemned(let by, wasNamed: true): .init(name: name, standing: 1, by: by)
    case .swept(let by): .init(name: name, standing: 2, by: by)
    case .condemned(let by, wasNamed: false): .init(name: name, standing: 3, by: by)
    }
  }

  private static func row(_ name: ObjectHash, _ state: PackState) -> JournalSummary.ObjectRow? {
    switch state {
    case .live: nil
    case .condemned(let by): .init(name: name, standing: 1, by: by)
    case .swept(let by): .init(name: name, standing: 2, by: by)
    }
  }

  /// The state after a summary entry that a reader begins with.
  ///
  /// - Throws: `unknownWriter` unless the owner wrote it, `malformed` if it is not a summary or
  ///   contradicts itself.
  package init(beginning entry: JournalEntry, owner: PublicKey) throws(Damage) {
    guard entry.writer == owner else { throw .unknownWriter }
    guard case .summary(let body) = entry.body else { throw .malformed("it is no summary") }
    self.init(owner: owner)
    tail = JournalHead(number: entry.number, hash: entry.hash)
    newestSummary = entry.number
    writers = Set(body.writers)
    for time in body.condemnTimes { condemnTimes[time.number] = time.time }
    for row in body.segments { segments[row.name] = try Self.segmentState(row) }
    for row in body.packs { packs[row.name] = try Self.packState(row) }
    for row in body.commits { try add(row) }
    for row in body.amendments { try add(row) }
    guard summary == body.withoutUnknown, body.isBefore(entry.number) else {
      throw .malformed("the summary contradicts itself")
    }
    try requireCondemnTimes()
  }

  private static func segmentState(
    _ row: JournalSummary.ObjectRow
  ) throws(Damage) -> SegmentState {
    switch row.standing {
    case 0: .named
    case 1: .condemned(by: row.by, wasNamed: true)
    case 2: .swept(by: row.by)
    case 3: .condemned(by: row.by, wasNamed: false)
    default: throw .malformed("unknown state of a segment")
    }
  }

  private static func packState(_ row: JournalSummary.ObjectRow) throws(Damage) -> PackState {
    switch row.standing {
    case 1: .condemned(by: row.by)
    case 2: .swept(by: row.by)
    default: throw .malformed("unknown state of a pack")
    }
  }

  private mutating func add(_ row: JournalSummary.CommitRow) throws(Damage) {
    let standing: JournalCommit.Standing
    switch row.standing {
    case 0: standing = .live
    case 1: standing = .forgotten(by: row.endedBy)
    case 2: standing = .superseded(by: row.endedBy)
    default: throw .malformed("unknown state of a commit")
    }
    let commit = JournalCommit(
      id: SnapshotID(words: row.hash.words), number: row.number, time: row.time,
      writer: row.writer, standing: standing,
      body: try unsafe JournalBody.Commit(record: row.body.span.bytes))
    guard commitTable.updateValue(commit, forKey: commit.id) == nil else {
      throw .malformed("a snapshot stands twice in the summary")
    }
    if commit.isLive && commit.body.isPartial {
      checkpoints[commit.body.run, default: []].insert(commit.id)
    }
  }

  private mutating func add(_ row: JournalSummary.AmendmentRow) throws(Damage) {
    let body = try unsafe JournalBody.Amend(record: row.body.span.bytes)
    guard commitTable[body.snapshot] != nil else {
      throw .malformed("an amendment of a snapshot that is not there")
    }
    amendmentTable[body.snapshot, default: []].append(
      JournalAmendment(number: row.number, body: body))
  }

  private func requireCondemnTimes() throws(Damage) {
    var needed: Set<UInt64> = []
    for case .condemned(let by) in packs.values { needed.insert(by) }
    for case .condemned(let by, _) in segments.values { needed.insert(by) }
    guard needed == Set(condemnTimes.keys) else {
      throw .malformed("times of other condemn entries than those that matter")
    }
  }
}

extension JournalSummary {
  // Fields that a newer program added are not compared: they change nothing of what is said here.
  fileprivate var withoutUnknown: JournalSummary {
    JournalSummary(
      commits: commits, amendments: amendments, segments: segments, packs: packs,
      writers: writers, condemnTimes: condemnTimes, unknown: [])
  }

  /// Whether both say the same as far as this program knows.
  func isSame(as other: JournalSummary) -> Bool { withoutUnknown == other.withoutUnknown }

  // Whether every number in it is below that of its own entry, and ends come after beginnings.
  fileprivate func isBefore(_ number: UInt64) -> Bool {
    commits.allSatisfy {
      $0.number < number && $0.endedBy < number && ($0.standing == 0 || $0.endedBy > $0.number)
    } && amendments.allSatisfy { $0.number < number }
      && (segments + packs).allSatisfy { $0.by < number }
  }
}
