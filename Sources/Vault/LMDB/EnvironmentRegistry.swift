// Opens environments so that LMDB's rules hold: a process opens a file once and shares it, no
// process opens a file that another one is replacing, and a file that somebody else wrote to is
// checked before LMDB sees it.
//
// All of opening happens under the lock of the guard file, so data.mdb and lock.mdb always belong
// together. Who has an environment open while its files are deleted or replaced keeps the old ones
// until it closes them: they still agree with each other, and the cache only gets useless.

internal import CLMDB
internal import Glibc
internal import Platform

/// The environments that this process has open.
enum EnvironmentRegistry {
  enum Care {
    /// A cache: checked when somebody else wrote to it, made anew when it is bad.
    case disposable
    /// Always checked, never replaced.
    case precious
  }

  private struct Entry {
    weak var environment: LMDBEnvironment?
  }

  private static let lock = PosixMutex()
  // Guarded by `lock`.
  private nonisolated(unsafe) static var entries: [FileIdentity: Entry] = [:]

  /// Opens the environment of an existing folder.
  ///
  /// `prepare` makes its tables and checks what it says about itself; it runs only for the first
  /// opener in this process, and is told whether somebody else may have written to the file.
  static func open(
    _ directory: FilePath, _ options: LMDBEnvironment.Options, _ care: Care,
    prepare: (LMDBEnvironment, _ isChanged: Bool) throws(LMDBError) -> Void
  ) throws(LMDBError) -> LMDBEnvironment {
    lock.lock()
    defer { lock.unlock() }
    for _ in 0..<1_000_000 {
      let seal = try FileSeal(directory: directory)
      if let identity = seal.identity, let entry = unsafe entries[identity] {
        if let environment = entry.environment { return environment }
        // Its last owner is waiting for our lock to close it.
        lock.unlock()
        sched_yield()
        lock.lock()
        continue
      }
      try seal.lock()
      defer { seal.unlock() }
      guard seal.isCurrent(in: directory), let identity = seal.identity else { continue }
      let environment = try openFiles(directory, options, care, seal, prepare)
      environment.registration = identity
      unsafe entries[identity] = Entry(environment: environment)
      return environment
    }
    throw LMDBError(code: EBUSY, "opening \(printable(directory.bytes))")
  }

  /// Called when the last reference to a registered environment goes.
  static func close(_ identity: FileIdentity, _ body: () -> Void) {
    lock.lock()
    defer { lock.unlock() }
    body()
    unsafe entries[identity] = nil
  }

  private static func openFiles(
    _ directory: FilePath, _ options: LMDBEnvironment.Options, _ care: Care, _ seal: FileSeal,
    _ prepare: (LMDBEnvironment, _ isChanged: Bool) throws(LMDBError) -> Void
  ) throws(LMDBError) -> LMDBEnvironment {
    do throws(LMDBError) {
      return try openOnce(directory, options, care, seal, prepare)
    } catch {
      guard care == .disposable, error.isCorruption else { throw error }
    }
    remove(directory.appending("data.mdb"))
    remove(directory.appending("lock.mdb"))
    seal.reset()
    return try openOnce(directory, options, care, seal, prepare)
  }

  private static func openOnce(
    _ directory: FilePath, _ options: LMDBEnvironment.Options, _ care: Care, _ seal: FileSeal,
    _ prepare: (LMDBEnvironment, _ isChanged: Bool) throws(LMDBError) -> Void
  ) throws(LMDBError) -> LMDBEnvironment {
    let state = try checkFiles(directory, care, seal)
    let environment = try LMDBEnvironment(directory: directory, options: options, seal: seal)
    try prepare(environment, state == .changed)
    // One that was intact has its seal, and may be changed by now.
    if state != .intact { seal.renew(environment.dataDescriptor) }
    return environment
  }

  // How the data file is to how the last commit left it; nil if it is new.
  private static func checkFiles(
    _ directory: FilePath, _ care: Care, _ seal: FileSeal
  ) throws(LMDBError) -> FileSeal.State? {
    let dataPath = directory.appending("data.mdb")
    let lockPath = directory.appending("lock.mdb")
    // A pipe in the place of the file must not make us wait for a writer.
    let data = unsafe dataPath.withTerminatedBytes {
      unsafe Glibc.open($0, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    }
    guard data >= 0 else {
      guard errno == ENOENT else { throw .corrupt("\(printable(dataPath.bytes)) cannot be opened") }
      // Without data the lock file belongs to somebody who lost his.
      remove(lockPath)
      if seal.wasWritten && care == .precious { throw .corrupt("data.mdb is gone") }
      return nil
    }
    defer { Glibc.close(data) }
    var status = stat()
    guard unsafe fstat(data, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_uid == geteuid()
    else { throw .corrupt("\(printable(dataPath.bytes)) is not ours") }
    // A process could still use a lock file that was deleted: two lock files for one data file.
    if care == .disposable, FileIdentity(at: lockPath) == nil { throw .corrupt("no lock file") }
    if status.st_size == 0, !seal.wasWritten { return nil }
    let state = seal.state(of: data)
    switch state {
    case .broken: throw .corrupt("found damaged by an earlier run")
    case .intact where care == .disposable: break
    case .intact, .changed: try StructureCheck.run(on: data)
    }
    return state
  }

  private static func remove(_ path: FilePath) {
    _ = unsafe path.withTerminatedBytes { unsafe unlink($0) }
  }
}
