// One folder on the way of a restore's walk.

import Platform
import Vault

/// A folder of the snapshot while it is walked, and what the target has in its place.
final class RestoreLevel {
  let directory: RestoreDirectory
  /// Nil where the target has no such folder.
  let existing: ExistingNames?
  let state: RestoreSelection.State
  /// Whether something is kept as it lies on a file system that is mounted in the target.
  var keepsExtra = false
  private var reader: DirectoryReader

  init(
    _ directory: RestoreDirectory, _ children: Children, _ existing: ExistingNames?,
    state: RestoreSelection.State, source: any NodeSource
  ) {
    self.directory = directory
    self.existing = existing
    self.state = state
    reader = DirectoryReader(children, from: source)
  }

  func next() throws(VaultError) -> Entry? { try reader.next() }

  /// What the target has of a name; nil if it is gone meanwhile.
  func status(of name: FileName, _ context: RestoreContext) throws(Errno) -> FileStatus? {
    guard let raw = directory.openDirectory?.descriptor.raw else { return nil }
    do throws(Errno) {
      do throws(Errno) { return try FileStatus.of(name, at: raw) } catch {
        // One's own folder can be closed to oneself.
        guard error == .accessDenied, !context.options.isDryRun else { throw error }
        try directory.prepare(context)
        return try directory.changing(context) { (raw) throws(Errno) in
          try FileStatus.of(name, at: raw)
        }
      }
    } catch {
      guard error == .notFound else { throw error }
      return nil
    }
  }
}
