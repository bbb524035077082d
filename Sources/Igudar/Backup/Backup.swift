// A backup from beginning to end: parent, walk, checkpoints, commit. The snapshot exists from the
// moment its journal entry is durable, and not before.

import Glibc
public import Platform
import Vault

/// Backs up files and folders.
public struct Backup: Sendable {
  private let listing: SourceListing
  private let repository: Repository
  private let options: BackupOptions

  /// A backup of these files and folders; relative ones begin at the working directory.
  public init(_ targets: [FilePath], to repository: Repository, options: BackupOptions) {
    self.init(
      SourceListing(of: targets, options: options), to: repository, options: options)
  }

  /// A backup of what is listed already, by the same options; it can be run once.
  public init(_ listing: SourceListing, to repository: Repository, options: BackupOptions) {
    self.listing = listing
    self.repository = repository
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
    defer { listing.stop() }
    listing.endHeadStart()
    let context = BackupContext(
      vault: repository.vault, options: options, progress: progress, start: listing.start,
      report: report)
    let sources = listing.targets
    guard listing.isPlaced else {
      throw .noSource("a source is relative to the working directory, which was deleted")
    }
    try requireAny(of: sources.paths, context)
    if options.staysOnFileSystem { tellOfOtherFileSystems(sources.paths, context) }
    return try repository.backUp(sources.paths, options) { (run, parent) throws(RepositoryError) in
      let backup = try vaultErrors { () throws(VaultError) in
        try BackupRun(
          context: context, run: run, listing: listing, parent: parent, repository: repository)
      }
      guard options.countsSources else { return try backup.backUp() }
      return try SourceScan(sources, context: context).during { () throws(RepositoryError) in
        try backup.backUp()
      }
    }
  }

  // A folder brings the file system along that it is on, which a file does not: of one that is named, and
  // lies below another that is named, the walk would not come by without a word.
  private func tellOfOtherFileSystems(_ paths: [FilePath], _ context: BackupContext) {
    for path in paths {
      guard let status = try? FileStatus.of(path), status.type != .directory,
        let folder = paths.last(where: { $0 != path && path.isBelow($0) }),
        let above = try? FileStatus.of(folder), above.device != status.device
      else { continue }
      context.fail(
        .scan, path, "is left out: it lies on another file system than \(folder) is to stay on")
    }
  }

  // A snapshot of nothing would pass for a saved one, and push good ones out of retention.
  private func requireAny(
    of paths: [FilePath], _ context: BackupContext
  ) throws(RepositoryError) {
    var problems: [(path: FilePath, message: String)] = []
    for path in paths {
      do throws(Errno) { _ = try FileStatus.of(path) } catch {
        problems.append((path, error.reason(in: "statx")))
      }
    }
    guard problems.count == paths.count else { return }
    for problem in problems { context.fail(.scan, problem.path, problem.message) }
    throw .noSource("none of the sources can be read")
  }
}

/// Whether the process's working directory is still there, so that relative paths lead somewhere.
package func hasWorkingDirectory() -> Bool { currentDirectory() != nil }

/// The process's working directory; where that was deleted, a path that leads nowhere.
package func workingDirectory() -> FilePath {
  currentDirectory() ?? "/(deleted working directory)"
}

private func currentDirectory() -> FilePath? {
  guard let path = unsafe getcwd(nil, 0) else { return nil }
  defer { unsafe free(path) }
  return unsafe FilePath(Array(UnsafeRawBufferPointer(start: path, count: strlen(path))))
}
