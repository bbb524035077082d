// Keeps the local index of an open repository up to the journal, and up to what prunes of others do
// while it is read.
//
// A prune writes packs and segments anew and deletes the old ones, so whoever reads beside it may know
// places that are gone, or a list of segments of which some are. That is no damage as long as the
// journal has news: with these every chunk that a live snapshot needs has a place again (FORMAT.md
// section 14, rule 9). Without news what is missing is missing.

import Platform
import Storage
import Synchronization

extension Vault {
  /// How often one reader goes after prunes that are always ahead of it.
  static let patience = 8
  /// How often readers look for news in vain before they stop asking the store: what is missing then
  /// is damage, and there may be much of it.
  static let vainLookLimit = 64

  /// Brings the local index up to the journal as far as it was read or written, before chunks are
  /// looked up; where nothing is new it costs nothing.
  ///
  /// A segment that is not there any more is a reason to read the journal on. One that cannot be read
  /// is told to `warn` and passed over: what it alone knows counts as lost until the index is
  /// rebuilt from the packs.
  package func loadIndex() throws(VaultError) {
    try indexedHead.withLock { (head) throws(VaultError) in
      guard head == nil || head != journal.state.tail, !isView else { return }
      do throws(VaultError) { head = try importNewestSegments() } catch {
        // A folder that is full, or whose content is bad after all, is no reason to fail.
        guard head == nil else { throw error }
        try takeTemporaryIndex(insteadOf: error)
        head = try importNewestSegments()
      }
    }
  }

  // Answers up to where the index is then.
  private func importNewestSegments() throws(VaultError) -> JournalHead? {
    var state = journal.state
    var absent = try importSegments(of: state)
    for _ in 0..<Self.patience where !absent.isEmpty {
      try readJournalOn()
      guard journal.state.tail != state.tail else { break }
      state = journal.state
      absent = try importSegments(of: state)
    }
    for name in absent {
      warn(
        "\(ObjectName.segment(name)) is missing; run “igudar repair index” to rebuild it from the "
          + "packs")
    }
    try index.followPackStates(of: state)
    return state.tail
  }

  // Answers the segments that the store does not have.
  private func importSegments(of state: JournalState) throws(VaultError) -> [ObjectHash] {
    let wanted = try unknownSegments(of: state)
    var absent: [ObjectHash] = []
    guard !wanted.isEmpty else { return absent }
    _ = try index.importSegments(wanted) { (name) throws(VaultError) in
      do throws(VaultError) { return try segment(name) } catch {
        switch error {
        case .damaged(let object, let damage):
          warn("\(object) \(damage); run “igudar repair index” to rebuild it from the packs")
        case .missing: absent.append(name)
        default: throw error
        }
        return nil
      }
    }
    return absent
  }

  // Where the journal is damaged further on, what was read before has to do.
  private func readJournalOn() throws(VaultError) {
    do throws(VaultError) { try journal.refresh() } catch {
      guard error.isLoss else { throw error }
    }
  }

  /// Forgets the local index and reads it anew.
  package func reloadIndex() throws(VaultError) {
    do throws(VaultError) { try index.removeAll() } catch {
      // What it says now must not be believed at the next start either.
      index.condemn()
      try takeTemporaryIndex(insteadOf: error)
    }
    try refresh()
  }

  /// Reads what is new in the journal and in the index.
  package func refresh() throws(VaultError) {
    _ = try journal.refresh()
    indexedHead.withLock { $0 = nil }
    try loadIndex()
  }

  /// Lets readers that miss a chunk have the index read anew, once.
  ///
  /// For those who only read: packs get other numbers then. It does nothing where those are kept.
  package func allowRereadingIndex() {
    rereading.withLock { if $0 == .forbidden { $0 = .allowed } }
  }

  /// Packs keep their numbers as long as this vault is open: runs, prunes and counts of frames rely on them.
  package func keepPackNumbers() { rereading.withLock { $0 = .excluded } }

  /// Reads the index anew for a reader that misses a chunk, once for all readers; false where that may
  /// not be or is no help.
  ///
  /// A cache whose bytes changed without a trace, as disks and memory do it, may have lost a place that
  /// the repository knows.
  func rereadIndex() throws(VaultError) -> Bool {
    guard !isView else { return false }
    return try rereading.withLock { (state) throws(VaultError) in
      if state == .allowed {
        try index.removeAll()
        indexedHead.withLock { $0 = nil }
        try loadIndex()
        state = .done
      }
      return state == .done
    }
  }

  /// Whether the index may be read anew.
  enum Rereading { case forbidden, allowed, done, excluded }

  // MARK: Beside prunes

  /// Up to where the index is.
  var indexedTail: JournalHead? { indexedHead.withLock { $0 } }

  /// Brings the index up to the newest journal for a reader that misses something; false where it
  /// has been there since `seen` already and nothing is new.
  ///
  /// - Throws: what `refresh` throws, but for damage in the journal.
  func followsNews(since seen: JournalHead?) throws(VaultError) -> Bool {
    guard !isView else { return false }
    return try vainLookCount.withLock { (vainCount) throws(VaultError) in
      // Another thread may have done it meanwhile.
      if indexedTail != seen { return true }
      guard vainCount < Self.vainLookLimit else { return false }
      try readJournalOn()
      guard journal.state.tail != seen else {
        vainCount += 1
        return false
      }
      try loadIndex()
      vainCount = 0
      return true
    }
  }

  /// Segments that count in a state of the journal and are not in the index.
  func unknownSegments(of state: JournalState) throws(VaultError) -> [ObjectHash] {
    let known = Set(try index.importedSegments())
    return state.namedSegments.filter { !known.contains($0) }
  }
}
