// A look at the whole journal as the store has it now, for `check`: nothing is taken from the
// cache, and what is damaged does not end it.

/// What is wrong with the journal in the store.
package struct JournalVerification: Sendable {
  /// One thing that is wrong.
  package struct Problem: Sendable {
    /// The entry it is about.
    package let number: UInt64
    package let error: VaultError
  }

  /// Entries that the store lists.
  package internal(set) var entryCount = 0
  /// In the order of the entries.
  package internal(set) var problems: [Problem] = []
  /// What the journal says; nil if damage makes that unknown.
  package internal(set) var state: JournalState?
}

extension Journal {
  /// Reads every entry from the store, from the first on, and reports each that is damaged or
  /// missing, each break of the chain, a rollback and a fork.
  ///
  /// - Throws: `store` and `trust`, when there is no looking.
  package func verifyAll() throws(VaultError) -> JournalVerification {
    let remembered = try memory.head()
    var numbers: [UInt64] = []
    try forEachNumber { numbers.append($0) }
    var walk = JournalVerificationWalk(
      sealing: sealing, remembered: remembered, owner: state.owner)
    var expected: UInt64 = 0
    for number in numbers {
      // Of a hole only the first number is reported: a store can invent any last one.
      if number > expected { walk.skip(expected, .missing(object: JournalEntry.path(expected))) }
      expected = number &+ 1
      do throws(VaultError) {
        walk.take(try read(number), number)
      } catch {
        guard error.isLoss else { throw error }
        walk.skip(number, error)
      }
    }
    walk.end(numbers.last)
    walk.result.entryCount = numbers.count
    return walk.result
  }
}

private struct JournalVerificationWalk {
  let sealing: JournalSealing
  let remembered: JournalHead?
  let owner: PublicKey
  var result = JournalVerification()
  // The state, as long as everything before is intact or a summary has told it anew.
  private var state: JournalState?
  // The hash that the next entry must repeat; nil where nobody knows.
  private var previous: ObjectHash? = .zero

  init(sealing: JournalSealing, remembered: JournalHead?, owner: PublicKey) {
    self.sealing = sealing
    self.remembered = remembered
    self.owner = owner
    state = JournalState(owner: owner)
  }

  private mutating func report(_ number: UInt64, _ error: VaultError) {
    result.problems.append(.init(number: number, error: error))
    state = nil
  }

  // Goes on behind an entry that says nothing.
  mutating func skip(_ number: UInt64, _ error: VaultError) {
    report(number, error)
    previous = nil
  }

  mutating func take(_ stored: [UInt8], _ number: UInt64) {
    let entry: JournalEntry
    do throws(VaultError) {
      entry = try sealing.open(stored, number: number) { state?.admits($0) ?? true }.entry
    } catch {
      return skip(number, error)
    }
    if let remembered, remembered.number == number, remembered.hash != entry.hash {
      report(number, .fork(entry: number))
    }
    if let previous, entry.previous != previous {
      report(number, .damaged(object: JournalEntry.path(number), .badChain))
    } else {
      replay(entry)
    }
    previous = entry.hash
  }

  private mutating func replay(_ entry: JournalEntry) {
    do throws(Damage) {
      if state != nil {
        try state?.apply(entry)
      } else if case .summary = entry.body {
        state = try JournalState(beginning: entry, owner: owner)
      }
    } catch {
      report(entry.number, .damaged(object: JournalEntry.path(entry.number), error))
    }
  }

  mutating func end(_ newest: UInt64?) {
    if let remembered, newest ?? 0 < remembered.number {
      report(newest ?? 0, .rollback(seen: remembered.number, tail: newest ?? 0))
    } else if newest == nil {
      report(0, .missing(object: JournalEntry.path(0)))
    }
    result.state = state
  }
}
