// The step from one state of the journal to the next. Every rule is checked before anything is
// changed, so a refused entry leaves the state as it was.

extension JournalState {
  /// Takes in the next entry, whose signature somebody checked.
  ///
  /// - Throws: `badChain` if it does not follow the tail, `unknownWriter` if its writer is not
  ///   admitted, `malformed` if it says what cannot be; the state is unchanged then.
  package mutating func apply(_ entry: JournalEntry) throws(Damage) {
    try check(entry)
    switch entry.body {
    case .commit(let body): try apply(body, entry)
    case .tombstone(let body): forget(body.snapshots, by: entry.number)
    case .revive(let body): revive(body.snapshots)
    case .amend(let body): amend(body, by: entry.number)
    case .condemn(let body): try apply(body, entry)
    case .sweep(let body): try apply(body, by: entry.number)
    case .policy(let body): try apply(body)
    case .summary(let body): try apply(body, by: entry.number)
    case .access: break
    }
    tail = JournalHead(number: entry.number, hash: entry.hash)
  }

  private func check(_ entry: JournalEntry) throws(Damage) {
    guard entry.number == nextNumber, entry.previous == tail?.hash ?? .zero else {
      throw .badChain
    }
    guard admits(entry.writer) else { throw .unknownWriter }
    guard entry.newestSummary == newestSummary else {
      throw .malformed("it names another newest summary")
    }
    switch entry.body {
    case .policy, .summary:
      guard entry.writer == owner else { throw .malformed("only the owner may write this") }
    default: break
    }
    if entry.number == 0 {
      guard case .policy = entry.body else {
        throw .malformed("the first entry is not a policy")
      }
    }
  }

  // MARK: Snapshots

  private mutating func apply(
    _ body: JournalBody.Commit, _ entry: JournalEntry
  ) throws(Damage) {
    try requireRescuable(body.rescuedPacks)
    try requireNameable(body.segments)
    let namedCondemned = name(body.segments)
    let rescuedCondemned = rescue(body.rescuedPacks)
    if namedCondemned || rescuedCondemned { dropCondemnTimes() }
    supersede(body.run, by: entry.number)
    let commit = JournalCommit(
      id: entry.snapshotID, number: entry.number, time: entry.time, writer: entry.writer,
      standing: .live, body: body)
    commitTable[commit.id] = commit
    if body.isPartial { checkpoints[body.run] = [commit.id] }
  }

  private mutating func supersede(_ run: RunID, by number: UInt64) {
    for id in checkpoints.removeValue(forKey: run) ?? [] {
      commitTable[id]?.standing = .superseded(by: number)
    }
  }

  private mutating func forget(_ ids: [SnapshotID], by number: UInt64) {
    for id in ids {
      guard let commit = commitTable[id], commit.isLive else { continue }
      commitTable[id]?.standing = .forgotten(by: number)
      guard commit.body.isPartial else { continue }
      checkpoints[commit.body.run]?.remove(id)
      if checkpoints[commit.body.run]?.isEmpty == true { checkpoints[commit.body.run] = nil }
    }
  }

  // What the revived snapshots need is not known here, so everything condemned lives again.
  private mutating func revive(_ ids: [SnapshotID]) {
    var revivedAny = false
    for id in ids {
      guard let commit = commitTable[id], !commit.isLive else { continue }
      commitTable[id]?.standing = .live
      if commit.body.isPartial { checkpoints[commit.body.run, default: []].insert(id) }
      revivedAny = true
    }
    if revivedAny { acquit() }
  }

  private mutating func acquit() {
    packs = packs.filter { if case .swept = $0.value { true } else { false } }
    for (name, state) in segments {
      guard case .condemned(_, let wasNamed) = state else { continue }
      segments[name] = wasNamed ? .named : nil
    }
    condemnTimes = [:]
  }

  private mutating func amend(_ body: JournalBody.Amend, by number: UInt64) {
    guard commitTable[body.snapshot] != nil else { return }
    amendmentTable[body.snapshot, default: []].append(
      JournalAmendment(number: number, body: body))
  }

