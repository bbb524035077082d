// One open LMDB environment. Invariants:
// - a process opens a file once (LMDB's rule): SharedEnvironments and private files see to that;
// - the map is resized only while no transaction of this process is open: every transaction runs
//   inside its reader's lock or the write lock, and resizing takes them all;
// - when resizing fails the old map is already gone, so the environment is dead from then on and
//   only throws.
//
// Durability. The cache uses MDB_NOMETASYNC: pages are synced before the meta page that refers to
// them is written, so a crash of process or machine can lose the last commits but never shows half
// of one (a page that the older meta page refers to is reused two commits later at the earliest,
// and the sync in between has carried the newer meta page to the disk). MDB_NOSYNC would give that
// up. MDB_WRITEMAP is not used: a full disk would be a SIGBUS instead of an error, and a stray
// pointer could write into the file. Files of one process, unlinked at once, need no sync at all.

internal import CLMDB
internal import Glibc
internal import Platform

/// An open environment, shared by the threads of the process.
@safe
final class LMDBEnvironment: @unchecked Sendable {
  enum Durability {
    /// Every commit is on the disk when it returns.
    case full
    /// A crash of the machine can undo the last commits.
    case metaLater
    /// Nothing survives; for files that nobody else sees.
    case none
  }

  struct Options {
    var durability = Durability.metaLater
    /// Address space to begin with; grows by itself.
    var mapSize = 1 << 30
    var databaseCount: UInt32 = 12
  }

  let path: FilePath
  let options: Options
  /// LMDB's own descriptor of the data file.
  let dataDescriptor: Int32
  private let raw: OpaquePointer
  private let seal: FileSeal?
  private let writeLock = PosixMutex()
  private let gate = PosixMutex()
  // Guarded by `gate`.
  private var slots: [ReaderSlot] = []
  // Guarded by the registry.
  var registration: FileIdentity?
  private var isDead = false

  /// Opens or makes `data.mdb` and `lock.mdb` in an existing folder.
  init(directory: FilePath, options: Options, seal: FileSeal?) throws(LMDBError) {
    self.path = directory
    self.options = options
    self.seal = seal
    var created: OpaquePointer?
    try unsafe LMDBError.check(mdb_env_create(&created), "mdb_env_create")
    guard let environment = unsafe created else { throw LMDBError(code: ENOMEM, "mdb_env_create") }
    var descriptor: Int32 = -1
    do throws(LMDBError) {
      try Self.reserveLockFile(in: directory)
      try unsafe LMDBError.check(
        mdb_env_set_mapsize(environment, options.mapSize), "mdb_env_set_mapsize")
      try unsafe LMDBError.check(
        mdb_env_set_maxdbs(environment, options.databaseCount), "mdb_env_set_maxdbs")
      try unsafe LMDBError.check(
        mdb_env_set_maxreaders(environment, Self.readerCount), "mdb_env_set_maxreaders")
      let code = unsafe directory.withTerminatedBytes { path in
        unsafe mdb_env_open(environment, path, Self.flags(of: options), 0o600)
      }
      try LMDBError.check(code, "mdb_env_open")
      try unsafe LMDBError.check(mdb_env_get_fd(environment, &descriptor), "mdb_env_get_fd")
    } catch {
      unsafe mdb_env_close(environment)
      throw error
    }
    unsafe raw = environment
    dataDescriptor = descriptor
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // Gives back the reader slots of processes that were killed.
    var dead: Int32 = 0
    _ = unsafe mdb_reader_check(raw, &dead)
  }

  deinit {
    guard let registration else {
      unsafe mdb_env_close(raw)
      return
    }
    EnvironmentRegistry.close(registration) { unsafe mdb_env_close(raw) }
  }

  /// Makes the next opener throw the content away.
  func condemn() {
    writeLock.lock()
    defer { writeLock.unlock() }
    // Who cannot lock leaves it: a cache that is damaged will be found damaged again.
    guard let seal, (try? seal.lock()) != nil else { return }
    seal.condemn()
    seal.unlock()
  }

  // The most whose slots fit the lock file, of which LMDB takes 192 bytes for itself.
  private static let lockFileSize = 64 << 10
  private static let readerCount = UInt32((lockFileSize - 192) / 64 + 1)

