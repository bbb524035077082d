// A repository's journal in memory, and stores that misbehave as a test wants.

import Platform
import Storage
import Synchronization
import Testing

@testable import Vault

/// Keys and a store; every journal made of it is another client.
struct JournalFixture {
  let store: MemoryStore
  let repository: RepositoryID
  let keyring: KeyRing
  let ticks = Ticks()

  final class Ticks: Sendable {
    private let time = Atomic<Int64>(1_700_000_000_000_000_000)
    func next() -> Int64 { time.add(1_000_000_000, ordering: .relaxed).newValue }
  }

  init(_ seed: UInt64 = 1, store: MemoryStore = MemoryStore()) {
    let randomness = SeededRandomness(seed)
    self.store = store
    keyring = KeyRing(
      generating: .xchacha20Poly1305, chunker: .standard, randomness: randomness)
    repository = randomness.identifier(RepositoryID.self)
  }

  init(store: MemoryStore, like other: JournalFixture) {
    self.store = store
    repository = other.repository
    keyring = other.keyring
  }

  /// The same repository in a copy of the store.
  func copy() -> JournalFixture { JournalFixture(store: store.copy(), like: self) }

  func journal(
    store other: (any ObjectStore)? = nil, memory: any HeadMemory = ProcessHeadMemory(),
    cache: any JournalCache = NoJournalCache(), interval: UInt64 = 512, seed: UInt64 = 7,
    signer: SigningKey? = nil
  ) -> Journal {
    var options = Journal.Options()
    options.summaryInterval = interval
    options.randomness = SeededRandomness(seed)
    options.clock = { [ticks] in ticks.next() }
    options.signer = signer
    return Journal(
      store: other ?? store, repository: repository, keyring: keyring, memory: memory,
      cache: cache, options: options)
  }

  /// A journal of some entries behind the first.
  func filled(_ count: Int, interval: UInt64 = 512) throws -> Journal {
    let journal = journal(interval: interval)
    try journal.begin()
    for number in 0..<count { try journal.append { _ in Self.commit(UInt8(number & 255)) } }
    return journal
  }

  static func commit(_ number: UInt8, partial: Bool = false) -> JournalBody {
    .commit(
      segments: [], rescued: [], isPartial: partial, note: [number],
      run: RunID(bytes: .init(repeating: number, count: 16)))
  }

  var sealing: JournalSealing {
    JournalSealing(
      repository: repository, keyring: keyring, signer: keyring.owner,
      randomness: SeededRandomness(99))
  }

  func stored(_ number: UInt64) throws -> [UInt8] {
    try store.read(.journal(number), limit: 1 << 26)
  }

  /// A sealed entry of any type byte and record, signed by the owner.
  func sealed(
    type: UInt8, record: [UInt8], after state: JournalState, number: UInt64? = nil
  ) -> [UInt8] {
    let number = number ?? state.nextNumber
    var writer = ByteWriter()
    writer.id(state.tail?.hash ?? .zero)
    writer.id(keyring.ownerPublicKey)
    writer.i64(5)
    writer.u64(state.newestSummary ?? .max)
    writer.u8(type)
    writer.raw(record)
    writer.raw(
      keyring.owner.sign(
        JournalPayload.signingInput(writer.bytes, number: number, repository: repository)))
    return SealedObject.seal(
      writer.bytes, as: .journalEntry, path: JournalEntry.path(number), keyring: keyring,
      repository: repository, randomness: SeededRandomness(3))
  }
}

/// A store in memory whose calls a test watches and spoils.
final class WatchedStore: ObjectStore, Sendable {
  enum Event: Hashable, Sendable {
    case create(String)
    case barrier
    case read(String)
  }

  let inner: MemoryStore
  private let log = Mutex<[Event]>([])
  private let creationHook = Mutex<(@Sendable (ObjectName, Creation) throws -> Creation)?>(nil)
  private let barrierHook = Mutex<(@Sendable () throws -> Void)?>(nil)

  init(_ inner: MemoryStore) { self.inner = inner }

  var location: String { "watched" }
  var events: [Event] { log.withLock { $0 } }
  func clear() { log.withLock { $0 = [] } }

  /// Lets the test answer in the store's place, after the inner store has answered.
  func onCreate(_ hook: (@Sendable (ObjectName, Creation) throws -> Creation)?) {
    creationHook.withLock { $0 = hook }
  }

  func onBarrier(_ hook: (@Sendable () throws -> Void)?) { barrierHook.withLock { $0 = hook } }

  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    log.withLock { $0.append(.create(name.description)) }
    let creation = try inner.create(name, bytes)
    guard let hook = creationHook.withLock({ $0 }) else { return creation }
    do { return try hook(name, creation) } catch { throw .unavailable("no answer") }
  }

  func barrier() throws(StoreError) {
    log.withLock { $0.append(.barrier) }
    if let hook = barrierHook.withLock({ $0 }) {
      do { try hook() } catch { throw .failed("no barrier") }
    }
    try inner.barrier()
  }

  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    log.withLock { $0.append(.read(name.description)) }
    return try unsafe inner.read(name, at: offset, into: buffer)
  }

  func size(of name: ObjectName) throws(StoreError) -> Int { try inner.size(of: name) }

  func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) { try inner.list(prefix: prefix, after: after, body) }

  func delete(_ name: ObjectName) throws(StoreError) { try inner.delete(name) }
}

struct NoAnswer: Error {}

/// What went wrong, in words that tests compare.
func journalOutcome(_ body: () throws -> Void) -> String {
  do {
    try body()
    return "fine"
  } catch VaultError.damaged(let object, let damage) {
    return "\(object) \(damage)"
  } catch VaultError.missing(let object) {
    return "\(object) is missing"
  } catch VaultError.rollback(let seen, let tail) {
    return "rollback from \(seen) to \(tail)"
  } catch VaultError.fork(let entry) {
    return "fork at \(entry)"
  } catch VaultError.newer(let what) {
    return "newer: \(what)"
  } catch {
    return "\(error)"
  }
}
