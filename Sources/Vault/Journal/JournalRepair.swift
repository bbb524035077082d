// Entries of the journal that the store has lost or damaged, and that this machine can give back byte
// for byte: its cache keeps what they say and how they were sealed.
//
// Invariant: nothing is written but bytes whose hash the chain demands: the intact entry behind
// repeats it, or, at the end of the journal, this machine has verified and remembered it. What is
// there and is an entry is never replaced.

import Storage

/// What can be done about a damaged journal.
package struct JournalRepairPlan: Sendable {
  /// An entry that is written back.
  package struct Step: Sendable {
    package let number: UInt64
    /// What is wrong with it now.
    package let problem: VaultError
    /// The hash of the bytes that are written.
    package let hash: ObjectHash
  }

  /// An entry that stays lost.
  package struct Loss: Sendable {
    package let number: UInt64
    package let problem: VaultError
    /// Why nothing can be done here, in words.
    package let reason: String
  }

  /// In the order of the entries.
  package internal(set) var steps: [Step] = []
  package internal(set) var losses: [Loss] = []
  /// Entries in the store.
  package internal(set) var entryCount = 0
}

extension Journal {
  /// The entry as this machine knows it, with its stored bytes; nil if it does not.
  func kept(_ number: UInt64) -> JournalSealing.Sealed? {
    ((try? cache.entry(number)) ?? nil).flatMap { sealing.restore($0) }
  }

  /// Whether this machine can write an entry back.
  package func canRestore(_ number: UInt64) -> Bool { kept(number) != nil }

  /// Entries that this machine knows and the store lacks, or has in another size.
  ///
  /// Looked at are those since the newest summary, as far as the journal was read.
  func entriesMissedByStore(
    seen preview: JournalPreview? = nil
  ) throws(VaultError) -> [UInt64] {
    let state = state
    guard let tail = state.tail?.number else { return [] }
    let first = state.newestSummary ?? 0
    var missed = MissedEntries(from: first, cache)
    if let preview, let listed = preview.listed(from: first) {
      missed.known = preview.known(from: first)
      for entry in listed where entry.number <= tail { missed.meet(entry.number, entry.size) }
    } else {
      try Self.list(store, from: first) { number, size in
        if number <= tail { missed.meet(number, size) }
        return number < tail
      }
    }
    return missed.numbers
  }

  // MARK: Planning

  /// Reads all of the journal and finds out what can be given back.
  ///
  /// - Throws: `store` and `trust`, when there is no looking.
  package func planRepair() throws(VaultError) -> JournalRepairPlan {
    let verification = try verifyAll()
    var plan = JournalRepairPlan()
    plan.entryCount = verification.entryCount
    for problem in verification.problems {
      switch problem.error {
      case .rollback(let seen, let tail):
        let first = verification.entryCount == 0 ? 0 : tail + 1
        try gather(&plan, from: first, to: seen, problem.error)
      case .missing:
        let end = try newestNumber(from: problem.number) ?? problem.number
        try gather(&plan, from: problem.number, to: end, problem.error)
      default:
        // What opens was written there; that it says something wrong is no damage of the store's.
        guard (try? entry(problem.number)) == nil else {
          plan.losses.append(
            .init(
              number: problem.number, problem: problem.error,
              reason: "it is an entry, and another is not put in its place"))
          continue
        }
        try gather(&plan, from: problem.number, to: problem.number, problem.error)
      }
    }
    plan.prove(with: self, head: try memory.head())
    return plan
  }

  // Entries that are not there, from one on; the first that is ends it, and so does the first that
  // nobody here knows: a store can invent any number behind a hole.
  private func gather(
    _ plan: inout JournalRepairPlan, from first: UInt64, to last: UInt64, _ problem: VaultError
  ) throws(VaultError) {
    var number = first
    while number <= last {
      if number > first {
        do throws(VaultError) {
          _ = try read(number)
          return
        } catch {
          guard case .missing = error else { throw error }
        }
      }
      guard let kept = kept(number) else {
        plan.losses.append(
          .init(number: number, problem: problem, reason: "this machine has no copy of it"))
        return
      }
      let error = number == first ? problem : .missing(object: JournalEntry.path(number))
      plan.steps.append(.init(number: number, problem: error, hash: kept.entry.hash))
      guard number < .max else { return }
      number += 1
    }
  }

  // MARK: Repairing

