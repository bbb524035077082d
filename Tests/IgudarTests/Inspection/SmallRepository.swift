// A repository in memory that a key file opens, and a folder to back up into it.

import Glibc
import Platform
import Storage
import Testing
import Vault

@testable import Igudar

/// A repository for one test.
///
/// A test may hand it to what runs in between; nothing uses it at the same time.
final class SmallRepository: @unchecked Sendable {
  let store = MemoryStore()
  let secret = Secret.newKeyFile()
  private(set) var repository: Repository
  private let folder: String

  init() throws {
    var template = Array("/tmp/igudar-inspect-XXXXXX".utf8CString)
    guard unsafe mkdtemp(&template) != nil else { throw SystemError("mkdtemp") }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let plan = RepositoryPlan(information: Self.information)
    repository = try Repository.create(
      in: store, secret: secret, plan: plan, places: Self.nowhere)
  }

  deinit { try? Self.run("/bin/rm", ["-rf", folder]) }

  static let information = SlotInformation(
    label: [], host: Array("granary".utf8), user: Array("anir".utf8), created: .now())

  private static let nowhere = LocalPlaces(cache: nil, state: nil) { _ in }

  /// Opens the repository anew, with nothing remembered.
  func reopen(with secret: Secret? = nil) throws {
    repository = try Repository.open(
      store, secret: secret ?? self.secret, places: Self.nowhere)
  }

  /// Opens the repository through another store over the same objects.
  func open(through store: any ObjectStore) throws {
    repository = try Repository.open(store, secret: secret, places: Self.nowhere)
  }

  /// The folder.
  var path: FilePath { FilePath(folder) }

  /// Runs a script of the shell in the folder.
  func shell(_ script: String) throws {
    try Self.run("/bin/sh", ["-ec", "cd '\(folder)'; \(script)"])
  }

  private static func run(_ program: String, _ arguments: [String]) throws {
    var words = unsafe ([program] + arguments).map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe words.indices { unsafe free(words[index]) } }
    var child: pid_t = 0
    let code = unsafe posix_spawn(&child, program, nil, nil, &words, environ)
    guard code == 0 else { throw SystemError("posix_spawn", Errno(code)) }
    var status: Int32 = 0
    while unsafe waitpid(child, &status, 0) < 0 && errno == EINTR {}
    #expect(status == 0, "\(arguments)")
  }

  /// Writes a file in the folder.
  func write(_ name: String, _ bytes: [UInt8]) throws {
    let path = FilePath("\(folder)/\(name)")
    let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    try unsafe bytes.withUnsafeBytes { try unsafe file.write($0) }
  }

  /// Backs the folder up; its files begin at the root of the snapshot that is answered.
  func backUp(readsAll: Bool = false) throws -> SnapshotInfo {
    var options = BackupOptions()
    options.readsAll = readsAll
    options.jobs = 1
    let summary = try Backup([FilePath(folder)], to: repository, options: options).run { _ in }
    let id = try #require(summary.snapshot)
    let snapshots = try repository.snapshots()
    return try #require(snapshots.first { $0.id == id })
  }

  /// The folder as it is in a snapshot.
  func root(of snapshot: SnapshotInfo) throws -> Entry {
    try repository.entry(at: FilePath(folder).components, in: snapshot)
  }

  /// A file of the folder in a snapshot.
  func file(_ name: String, in snapshot: SnapshotInfo) throws -> Entry.File {
    let path = FilePath("\(folder)/\(name)").components
    let entry = try repository.entry(at: path, in: snapshot)
    return try #require(entry.file)
  }

  func statistics(
    _ mode: CountingMode, of snapshots: [SnapshotInfo]
  ) throws -> Statistics {
    try repository.statistics(of: snapshots, counting: mode) { _, _, error in
      Issue.record("\(error)")
    }
  }
}

extension SeededGenerator {
  /// Bytes that do not compress.
  mutating func noise(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    for index in stride(from: 0, to: count, by: 8) {
      let word = next()
      for offset in 0..<min(8, count - index) {
        bytes[index + offset] = UInt8(truncatingIfNeeded: word >> (8 * UInt64(offset)))
      }
    }
    return bytes
  }
}
