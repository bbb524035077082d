// An open repository: store, keys, index and journal together. Below the public API of backups and
// restores, and offered itself to tools that want a deduplicating, encrypted store of chunks.

public import Platform
public import Storage
import Synchronization

/// Where a machine keeps what it remembers of repositories.
public struct LocalPlaces: Sendable {
  /// Base of the disposable caches; nil for a private temporary place.
  public var cache: FilePath?
  /// Base of the trust stores; nil to trust what the store shows, for this process only.
  public var state: FilePath?
  /// Told once for each thing that does not work as it should and does no harm.
  public var warn: @Sendable (String) -> Void

  /// Places, `$XDG_CACHE_HOME/igudar` and `$XDG_STATE_HOME/igudar` for the command.
  public init(
    cache: FilePath?, state: FilePath?, warn: @escaping @Sendable (String) -> Void
  ) {
    self.cache = cache
    self.state = state
    self.warn = warn
  }
}

/// An open repository.
public final class Vault: Sendable {
  package let access: RepositoryAccess
  package let journal: Journal
  /// The local index.
  ///
  /// Another one takes its place only before anything was looked up in it.
  package var index: IndexCache { currentIndex.withLock { $0 } }
  package let hasher: ChunkHasher
  package let chunker: Chunker
  package let packReader: PackReader
  /// The keys of the runs that wrote packs and notes.
  package let runKeys: RunKeyring
  package let notes: NoteReader
  package let packKeys = PackKeyCache()
  package let frames: FrameCache
  package let randomness: any Randomness
  private let places: LocalPlaces
  private let currentIndex: Mutex<IndexCache>
  // The newest journal entry when the index was loaded; not touched but for loading it.
  let indexedHead = Mutex<JournalHead?>(nil)
  // How often readers looked for news in vain, one after the other.
  let vainLookCount = Mutex(0)
  // Whether readers that miss something may have the index read anew.
  let rereading = Mutex(Rereading.forbidden)
  // Whether the index is a view that no journal describes.
  let isView: Bool

  /// Plain bytes of frames that stay decoded for readers.
  private static let frameCacheBytes = 24 << 20

  /// Where this machine keeps what it remembers of the repository.
  package var localFolders: [FilePath] {
    [places.cache, places.state].compactMap(\.self).map {
      $0.appending("igudar").appending(access.repository.hex)
    }
  }

  private convenience init(
    _ access: RepositoryAccess, _ index: IndexCache? = nil, places: LocalPlaces
  ) throws(VaultError) {
    let index = if let index { index } else { try Self.index(access.repository, places) }
    let journal = Journal(
      store: access.store, repository: access.repository, keyring: access.keyring,
      memory: try Self.memory(access, places), cache: index)
    self.init(access, index, journal, places)
  }

  /// A repository of these parts, which must belong together; `open` and `create` are the way for
  /// everybody but tests.
  init(
    _ access: RepositoryAccess, _ index: IndexCache, _ journal: Journal, _ places: LocalPlaces,
    randomness: any Randomness = SystemRandomness(), isView: Bool = false
  ) {
    self.access = access
    self.isView = isView
    currentIndex = Mutex(index)
    self.journal = journal
    self.places = places
    self.randomness = randomness
    let repository = access.repository
    let domain = access.keyring.currentDomain
    hasher = ChunkHasher(key: domain.chunkIDKey)
    chunker = Chunker(parameters: domain.chunker, key: domain.chunkerKey)
    runKeys = RunKeyring(keyring: access.keyring, repository: repository)
    notes = NoteReader(runs: runKeys, keyring: access.keyring, cache: index)
    packReader = PackReader(store: access.store, repository: repository, runs: runKeys)
    frames = FrameCache(byteLimit: Self.frameCacheBytes)
  }

