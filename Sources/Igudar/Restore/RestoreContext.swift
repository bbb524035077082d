// What all parts of one restore share.

import Platform
import Synchronization
import Vault

/// The shared part of a running restore.
final class RestoreContext: Sendable {
  let vault: Vault
  let options: RestoreOptions
  let progress: RestoreProgress
  let accounts = Accounts()
  let isRoot: Bool
  private let report: @Sendable (RestoreEvent) -> Void
  // First names of files with several, under which they could not be restored.
  private let lostNames = Mutex<Set<FilePath>>([])

  init(
    vault: Vault, options: RestoreOptions, progress: RestoreProgress,
    report: @escaping @Sendable (RestoreEvent) -> Void
  ) {
    self.vault = vault
    self.options = options
    self.progress = progress
    self.report = report
    isRoot = isSuperuser()
  }

  var isInterrupted: Bool { Interrupt.requested != 0 }

  func fail(_ path: FilePath, _ message: String, isDamage: Bool = false) {
    progress.errors.add(1, ordering: .relaxed)
    if isDamage { progress.damages.add(1, ordering: .relaxed) }
    report(.failed(path: path, message: message, isDamage: isDamage))
  }

  func fail(_ path: FilePath, _ call: String, _ errno: Errno) {
    fail(path, "\(errno.text) (\(call))")
  }

  /// Notes that an entry is not there; what an older file of its name has must not be linked to.
  func lose(_ entry: Entry, _ path: FilePath) {
    if entry.hardLink != nil { lostNames.withLock { _ = $0.insert(path) } }
  }

  func isLost(_ path: FilePath) -> Bool { lostNames.withLock { $0.contains(path) } }

  func finish(_ path: @autoclosure () -> FilePath, size: UInt64) {
    progress.files.add(1, ordering: .relaxed)
    if options.tellsItems { report(.restored(path: path(), size: size)) }
  }
}
