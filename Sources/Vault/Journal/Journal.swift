// The repository's journal: a chain of signed entries that are created only if absent, which is the
// compare-and-swap that everything rests on (FORMAT.md section 13, order rules 1, 4 and 6).
//
// Invariants: the state only ever moves forward along one verified chain. Nothing local (state,
// memory of the head, cache) is changed before the entry that it speaks of is durable.

package import Storage
import Platform
import Synchronization

/// The rules by which nothing is appended that what others appended has made wrong (FORMAT.md
/// section 14, rule 4).
struct AppendRules: Sendable {
  /// A commit rescues the condemned packs that it relies on, and relies on none that was swept.
  var looksAtReliance = true
  /// After a lost race an entry is made anew from everything up to the tail.
  var looksAgain = true
}

/// The journal of one repository; all calls may be made from any thread.
package final class Journal: Sendable {
  /// What a journal needs beside a store and keys; tests and simulations replace it.
  package struct Options: Sendable {
    /// A summary is due after this many entries.
    package var summaryInterval: UInt64 = 512
    /// Nanoseconds since 1970, for people to read.
    package var clock: @Sendable () -> Int64 = { Timestamp.now().totalNanoseconds }
    package var randomness: any Randomness = SystemRandomness()
    /// Who signs new entries; the owner unless another is given.
    package var signer: SigningKey?
    // What tests take out, one at a time, to show that it is needed. Nobody else can reach it.
    var rules = AppendRules()

    package init() {}
  }

  let store: any ObjectStore
  let sealing: JournalSealing
  let memory: any HeadMemory
  let cache: any JournalCache
  let options: Options
  private let current: Mutex<JournalState>
  // Whether what was read came in part from the cache, not from the store.
  private let trustsCache = Atomic<Bool>(false)
  private let forgot = Atomic<Bool>(false)

  /// The journal of a repository; nothing is read before `refresh`.
  package init(
    store: any ObjectStore, repository: RepositoryID, keyring: KeyRing,
    memory: any HeadMemory, cache: any JournalCache, options: Options = Options()
  ) {
    self.store = store
    self.memory = memory
    self.cache = cache
    self.options = options
    sealing = JournalSealing(
      repository: repository, keyring: keyring, signer: options.signer ?? keyring.owner,
      randomness: options.randomness)
    current = Mutex(JournalState(owner: keyring.ownerPublicKey))
  }

  /// Whether entries were taken from the cache, so that nobody knows whether the store has them.
  package var usedCache: Bool { trustsCache.load(ordering: .relaxed) }

  /// Whether snapshots were forgotten since the journal was read first, so that those that were live
  /// then need not be.
  package var hasForgotten: Bool { forgot.load(ordering: .relaxed) }

  /// Notes an entry that came after the first reading.
  func note(_ body: JournalBody) {
    if case .tombstone = body { forgot.store(true, ordering: .relaxed) }
  }

  private func note(_ reading: JournalReading, after state: JournalState) {
    guard state.tail != nil else { return }
    for entry in reading.entries { note(entry.body) }
  }

  /// What the entries read so far say.
  package var state: JournalState { current.withLock { $0 } }

  /// The time that entries written now would carry, in nanoseconds since 1970.
  package var now: Int64 { options.clock() }

  /// Reads what is new up to the tail, and answers it in order; the first time that is everything
  /// since the summary where the reading began.
  ///
  /// If it throws `damaged` or `missing`, `state` is what the intact entries before say, provided
  /// that they go as far as this machine has ever seen.
  /// - Throws: `rollback` and `fork` when the store shows another past than this machine has seen,
  ///   `damaged`, `missing` and `newer` naming the entry, `store`, `trust`.
  @discardableResult
  package func refresh() throws(VaultError) -> [JournalEntry] { try refresh(seen: nil) }

  /// The same with what was seen of the journal a moment ago.
  @discardableResult
  func refresh(seen preview: JournalPreview?) throws(VaultError) -> [JournalEntry] {
    let before = state
    let reading = try read(from: before, seen: preview)
    if reading.usedCache { trustsCache.store(true, ordering: .relaxed) }
    try remember(reading)
    note(reading, after: before)
    advance(to: reading.state)
    return reading.entries
  }

  private func read(
    from state: JournalState, seen preview: JournalPreview?, usingCache: Bool = true
  ) throws(VaultError) -> JournalReading {
    var reading = try JournalReading(
      of: self, from: state, seen: preview, usingCache: usingCache)
    do throws(VaultError) {
      try reading.readToTail()
      return reading
    } catch {
      // A wrong cache looks like a broken chain: only the store's own entries prove damage.
      if reading.usedCache { return try read(from: state, seen: preview, usingCache: false) }
      if reading.reachesSeen {
        note(reading, after: state)
        advance(to: reading.state)
      }
      throw error
    }
  }

  private func remember(_ reading: JournalReading) throws(VaultError) {
    // The machine that wrote an entry may not have made its name durable yet, and what is
    // remembered must not be lost by a crash: that would look like a rollback.
    if reading.isBeyondMemory { try barrier() }
    try keep(reading.fresh, reading.state)
  }

  /// Takes a durable state in: cache, memory.
  func keep(_ entries: [CachedEntry], _ state: JournalState) throws(VaultError) {
    guard let tail = state.tail else { return }
    // A cache that fails costs time only.
    if !entries.isEmpty { try? cache.store(entries: entries, head: tail) }
    try memory.advance(to: tail)
  }

  /// Publishes a state unless another thread was faster.
  func advance(to state: JournalState) {
    current.withLock { current in
      if state.nextNumber > current.nextNumber { current = state }
    }
  }

  // MARK: The store

  func barrier() throws(VaultError) {
    do throws(StoreError) { try store.barrier() } catch { throw .store(error) }
  }

  /// The stored bytes of an entry.
  func read(_ number: UInt64) throws(VaultError) -> [UInt8] {
    do throws(StoreError) {
      return try store.read(
        .journal(number), limit: SealedObject.Kind.journalEntry.sizeLimit)
    } catch {
      throw VaultError(error, reading: JournalEntry.path(number))
    }
  }

  /// The highest number in the store, from one on; nil if there is none.
  func newestNumber(from first: UInt64 = 0) throws(VaultError) -> UInt64? {
    var newest: UInt64?
    try forEachNumber(from: first) { newest = $0 }
    return newest
  }

  /// The numbers that the store lists, from one on, ascending.
  func forEachNumber(
    from first: UInt64 = 0, _ body: (UInt64) -> Void
  ) throws(VaultError) {
    try Self.list(store, from: first) { number, _ in
      body(number)
      return true
    }
  }

  /// The entries that a store lists, from one on, ascending, with their sizes, until the body answers
  /// false.
  static func list(
    _ store: any ObjectStore, from first: UInt64, _ body: (UInt64, Int) -> Bool
  ) throws(VaultError) {
    do throws(StoreError) {
      let after = first == 0 ? nil : ObjectName.journal(first - 1).description
      try store.list(prefix: "journal/", after: after) { (name, size) throws(StoreError) in
        guard case .journal(let number) = name.kind else { return true }
        return body(number, size)
      }
    } catch {
      throw .store(error)
    }
  }
}