  private static func index(
    _ repository: RepositoryID, _ places: LocalPlaces
  ) throws(VaultError) -> IndexCache {
    guard let base = places.cache else { return try .temporary(repository: repository) }
    return try .open(below: base, repository: repository, warn: places.warn)
  }

  private static func memory(
    _ access: RepositoryAccess, _ places: LocalPlaces
  ) throws(VaultError) -> any HeadMemory {
    guard let base = places.state else { return ProcessHeadMemory() }
    let trust: TrustStore
    do throws(VaultError) {
      trust = try TrustStore(below: base, repository: access.repository, warn: places.warn)
    } catch {
      // Where nothing is remembered and nothing can be, as on a rescue system, this is a new client.
      guard !TrustStore.exists(below: base, repository: access.repository) else { throw error }
      if case .trust(let reason) = error {
        places.warn("\(reason); a repository put back cannot be noticed")
      }
      return ProcessHeadMemory()
    }
    try trust.pin(owner: access.keyring.ownerPublicKey)
    return trust
  }

  /// Makes a new repository in an empty store and opens it.
  ///
  /// - Throws: `alreadyExists`, `notSupported`, `store`, `trust`.
  public static func create(
    in store: any ObjectStore, secret: Secret, plan: RepositoryPlan, places: LocalPlaces
  ) throws(VaultError) -> Vault {
    let access = try RepositoryAccess.initialize(store, secret: secret, plan: plan) {
      (access) throws(VaultError) in
      let journal = Journal(
        store: store, repository: access.repository, keyring: access.keyring,
        memory: ProcessHeadMemory(), cache: ProcessJournalCache())
      _ = try journal.begin()
    }
    let vault = try Vault(access, places: places)
    _ = try vault.journal.refresh()
    return vault
  }

  /// Opens a repository and reads what is new in its journal.
  ///
  /// - Throws: `noRepository`, `wrongKey`, `newer`, `notSupported`, `rollback`, `fork`, `damaged`,
  ///   `missing`, `store`, `trust`.
  public static func open(
    _ store: any ObjectStore, secret: Secret, places: LocalPlaces
  ) throws(VaultError) -> Vault {
    let (vault, preview) = try opening(store, secret, places)
    _ = try vault.journal.refresh(seen: preview)
    vault.warnOfMissedEntries(seen: preview)
    return vault
  }

  /// The same with nothing of the journal read, to repair it.
  public static func openUnread(
    _ store: any ObjectStore, secret: Secret, places: LocalPlaces
  ) throws(VaultError) -> Vault {
    try opening(store, secret, places).0
  }

  private static func opening(
    _ store: any ObjectStore, _ secret: Secret, _ places: LocalPlaces
  ) throws(VaultError) -> (Vault, JournalPreview?) {
    let format = try RepositoryAccess.format(of: store)
    let early = EarlyReading(of: store, format.repository, for: secret, places: places)
    let access = try RepositoryAccess.unlock(store, format, with: secret)
    let findings = early?.finish(for: access.repository)
    for object in access.damaged { places.warn("\(object.name) \(object.damage)") }
    return (try Vault(access, findings?.index, places: places), findings?.preview)
  }

  // What this machine knows itself it does not miss; others do.
  private func warnOfMissedEntries(seen preview: JournalPreview?) {
    guard journal.usedCache, let missed = try? journal.entriesMissedByStore(seen: preview),
      let first = missed.first
    else { return }
    let others = missed.count > 1 ? " and \(missed.count - 1) more entries" : ""
    warn(
      "\(JournalEntry.path(first))\(others) is missing or damaged in the store, and only machines "
        + "that know it, as this one does, can open the repository: run “igudar repair journal” here"
    )
  }

  /// The same repository seen through another index, which must be loaded.
  func viewed(through index: IndexCache) -> Vault {
    let view = Vault(access, index, journal, places, isView: true)
    view.indexedHead.withLock { $0 = journal.state.tail }
    return view
  }