  // MARK: Packs and segments

  private func requireRescuable(_ names: [ObjectHash]) throws(Damage) {
    for name in names {
      if case .swept = packs[name] { throw .malformed("it relies on a swept pack") }
    }
  }

  private func requireNameable(_ names: [ObjectHash]) throws(Damage) {
    for name in names {
      if case .swept = segments[name] { throw .malformed("it names a swept segment") }
    }
  }

  // Answers whether one of them was condemned.
  private mutating func name(_ names: [ObjectHash]) -> Bool {
    var acquitted = false
    for name in names {
      if case .condemned = segments.updateValue(.named, forKey: name) { acquitted = true }
    }
    return acquitted
  }

  // Answers whether one of them was condemned.
  private mutating func rescue(_ names: [ObjectHash]) -> Bool {
    var acquitted = false
    for name in names where packs.removeValue(forKey: name) != nil { acquitted = true }
    return acquitted
  }

  private mutating func apply(
    _ body: JournalBody.Condemn, _ entry: JournalEntry
  ) throws(Damage) {
    try requireRescuable(body.rescuedPacks + body.packs)
    try requireNameable(body.newSegments + body.segments)
    guard Set(body.packs).isDisjoint(with: body.rescuedPacks),
      Set(body.segments).isDisjoint(with: body.newSegments)
    else { throw .malformed("it condemns what it relies on") }
    _ = name(body.newSegments)
    _ = rescue(body.rescuedPacks)
    for pack in body.packs { packs[pack] = .condemned(by: entry.number) }
    for segment in body.segments {
      segments[segment] = .condemned(by: entry.number, wasNamed: wasNamed(segment))
    }
    condemnTimes[entry.number] = entry.time
    dropCondemnTimes()
  }

  private func wasNamed(_ segment: ObjectHash) -> Bool {
    switch segments[segment] {
    case .named: true
    case .condemned(_, let wasNamed): wasNamed
    case .swept, nil: false
    }
  }

  private mutating func apply(_ body: JournalBody.Sweep, by number: UInt64) throws(Damage) {
    var newest: UInt64 = 0
    for pack in body.packs {
      guard case .condemned(let by) = packs[pack] else {
        throw .malformed("it sweeps a pack that is not condemned")
      }
      newest = max(newest, by)
    }
    for segment in body.segments {
      guard case .condemned(let by, _) = segments[segment] else {
        throw .malformed("it sweeps a segment that is not condemned")
      }
      newest = max(newest, by)
    }
    for pack in body.packs { packs[pack] = .swept(by: number) }
    for segment in body.segments { segments[segment] = .swept(by: number) }
    dropCommits(endedBefore: newest)
    dropCondemnTimes()
  }

  // A commit that was not live when something was condemned may have needed it: once that is
  // swept, nobody can bring the commit back.
  private mutating func dropCommits(endedBefore number: UInt64) {
    for (id, commit) in commitTable {
      switch commit.standing {
      case .forgotten(let by) where by < number, .superseded(let by) where by < number:
        commitTable[id] = nil
        amendmentTable[id] = nil
      default: break
      }
    }
  }

  private mutating func dropCondemnTimes() {
    guard !condemnTimes.isEmpty else { return }
    var needed: Set<UInt64> = []
    for case .condemned(let by) in packs.values { needed.insert(by) }
    for case .condemned(let by, _) in segments.values { needed.insert(by) }
    condemnTimes = condemnTimes.filter { needed.contains($0.key) }
  }

  // MARK: The rest

  private mutating func apply(_ body: JournalBody.Policy) throws(Damage) {
    guard Set(body.admitted).isDisjoint(with: body.revoked) else {
      throw .malformed("it admits and revokes one writer")
    }
    writers.formUnion(body.admitted)
    writers.subtract(body.revoked)
  }

  private mutating func apply(_ body: JournalSummary, by number: UInt64) throws(Damage) {
    guard body.isSame(as: summary) else {
      throw .malformed("it does not say what the entries before it say")
    }
    newestSummary = number
  }
}