  /// Writes an entry of the plan back, and reads it again.
  ///
  /// What is damaged must be deleted first, as stores have no other way. Cut short there, the entry
  /// is missing, and the repair can be run again.
  /// - Throws: `fork` if an intact entry stands there by now, `verificationFailed`, `store`.
  package func repair(_ step: JournalRepairPlan.Step) throws(VaultError) {
    guard let kept = kept(step.number), kept.entry.hash == step.hash else {
      throw .missing(object: JournalEntry.path(step.number))
    }
    let name = ObjectName.journal(step.number)
    if let found = try stored(step.number) {
      if found == kept.stored { return }
      if isEntry(found, step.number) {
        throw .fork(entry: step.number)
      }
      do throws(StoreError) { try store.delete(name) } catch { throw .store(error) }
    }
    do throws(StoreError) { _ = try store.create(name, kept.stored) } catch { throw .store(error) }
    try barrier()
    let found = try read(step.number)
    guard found != kept.stored else { return }
    // Somebody without a memory may have taken the last number in between.
    if isEntry(found, step.number) {
      throw .fork(entry: step.number)
    }
    throw .verificationFailed(name.description)
  }

  private func isEntry(_ stored: [UInt8], _ number: UInt64) -> Bool {
    (try? sealing.open(stored, number: number) { _ in true }) != nil
  }

  private func stored(_ number: UInt64) throws(VaultError) -> [UInt8]? {
    do throws(StoreError) {
      let name = ObjectName.journal(number)
      // What is larger than any entry is damaged whatever is in it.
      guard try store.size(of: name) <= SealedObject.Kind.journalEntry.sizeLimit else { return [] }
      return try store.read(name, limit: SealedObject.Kind.journalEntry.sizeLimit)
    } catch {
      switch VaultError(error, reading: JournalEntry.path(number)) {
      case .missing: return nil
      // Nobody can say what is in it: it is replaced like one that is damaged.
      case .damaged: return []
      case let error: throw error
      }
    }
  }
}

extension JournalRepairPlan {
  // From the end, as each entry is proven by the one behind it.
  fileprivate mutating func prove(with journal: Journal, head: JournalHead?) {
    var proven: [Step] = []
    var demanded: ObjectHash?
    var next: UInt64?
    for step in steps.sorted(by: { $0.number > $1.number }) {
      guard let kept = journal.kept(step.number) else { continue }
      if next != step.number &+ 1 || demanded == nil {
        demanded = (try? journal.entry(step.number &+ 1))?.previous
      }
      if demanded == nil, let head, head.number == step.number { demanded = head.hash }
      let before = step.number == 0 ? nil : try? journal.entry(step.number - 1)
      let follows = before.map { $0.hash == kept.entry.previous } ?? true
      if !follows || demanded.map({ $0 != step.hash }) ?? false {
        losses.append(
          .init(
            number: step.number, problem: step.problem,
            reason: "the journal goes on from another entry than this machine knows"))
        next = nil
        continue
      }
      if case .rollback = step.problem, let gone = journal.missingSegment(of: kept.entry.body) {
        losses.append(
          .init(
            number: step.number, problem: step.problem,
            reason: "it names \(gone), which is not there: the store may be an old copy"))
        // Nothing can stand behind a hole.
        losses += proven.map {
          .init(number: $0.number, problem: $0.problem, reason: "the entry before it is missing")
        }
        proven = []
        next = nil
        continue
      }
      (demanded, next) = (kept.entry.previous, step.number)
      proven.append(step)
    }
    steps = proven.reversed()
    losses.sort { $0.number < $1.number }
  }
}

extension Journal {
  // A segment that an entry names and the store does not have.
  fileprivate func missingSegment(of body: JournalBody) -> String? {
    let segments: [ObjectHash] =
      switch body {
      case .commit(let commit): commit.segments
      case .condemn(let condemn): condemn.newSegments
      default: []
      }
    return segments.lazy.map { ObjectName.segment($0) }
      .first { (try? self.store.size(of: $0)) == nil }?.description
  }
}

/// Entries of a listing that are not there, or have another size than the cache knows them in.
private struct MissedEntries {
  private(set) var numbers: [UInt64] = []
  /// The next entries of the cache, ascending.
  var known: ArraySlice<CachedEntry> = []
  private var next: UInt64
  private let cache: any JournalCache

  init(from first: UInt64, _ cache: any JournalCache) {
    next = first
    self.cache = cache
  }

  /// Takes the next entry that is listed.
  mutating func meet(_ number: UInt64, _ size: Int) {
    numbers += (next..<max(next, number))
    next = number + 1
    if let expected = knownSize(number), expected != size { numbers.append(number) }
  }

  private mutating func knownSize(_ number: UInt64) -> Int? {
    known = known.drop { $0.number < number }
    if known.isEmpty { known = ((try? cache.entries(in: number..<number + 1024)) ?? [])[...] }
    guard let entry = known.first, entry.number == number else { return nil }
    return SealedObject.size(payload: entry.payload.count)
  }
}
