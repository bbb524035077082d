// A restore from beginning to end, in three walks over the tree: make directories, files, links and
// devices; join hard links; give directories their metadata from the bottom up. Walking again costs
// reading the tree again, and keeps memory flat however large it is.
//
// Invariant: everything happens below the open target directory; names are single components, and
// no link is ever followed.

import Glibc
public import Platform
import Vault

/// Restores a snapshot, or a part of one, into a directory.
public struct Restore: Sendable {
  private let repository: Repository
  private let options: RestoreOptions
  private let source: Entry
  private let target: FilePath

  /// A restore of an entry of a snapshot: a directory's content, or one file, goes into `target`.
  public init(
    _ source: Entry, of repository: Repository, to target: FilePath, options: RestoreOptions
  ) {
    self.repository = repository
    self.source = source
    self.target = target
    self.options = options
  }

  /// Runs the restore; what cannot be restored is told to `report` and counted in `progress`.
  ///
  /// - Throws: `RepositoryError` when the target cannot be used at all, or the tree is damaged at
  ///   its root.
  public func run(
    progress: RestoreProgress = RestoreProgress(),
    report: @escaping @Sendable (RestoreEvent) -> Void
  ) throws(RepositoryError) {
    let directory = try openTarget()
    let context = RestoreContext(
      vault: repository.vault, options: options, progress: progress, report: report)
    try vaultErrors { () throws(VaultError) in
      try repository.vault.loadIndex()
      let run = try RestoreRun(context: context, source: try repository.nodeSource())
      try run.restore(source, into: directory)
    }
  }

  private func openTarget() throws(RepositoryError) -> OpenDirectory {
    var prefix = FilePath(target.isAbsolute ? [0x2f] : [])
    for name in target.components {
      prefix = prefix.appending(name)
      let made = unsafe prefix.withCString { unsafe mkdir($0, 0o700) }
      if made != 0 && Errno.current != .exists && Errno.current != Errno(EISDIR) {
        throw .target("\(prefix)", Errno.current.text)
      }
    }
    do throws(SystemError) {
      return OpenDirectory(try Descriptor.open(target, O_RDONLY | O_DIRECTORY), path: target)
    } catch { throw .target("\(target)", error.errno.text) }
  }
}