  /// The random name of the repository.
  public var repositoryID: RepositoryID { access.repository }
  package var store: any ObjectStore { access.store }
  package var epoch: EpochKeys { access.keyring.currentEpoch }
  package var domain: DomainKeys { access.keyring.currentDomain }
  package var packSize: Int { access.format.packSize }

  /// Takes an index that vanishes with the process where the folder of the usual one fails.
  func takeTemporaryIndex(insteadOf error: VaultError) throws(VaultError) {
    guard case .cache(let reason) = error, index.directory != nil else { throw error }
    warn("\(reason); this run makes a temporary one.")
    let temporary = try IndexCache.temporary(repository: repositoryID)
    currentIndex.withLock { $0 = temporary }
  }

  /// Tells of something that does not work as it should and does no harm.
  package func warn(_ text: String) { places.warn(text) }

  // MARK: Objects

  /// Stores an object; that it exists already is as good.
  @unsafe
  package func create(
    _ name: ObjectName, _ bytes: UnsafeRawBufferPointer
  ) throws(VaultError) {
    do throws(StoreError) {
      _ = try store.create(name, unsafe bytes.bytes)
    } catch { throw .store(error) }
  }

  /// The size of an object in the store.
  package func size(of name: ObjectName) throws(VaultError) -> Int {
    do throws(StoreError) { return try store.size(of: name) } catch {
      throw VaultError(error, reading: name.description)
    }
  }

  /// All objects of a prefix with their sizes.
  package func objects(
    _ prefix: String, _ body: (ObjectName, Int) throws(VaultError) -> Void
  ) throws(VaultError) {
    var failure: VaultError?
    do throws(StoreError) {
      try store.list(prefix: prefix, after: nil) { (name, size) throws(StoreError) in
        do throws(VaultError) { try body(name, size) } catch { failure = error }
        return failure == nil
      }
    } catch { throw .store(error) }
    if let failure { throw failure }
  }

  /// Makes everything that was stored before survive a crash.
  package func barrier() throws(VaultError) {
    do throws(StoreError) { try store.barrier() } catch { throw .store(error) }
  }

  /// Seals and stores an index segment.
  package func store(segment payload: [UInt8]) throws(VaultError) -> ObjectHash {
    guard payload.count <= SealedObject.Kind.segment.payloadLimit else {
      throw .limit("an index segment of \(payload.count) bytes")
    }
    let stored = SealedObject.seal(
      payload, as: .segment, path: "index/", keyring: access.keyring, repository: repositoryID,
      randomness: randomness)
    let name = Hash.name(of: stored)
    do throws(StoreError) { _ = try store.create(.segment(name), stored) } catch {
      throw .store(error)
    }
    return name
  }

  /// Reads and opens an index segment.
  package func segment(_ name: ObjectHash) throws(VaultError) -> Segment {
    let object = ObjectName.segment(name)
    let stored: [UInt8]
    do throws(StoreError) {
      stored = try store.read(object, limit: SealedObject.Kind.segment.sizeLimit)
    } catch {
      throw VaultError(error, reading: object.description)
    }
    do throws(Damage) {
      guard Hash.name(of: stored) == name else { throw .badName }
      let payload = try SealedObject.open(
        stored, as: .segment, path: "index/", keyring: access.keyring, repository: repositoryID)
      return try Segment(payload: payload)
    } catch { throw .damaged(object: object.description, error) }
  }

  // MARK: Runs

  /// Checks that this program may add to the repository, and loads the index.
  package func prepareToWrite() throws(VaultError) {
    try access.format.features.requireWritable()
    if let local = store as? LocalStore {
      do throws(StoreError) { try local.removeLeftovers() } catch { throw .store(error) }
    }
    try loadIndex()
  }

  /// Begins to write.
  package func begin(_ options: RunOptions = RunOptions()) throws(VaultError) -> Run {
    if !options.isDry { keepReserve() }
    return try Run(vault: self, options: options)
  }
}
