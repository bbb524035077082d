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
  // What ends the restore as a whole.
  private let failure = Mutex<VaultError?>(nil)

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

  /// Whether nothing more is to be restored: the program was asked to end, or the store failed.
  var isStopped: Bool { Interrupt.requested != 0 || failure.withLock { $0 != nil } }

  /// Ends the restore: what is not damage of single files lets the others fail just so.
  func stop(for error: VaultError) { failure.withLock { if $0 == nil { $0 = error } } }

  /// - Throws: what stopped the restore.
  func requireRunning() throws(VaultError) {
    if let failure = failure.withLock({ $0 }) { throw failure }
    if Interrupt.requested != 0 { throw .interrupted }
  }

  /// Tells of something that is not restored as it should be, and counts it.
  func fail(_ path: FilePath, _ message: String, _ trouble: RestoreTrouble = .failed) {
    progress.count(trouble)
    report(.failed(path: path, message: message, trouble))
  }

  func damage(_ path: FilePath, _ message: String) { fail(path, message, .damaged) }

  /// Tells of a call that failed; what takes more rights than a user has is another matter.
  func fail(_ path: FilePath, _ call: String, _ errno: Errno) {
    let isRight = errno == .notPermitted || errno == .accessDenied
    fail(path, "\(errno.text) (\(call))", isRight && !isRoot ? .notPermitted : .failed)
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
