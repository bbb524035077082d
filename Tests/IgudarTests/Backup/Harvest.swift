// A repository in memory and a folder of sources on disk, for tests of backup and restore.

import Glibc
import Platform
import Storage
import Synchronization
import Testing
import Vault

@testable import Igudar

/// A store, and a folder that goes when the test ends.
final class Harvest: Sendable {
  let store = MemoryStore()
  let folder: FilePath
  let repository: Repository
  private let secret = Secret.newKeyFile()

  init(chunker: ChunkerParameters = .standard) throws {
    var template = Array("/tmp/igudar-harvest-XXXXXX".utf8CString)
    try #require(unsafe mkdtemp(&template) != nil)
    folder = FilePath(template.dropLast().map { UInt8(bitPattern: $0) })
    let nothing = SlotInformation(
      label: [], host: [], user: [], created: Timestamp(seconds: 0, nanoseconds: 0))
    var plan = RepositoryPlan(information: nothing)
    plan.chunker = chunker
    repository = try Repository.create(
      in: store, secret: secret, plan: plan,
      places: LocalPlaces(cache: nil, state: nil) { _ in })
    try shell("mkdir src")
  }

  /// The repository in another store, as a client sees it that knows nothing.
  func open(_ store: any ObjectStore) throws -> Repository {
    try Repository.open(
      store, secret: secret, places: LocalPlaces(cache: nil, state: nil) { _ in })
  }

  /// Runs a script in the folder.
  func shell(_ script: String) throws {
    let words = ["/bin/sh", "-ec", "cd \(folder); \(script)"].map { Array($0.utf8) }
    let end = try Process(words).end()
    #expect(end == .exited(0), "\(script)")
  }

  /// Backs up `src`; what could not be read is an issue.
  func backup(
    _ options: BackupOptions = BackupOptions(), onItem: @escaping @Sendable () -> Void = {}
  ) throws -> BackupSummary {
    let backup = Backup([folder.appending("src")], to: repository, options: options)
    return try backup.run { event in
      switch event {
      case .failed(let error): Issue.record("\(error.path): \(error.message)")
      case .done: onItem()
      case .excluded, .scanned: break
      }
    }
  }

  /// Restores what lay in `src` into a new folder; what cannot be restored is an issue.
  func restore(_ snapshot: SnapshotInfo, of repository: Repository, to name: String) throws {
    let path = folder.appending("src").components
    let entry = try repository.entry(at: path, in: snapshot)
    let restore = Restore(
      entry, of: repository, to: folder.appending(name), options: RestoreOptions())
    try restore.run { event in
      if case .failed(let path, let message, _, _) = event { Issue.record("\(path): \(message)") }
    }
  }

  /// Restores a snapshot and compares it with `src`.
  func expectRestores(_ snapshot: SnapshotInfo, _ name: String) throws {
    try restore(snapshot, of: repository, to: name)
    try shell(
      "test -z \"$(rsync -aHAXnic --numeric-ids --delete src/ \(name)/ | tee /dev/stderr)\"")
  }

  deinit {
    try? shell("chmod -R u+rwX . && rm -rf \(folder)")
  }
}
