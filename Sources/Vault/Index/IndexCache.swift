// The local index: which chunk is where, as far as the segments that this machine has read say.
// Plain text, one folder per repository, shared by all processes of the user, disposable at any
// moment: deleted, of another version, changed by somebody else, it is made anew; where the folder
// cannot be used, a private one that vanishes with the process takes its place.
//
// Invariants:
// - a placement's pack number leads to a row of `packs`, committed before the placement;
// - a segment is remembered as imported in or after the transaction that holds its last rows;
// - pack numbers are never given out twice while the cache lives.

internal import Glibc
package import Platform

/// The index cache of one repository.
package final class IndexCache: Sendable {
  let environment: LMDBEnvironment
  let tables: IndexTables
  let repository: RepositoryID
  /// For everything but the lookups of `IndexReader`.
  let shared: LMDBReader
  let importLock = PosixMutex()
  /// The folder of the cache; nil for a private one.
  package let directory: FilePath?

  /// Opens `<base>/igudar/<repository>/`, where `base` is the user's cache folder.
  ///
  /// What had to be done instead of that is told to `warn`, in words for people.
  package static func open(
    below base: FilePath, repository: RepositoryID, mapSize: Int = 1 << 30,
    warn: @Sendable (String) -> Void
  ) throws(VaultError) -> IndexCache {
    do throws(LMDBError) {
      return try opening(below: base, repository: repository, mapSize: mapSize)
    } catch {
      let directory = directory(below: base, repository)
      warn(
        "The index cache in \(printable(directory.bytes)) cannot be used (\(error)); "
          + "this run makes a temporary one.")
    }
    return try temporary(repository: repository, mapSize: mapSize)
  }

  /// The same, or what is wrong with it.
  static func opening(
    below base: FilePath, repository: RepositoryID, mapSize: Int = 1 << 30
  ) throws(LMDBError) -> IndexCache {
    let directory = directory(below: base, repository)
    try CacheFolder.make(directory)
    return try IndexCache(directory, repository, mapSize)
  }

  private static func directory(below base: FilePath, _ repository: RepositoryID) -> FilePath {
    base.appending("igudar").appending(repository.hex)
  }

  /// Whether this machine has a cache of a repository.
  static func exists(below base: FilePath, repository: RepositoryID) -> Bool {
    (try? FileStatus.of(directory(below: base, repository).appending("data.mdb"))) != nil
  }

  /// A cache that nobody else sees and that vanishes with the process.
  package static func temporary(
    repository: RepositoryID, mapSize: Int = 1 << 30
  ) throws(VaultError) -> IndexCache {
    do throws(LMDBError) {
      return try LMDBEnvironment.temporary(mapSize: mapSize) { (environment) throws(LMDBError) in
        try IndexCache(environment, nil, repository)
      }
    } catch {
      throw .temporaryFile("a temporary index cache cannot be made: \(error)")
    }
  }

  private convenience init(
    _ directory: FilePath, _ repository: RepositoryID, _ mapSize: Int
  ) throws(LMDBError) {
    var options = LMDBEnvironment.Options()
    options.mapSize = mapSize
    let environment = try EnvironmentRegistry.open(directory, options, .disposable) {
      (environment, isChanged) throws(LMDBError) in
      let tables = try IndexTables(in: environment)
      if isChanged { try tables.verify(in: environment) }
      try Self.identify(tables, environment, repository)
    }
    try self.init(environment, directory, repository)
  }

  private init(
    _ environment: LMDBEnvironment, _ directory: FilePath?, _ repository: RepositoryID
  ) throws(LMDBError) {
    self.environment = environment
    self.directory = directory
    self.repository = repository
    tables = try IndexTables(in: environment)
    try Self.identify(tables, environment, repository)
    shared = try LMDBReader(environment)
  }

  // A cache says whose it is and which layout it has; a new one is told.
  private static func identify(
    _ tables: IndexTables, _ environment: LMDBEnvironment, _ repository: RepositoryID
  ) throws(LMDBError) {
    var writer = ByteWriter()
    writer.u32(IndexTables.version)
    writer.id(repository)
    let expected = writer.bytes
    let reader = try LMDBReader(environment)
    let found = try reader.read { (snapshot) throws(LMDBError) in
      try snapshot.checked(tables.about, IndexKey.identity)
    }
    if found == expected { return }
    guard found == nil else { throw .corrupt("of another version or repository") }
    try environment.write { (writer) throws(LMDBError) in
      for table in tables.all { try writer.clear(table) }
      try writer.putChecked(tables.about, IndexKey.identity, expected)
    }
  }

  // MARK: Errors

  /// Runs the body; an error gets the cache's name, and content that turns out to be bad is thrown
  /// away at the next start.
  @inline(__always)
  func run<Result>(
    _ body: () throws(LMDBError) -> Result
  ) throws(VaultError) -> Result {
    do throws(LMDBError) {
      return try body()
    } catch {
      throw failure(error)
    }
  }

  @inline(never)
  func failure(_ error: LMDBError) -> VaultError {
    let place = directory.map { printable($0.bytes) } ?? "a temporary folder"
    guard error.isCorruption else { return .cache("the index cache in \(place): \(error)") }
    environment.condemn()
    return .cache("the index cache in \(place) is damaged and will be rebuilt: \(error)")
  }

  /// Makes the next start throw the cache away, because what it says proved wrong.
  package func condemn() { environment.condemn() }

  // MARK: The whole

  /// A reader for one thread at a time, for which packs with these numbers are not there.
  package func reader(without absent: Set<UInt32> = []) throws(VaultError) -> IndexReader {
    try run { () throws(LMDBError) in try IndexReader(self, without: absent) }
  }

  /// How much the cache knows.
  package func counts() throws(VaultError) -> IndexCounts {
    try run { () throws(LMDBError) in
      try shared.read { (snapshot) throws(LMDBError) in
        let counters = try IndexCounters(tables, snapshot)
        return IndexCounts(
          chunkCount: try snapshot.count(tables.chunks), placeCount: Int(counters.placeCount),
          packCount: try snapshot.count(tables.packs), packBytes: counters.packBytes,
          segmentCount: try snapshot.count(tables.segments),
          entryCount: try snapshot.count(tables.journal))
      }
    }
  }

  /// Forgets where chunks are, and records of notes; the journal, which may be known nowhere else, stays.
  package func removeAll() throws(VaultError) {
    try run { () throws(LMDBError) in
      try environment.write { (writer) throws(LMDBError) in
        // Pack numbers go on where they were: somebody may still hold one.
        var counters = try IndexCounters(tables, writer.snapshot)
        counters.placeCount = 0
        counters.packBytes = 0
        let generation = try PackStates.generation(tables, writer.snapshot)
        let kept = [tables.about.handle, tables.journal.handle]
        for table in tables.all where !kept.contains(table.handle) { try writer.clear(table) }
        try writer.delete(tables.about, IndexKey.pruneNote)
        try counters.store(tables, writer)
        try PackStates.setGeneration(generation + 1, tables, writer)
      }
    }
  }
}

/// How much an index cache knows.
package struct IndexCounts: Hashable, Sendable {
  /// Different chunk IDs.
  package let chunkCount: Int
  /// Places of chunks; at least one per chunk.
  package let placeCount: Int
  package let packCount: Int
  /// Stored bytes of the packs.
  package let packBytes: UInt64
  /// Imported segments.
  package let segmentCount: Int
  /// Journal entries at hand.
  package let entryCount: Int
}
