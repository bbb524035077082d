// The guard file beside an environment: a lock, and the seal that tells whether anybody but us has
// written to the data file.
//
// LMDB trusts every byte of its file: a flipped bit can make it abort, a short file is a SIGBUS.
// Checking the structure of a large file at each start would cost seconds, so it is done only when
// the file is not as the last commit left it. After each commit to a file that was, still under the
// lock, the data file's modification time gets random nanoseconds, and the guard file remembers them
// with size and inode. Whatever writes, copies or truncates the file afterwards changes one of the
// three, even within one tick of the clock. So does a process that is killed between its commit and
// the seal; that costs a check, no more.
//
// What remains: bits that change below the file system, and whoever truncates the file while it is
// mapped. Rows carry checksums of their own against the first; the second ends the process with a word
// (mapped.c).

internal import Glibc
internal import Platform

/// The guard file of one environment.
final class FileSeal: @unchecked Sendable {
  private let descriptor: Int32
  private let dataPath: FilePath
  // Locking nests: writing inside of opening. Only one thread locks at a time.
  private var depth = 0

  private static let magic: UInt64 = 0x6967_7564_6172_4c31

  /// Opens or makes the guard file in an existing folder.
  init(directory: FilePath) throws(LMDBError) {
    dataPath = directory.appending("data.mdb")
    descriptor = try Self.openLockable(directory.appending("guard"))
  }

  deinit {
    close(descriptor)
  }

  // If the folder was deleted between opening and locking, the lock would be on a file that nobody
  // else finds; `isCurrent` after `lock` tells.
  private static func openLockable(_ path: FilePath) throws(LMDBError) -> Int32 {
    let flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW
    let opened = unsafe path.withTerminatedBytes { unsafe open($0, flags, 0o600) }
    guard opened >= 0 else { throw .system("opening \(printable(path.bytes))") }
    return opened
  }

  /// Whether the path still leads to the open guard file.
  func isCurrent(in directory: FilePath) -> Bool {
    FileIdentity(of: descriptor) == FileIdentity(at: directory.appending("guard"))
  }

  /// The identity of the open guard file.
  var identity: FileIdentity? { FileIdentity(of: descriptor) }

  /// Waits until no other process opens the environment or writes to it.
  func lock() throws(LMDBError) {
    if depth > 0 {
      depth += 1
      return
    }
    while flock(descriptor, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .system("locking the guard file") }
    }
    depth = 1
  }

  func unlock() {
    depth -= 1
    if depth == 0 { _ = flock(descriptor, LOCK_UN) }
  }

  /// Whether a seal was ever put here.
  var wasWritten: Bool {
    var status = stat()
    return unsafe fstat(descriptor, &status) == 0 && status.st_size > 0
  }

  /// Notes that the data file is as we want it; one shorter than `size` bytes is not.
  ///
  /// Failing costs a check at the next start only.
  func renew(_ data: Int32, atLeast size: Int64 = 0) {
    // When the folder was deleted meanwhile, another file may stand at the path by now.
    guard let identity = FileIdentity(of: data), identity == FileIdentity(at: dataPath),
      stored != Self.condemned, let found = Self.size(of: data), found >= size
    else { return }
    var times = [timespec(), timespec()]
    times[0].tv_nsec = 1_073_741_822  // UTIME_OMIT
    unsafe clock_gettime(CLOCK_REALTIME, &times[1])
    times[1].tv_nsec = Int.random(in: 0..<1_000_000_000)
    guard unsafe futimens(data, times) == 0, let words = Self.words(of: data) else { return }
    write(words)
  }

  /// Makes sure that the next start takes the environment for damaged; the lock is held.
  func condemn() { write(Self.condemned) }

  /// Forgets the seal, because the data file is made anew; the lock is held.
  func reset() { _ = ftruncate(descriptor, 0) }

  private static let condemned: [UInt64] = [magic, 0, 0, 0, 0]

  private func write(_ words: [UInt64]) {
    let size = words.count * 8
    _ = unsafe words.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, size, 0) }
  }

  enum State {
    case intact, changed, broken
  }

  /// Whether the data file is as the last commit left it.
  func state(of data: Int32) -> State {
    guard let stored else { return .changed }
    if stored == Self.condemned { return .broken }
    return stored == Self.words(of: data) ? .intact : .changed
  }

  /// How long the data file is, if it is as the last commit left it.
  func intactSize(of data: Int32) -> Int64? {
    state(of: data) == .intact ? Self.size(of: data) : nil
  }

  private static func size(of data: Int32) -> Int64? {
    var status = stat()
    return unsafe fstat(data, &status) == 0 ? Int64(status.st_size) : nil
  }

  private var stored: [UInt64]? {
    var words = [UInt64](repeating: 0, count: 5)
    let count = unsafe words.withUnsafeMutableBytes {
      unsafe pread(descriptor, $0.baseAddress, $0.count, 0)
    }
    return count == words.count * 8 ? words : nil
  }

  private static func words(of data: Int32) -> [UInt64]? {
    var status = stat()
    guard unsafe fstat(data, &status) == 0 else { return nil }
    return [
      magic, UInt64(status.st_ino), UInt64(bitPattern: Int64(status.st_size)),
      UInt64(bitPattern: Int64(status.st_mtim.tv_sec)),
      UInt64(bitPattern: Int64(status.st_mtim.tv_nsec)),
    ]
  }
}

/// Device and inode: which file this is, whatever its names.
struct FileIdentity: Hashable, Sendable {
  let device: UInt64
  let inode: UInt64

  init?(of descriptor: Int32) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }

  init?(at path: FilePath) {
    var status = stat()
    guard unsafe path.withTerminatedBytes({ unsafe lstat($0, &status) }) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

extension FilePath {
  /// Runs the body with the path as a C string.
  func withTerminatedBytes<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    let terminated = bytes.map { CChar(bitPattern: $0) } + [0]
    return unsafe terminated.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { preconditionFailure("there is a terminator") }
      return unsafe body(base)
    }
  }
}
