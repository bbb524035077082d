// Environments of this process alone: their files lose their names as soon as they are open, so
// that nothing is left behind however the process ends.

internal import Glibc
internal import Platform

extension LMDBEnvironment {
  /// A private environment in `$TMPDIR`, or `/var/tmp`, or `/tmp`, whichever can be written and has
  /// room for what is made in it first.
  static func temporary<Result>(
    mapSize: Int = 1 << 30, _ body: (LMDBEnvironment) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    var options = Options()
    options.durability = .none
    options.mapSize = mapSize
    return try PrivateFolder.firstPlace { (folder) throws(LMDBError) in
      try body(LMDBEnvironment(directory: folder, options: options, seal: nil))
    }
  }
}

/// The one table of an environment of this process alone, and a reader of it.
struct TemporaryTable {
  let environment: LMDBEnvironment
  let table: LMDBDatabase
  let reader: LMDBReader

  /// Makes the table in a private environment of its own.
  init() throws(LMDBError) {
    self = try LMDBEnvironment.temporary { (environment) throws(LMDBError) in
      try TemporaryTable(in: environment)
    }
  }

  /// Makes the table in a private environment without others.
  init(in environment: LMDBEnvironment) throws(LMDBError) {
    self.environment = environment
    table = try environment.databases(["rows"])[0]
    reader = try LMDBReader(environment)
  }
}

/// Runs what uses a temporary file, and throws its errors as that file's.
func temporaryFileErrors<Result>(
  _ body: () throws(LMDBError) -> Result
) throws(VaultError) -> Result {
  do throws(LMDBError) { return try body() } catch { throw .temporaryFile("\(error)") }
}

/// A new folder that goes away, with what LMDB made in it, when this value does.
struct PrivateFolder: ~Copyable {
  let path: FilePath

  private init(in place: [UInt8]) throws(LMDBError) {
    var template = (place + Array("/igudar-XXXXXX".utf8)).map { CChar(bitPattern: $0) } + [0]
    guard unsafe mkdtemp(&template) != nil else {
      throw .system("making a temporary folder in \(printable(place))")
    }
    path = FilePath(template.dropLast().map { UInt8(bitPattern: $0) })
  }

  /// Runs the body with a new folder in the first of `$TMPDIR`, `/var/tmp` and `/tmp` where it
  /// succeeds.
  ///
  /// - Throws: why it failed in the first.
  static func firstPlace<Result>(
    _ body: (FilePath) throws(LMDBError) -> Result
  ) throws(LMDBError) -> Result {
    var failure: LMDBError?
    for place in places {
      do throws(LMDBError) {
        let folder = try PrivateFolder(in: place)
        return try body(folder.path)
      } catch { failure = failure ?? error }
    }
    throw failure ?? LMDBError(code: ENOENT, "making a temporary folder")
  }

  private static var places: [[UInt8]] {
    let named = unsafe getenv("TMPDIR").map { value in
      unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }
    // Empty is as if it were not there.
    return [named ?? [], Array("/var/tmp".utf8), Array("/tmp".utf8)].filter { !$0.isEmpty }
  }

  deinit {
    for name in ["data.mdb", "lock.mdb"] {
      _ = unsafe path.appending(name).withTerminatedBytes { unsafe unlink($0) }
    }
    _ = unsafe path.withTerminatedBytes { unsafe rmdir($0) }
  }
}