  // LMDB writes to its lock file through a map. Where the disk has no room for a page of it that
  // would be a SIGBUS, so all of it is on the disk before it is mapped.
  private static func reserveLockFile(in directory: FilePath) throws(LMDBError) {
    let path = directory.appending("lock.mdb")
    guard let file = try? Descriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600) else {
      return
    }
    do throws(Errno) { try file.reserve(lockFileSize) } catch {
      guard error == .noSpace || error == .quotaExceeded else { return }
      throw LMDBError(code: error.code, "making \(printable(path.bytes))")
    }
  }

  private static func flags(of options: Options) -> UInt32 {
    // NOTLS: reader slots belong to transactions, so that readers may move between threads.
    var flags = UInt32(MDB_NOTLS)
    switch options.durability {
    case .full: break
    case .metaLater: flags |= UInt32(MDB_NOMETASYNC)
    case .none: flags |= UInt32(MDB_NOSYNC)
    }
    return flags
  }

  // MARK: Databases

  /// Opens the named databases, making those that are missing.
  func databases(_ names: [StaticString]) throws(LMDBError) -> [LMDBDatabase] {
    try write { (writer) throws(LMDBError) in
      var opened: [LMDBDatabase] = []
      for name in names { try opened.append(writer.database(name)) }
      return opened
    }
  }

  // MARK: Transactions

  /// Registers a reader; it unregisters itself when it goes.
  func makeSlot() throws(LMDBError) -> ReaderSlot {
    gate.lock()
    defer { gate.unlock() }
    let slot = ReaderSlot()
    slots.append(slot)
    return slot
  }

  func remove(_ slot: ReaderSlot) {
    gate.lock()
    slots.removeAll { $0 === slot }
    gate.unlock()
    slot.abandon()
  }

  /// Begins or renews the slot's transaction; its lock is held.
  ///
  /// Throws MDB_MAP_RESIZED when another process has made the file larger than the map.
  func renew(_ slot: ReaderSlot) throws(LMDBError) -> OpaquePointer {
    if isDead { throw .corrupt("the map is gone") }
    if let transaction = unsafe slot.transaction {
      try unsafe LMDBError.check(mdb_txn_renew(transaction), "mdb_txn_renew")
      return unsafe transaction
    }
    var begun: OpaquePointer?
    try unsafe LMDBError.check(
      mdb_txn_begin(raw, nil, UInt32(MDB_RDONLY), &begun), "mdb_txn_begin")
    guard let transaction = unsafe begun else { throw LMDBError(code: ENOMEM, "mdb_txn_begin") }
    unsafe slot.transaction = transaction
    return unsafe transaction
  }

  /// Runs the body in a write transaction and commits what it did.
  ///
  /// The body can run several times, because a full map makes it start again; it must not read
  /// through a reader that it holds open.
  func write<Result>(
    _ body: (borrowing LMDBWriter) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    writeLock.lock()
    defer { writeLock.unlock() }
    try seal?.lock()
    defer { seal?.unlock() }
    // What somebody else has changed, or cuts off now, stays to be checked by who opens it next.
    let size = seal?.intactSize(of: dataDescriptor)
    while true {
      do throws(LMDBError) {
        if isDead { throw .corrupt("the map is gone") }
        let writer = try unsafe LMDBWriter(beginning: raw)
        let result = try body(writer)
        try writer.commit()
        if let size { seal?.renew(dataDescriptor, atLeast: size) }
        return result
      } catch {
        switch error.code {
        case MDB_MAP_FULL: try resize(doubling: true)
        case MDB_MAP_RESIZED: try resize(doubling: false)
        default: throw error
        }
      }
    }
  }

  /// Takes over the size that another process gave the map.
  func adoptSize() throws(LMDBError) {
    writeLock.lock()
    defer { writeLock.unlock() }
    try resize(doubling: false)
  }

  /// Takes the pages that were looked at out of this process; the system keeps them as it sees fit.
  ///
  /// If it throws, the environment is dead: other threads may have taken the address space meanwhile.
  func dropPages() throws(LMDBError) {
    try adoptSize()
  }

  // The write lock is held, so no write transaction is open. Even to the same size it maps anew.
  private func resize(doubling: Bool) throws(LMDBError) {
    gate.lock()
    defer { gate.unlock() }
    for slot in slots { slot.mutex.lock() }
    defer { for slot in slots { slot.mutex.unlock() } }
    if isDead { throw .corrupt("the map is gone") }
    var info = unsafe MDB_envinfo()
    try unsafe LMDBError.check(mdb_env_info(raw, &info), "mdb_env_info")
    let size = unsafe info.me_mapsize
    let code = unsafe mdb_env_set_mapsize(raw, doubling ? size * 2 : 0)
    if code != 0 {
      isDead = true
      throw LMDBError(
        code: code, doubling ? "growing the map to \(size * 2) bytes" : "mapping a file anew")
    }
  }

  /// Bytes of address space that the map takes now.
  var mapSize: Int {
    gate.lock()
    defer { gate.unlock() }
    var info = unsafe MDB_envinfo()
    _ = unsafe mdb_env_info(raw, &info)
    return unsafe info.me_mapsize
  }
}

/// A named database of an environment.
struct LMDBDatabase: Sendable {
  let handle: UInt32
}

/// The part of a reader that resizing must be able to stop: its lock and its transaction.
@safe
final class ReaderSlot: @unchecked Sendable {
  let mutex = PosixMutex()
  // Guarded by `mutex`.
  var transaction: OpaquePointer?

  func abandon() {
    mutex.lock()
    if let transaction = unsafe transaction { unsafe mdb_txn_abort(transaction) }
    unsafe transaction = nil
    mutex.unlock()
  }
}

/// A pthread mutex at a fixed address, without the closure that a hot path would pay for.
@safe
final class PosixMutex: @unchecked Sendable {
  private let raw: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    unsafe raw = .allocate(capacity: 1)
    let code = unsafe pthread_mutex_init(raw, nil)
    precondition(code == 0, "a mutex can be made")
  }

  deinit {
    unsafe pthread_mutex_destroy(raw)
    unsafe raw.deallocate()
  }

  @inline(__always) func lock() { _ = unsafe pthread_mutex_lock(raw) }
  @inline(__always) func unlock() { _ = unsafe pthread_mutex_unlock(raw) }
}
