// A backup from beginning to end: parent, walk, checkpoints, commit. The snapshot exists from the
// moment its journal entry is durable, and not before.

import Glibc
public import Platform
import Vault

/// Backs up files and folders.
public struct Backup: Sendable {
  private let repository: Repository
  private let targets: [FilePath]
  private let options: BackupOptions

  /// A backup of these files and folders; relative ones begin at the working directory.
  public init(_ targets: [FilePath], to repository: Repository, options: BackupOptions) {
    self.repository = repository
    self.targets = targets
    self.options = options
  }

  /// Runs the backup.
  ///
  /// Sources that cannot be read are told to `report` and counted, and the snapshot is saved
  /// without them. `report` is called from several threads.
  /// - Throws: `RepositoryError` when the repository fails or nothing can be read at all; nothing
  ///   that was there before is touched then.
  public func run(
    progress: BackupProgress = BackupProgress(),
    report: @escaping @Sendable (BackupEvent) -> Void
  ) throws(RepositoryError) -> BackupSummary {
    let start = Timestamp.now()
    let context = BackupContext(
      vault: repository.vault, options: options, progress: progress, start: start, report: report)
    let sources = BackupTargets(targets, workingDirectory: workingDirectory())
    try requireAny(of: sources.paths, context)
    return try vaultErrors { () throws(VaultError) in
      try repository.vault.prepareToWrite()
      let parent = try parent(of: sources)
      var runOptions = RunOptions()
      runOptions.compression = options.compression
      runOptions.verifiesFrames = options.verifiesFrames
      runOptions.isDry = options.isDryRun
      let run = try repository.vault.begin(runOptions)
      defer { run.abandon() }
      return try BackupRun(
        context: context, run: run, sources: sources, parent: parent,
        repository: repository
      ).backUp()
    }
  }

  // A snapshot of nothing would pass for a saved one, and push good ones out of retention.
  private func requireAny(
    of paths: [FilePath], _ context: BackupContext
  ) throws(RepositoryError) {
    var problems: [(path: FilePath, message: String)] = []
    for path in paths {
      do throws(Errno) { _ = try FileStatus.of(path) } catch {
        problems.append((path, "\(error.text) (statx)"))
      }
    }
    guard problems.count == paths.count else { return }
    for problem in problems { context.fail(.scan, problem.path, problem.message) }
    throw .noSource("none of the sources can be read")
  }

  // The snapshot to compare with: the one named, or the newest of the same host and paths.
  private func parent(of sources: BackupTargets) throws(VaultError) -> SnapshotInfo? {
    let snapshots = try repository.allSnapshots()
    if let named = options.parent { return snapshots.first { $0.id == named } }
    if options.readsAll { return nil }
    let paths = sources.paths
    return snapshots.filter { candidate in
      candidate.host == options.host && candidate.paths == paths && !candidate.isForgotten
    }.max { ($0.time, $0.number) < ($1.time, $1.number) }
  }
}

/// The process's working directory.
package func workingDirectory() -> FilePath {
  guard let path = unsafe getcwd(nil, 0) else { return "/" }
  defer { unsafe free(path) }
  return unsafe FilePath(Array(UnsafeRawBufferPointer(start: path, count: strlen(path))))
}
