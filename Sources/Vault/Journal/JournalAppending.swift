// Adding to the journal: make the next entry for the tail, create it if absent, and begin again
// with everything new when somebody else was faster.

import Storage

extension Journal {
  /// Appends the entry that `make` wants at the tail.
  ///
  /// `make` sees the state with every entry up to the tail, is called again after each lost race,
  /// and may store objects; answering nil ends it without an entry. What it names is made durable
  /// before the entry is created (order rule 1). On return the entry is durable.
  /// - Throws: what `refresh` throws; `limit`, `verificationFailed` for an entry that the rules of
  ///   the journal refuse. After `store` the entry may exist nevertheless.
  @discardableResult
  package func append(
    _ make: (JournalState) throws(VaultError) -> JournalBody?
  ) throws(VaultError) -> JournalEntry? {
    let entry = try appendOne(make)
    if entry != nil { summarize() }
    return entry
  }

  /// Creates entry 0 of a new repository.
  ///
  /// - Throws: `alreadyExists` if there is one.
  @discardableResult
  package func begin() throws(VaultError) -> JournalEntry {
    let nothing = JournalState(owner: state.owner)
    guard let entry = try create(.policy(JournalBody.Policy()), after: nothing) else {
      throw .alreadyExists(store.location)
    }
    return entry
  }

  private func appendOne(
    _ make: (JournalState) throws(VaultError) -> JournalBody?
  ) throws(VaultError) -> JournalEntry? {
    var taken: UInt64?
    var refused: JournalBody?
    while true {
      try refresh()
      let state = state
      // A store that says «taken» and then has nothing there would keep us here for ever.
      if let taken, state.nextNumber <= taken {
        throw .missing(object: JournalEntry.path(taken))
      }
      let made = options.rules.looksAgain || refused == nil ? try make(state) : refused
      guard let body = made else { return nil }
      if let entry = try create(body, after: state) { return entry }
      taken = state.nextNumber
      refused = body
    }
  }

  // Nil if the number was taken by somebody else.
  private func create(
    _ body: JournalBody, after state: JournalState
  ) throws(VaultError) -> JournalEntry? {
    let sealed = try sealing.seal(body, after: state, time: options.clock())
    var next = state
    do throws(Damage) {
      try next.apply(sealed.entry)
    } catch {
      throw .verificationFailed("\(JournalEntry.path(sealed.entry.number)) \(error)")
    }
    try barrier()
    guard try isStored(sealed) else { return nil }
    try barrier()
    try keep([sealed.cached], next)
    note(body)
    advance(to: next)
    return sealed.entry
  }

  // Whether the entry stands in the store now: a lost answer is one to which the store's own bytes
  // are the reply.
  private func isStored(_ sealed: JournalSealing.Sealed) throws(VaultError) -> Bool {
    let number = sealed.entry.number
    do throws(StoreError) {
      if try create(sealed) == .created { return true }
    } catch {
      guard let found = try? read(number) else { throw .store(error) }
      return found == sealed.stored
    }
    return try read(number) == sealed.stored
  }

  // An entry that leads to more room may have what is kept free for it.
  private func create(_ sealed: JournalSealing.Sealed) throws(StoreError) -> Creation {
    let name = ObjectName.journal(sealed.entry.number)
    do throws(StoreError) { return try store.create(name, sealed.stored) } catch {
      guard case .full = error, sealed.entry.body.leadsToRoom,
        (try? store.size(of: .reserve)) != nil
      else { throw error }
    }
    try store.delete(.reserve)
    try store.barrier()
    return try store.create(name, sealed.stored)
  }

  // MARK: Summaries

  // Failing to write one is no error: the next time will do.
  private func summarize() {
    guard isSummaryDue(state) else { return }
    _ = try? appendOne { state in
      isSummaryDue(state) ? .summary(state.summary) : nil
    }
  }

  // Where one could not be written it is tried again after some more entries, not after each.
  private func isSummaryDue(_ state: JournalState) -> Bool {
    guard sealing.signer.publicKey == state.owner else { return false }
    let count = state.nextNumber - (state.newestSummary ?? 0)
    guard count >= options.summaryInterval else { return false }
    return (count - options.summaryInterval).isMultiple(of: max(1, options.summaryInterval / 32))
  }
}
