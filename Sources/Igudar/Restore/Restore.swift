// A restore from beginning to end. It is a plan of steps that are done as they are decided, or only
// told in a dry run; interrupted, it leaves whole files and is taken up by running it again.

import Glibc
public import Platform
import Synchronization
import Vault

/// Restores a snapshot, or a part of one, into a directory.
public struct Restore: Sendable {
  private let repository: Repository
  private let options: RestoreOptions
  private let source: Entry
  private let target: FilePath
  // What was left as it was, for the overwrite policy.
  private let left = PathMemory()

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
  /// - Throws: `RepositoryError` when the target cannot be used at all, or the store fails.
  public func run(
    progress: RestoreProgress = RestoreProgress(),
    report: @escaping @Sendable (RestoreEvent) -> Void
  ) throws(RepositoryError) {
    let isNoted = mayLeave && !options.isDryRun
    try run(progress, isNoted ? .noting(left) : .none, report)
  }

  // Whether files can be left as they are for the overwrite policy.
  private var mayLeave: Bool { options.overwrite == .never || options.overwrite == .ifNewer }

  private func run(
    _ progress: RestoreProgress, _ memory: RestoreMemory,
    _ report: @escaping @Sendable (RestoreEvent) -> Void
  ) throws(RepositoryError) {
    let context = RestoreContext(
      vault: repository.vault, options: options, progress: progress, memory: memory,
      report: report)
    guard !context.isClosed(target) else {
      throw .target("\(target)", "it lies inside the repository, or what igudar knows of it")
    }
    let directory = try openTarget()
    repository.vault.allowRereadingIndex()
    try vaultErrors { () throws(VaultError) in
      let nodes = try repository.nodeSource()
      let walk = try RestoreWalk(
        source, into: directory, at: target, context: context, source: nodes)
      try walk.restore(source)
    }
  }

  /// Reads the restored files again and compares them with the snapshot.
  ///
  /// What differs, or cannot be read, is told to `report` and counted in `progress`, but for the
  /// paths of which `isKnown` says that they were not restored. Metadata is not looked at, nor are
  /// files that `run` left as they were for the overwrite policy.
  public func verify(
    progress: RestoreProgress = RestoreProgress(),
    isKnown: @escaping @Sendable (FilePath) -> Bool = { _ in false },
    report: @escaping @Sendable (RestoreEvent) -> Void
  ) throws(RepositoryError) {
    var plan = options
    plan.isDryRun = true
    plan.deletesExtra = false
    plan.tellsSteps = true
    plan.overwrite = .always
    plan.ownership = .none
    plan.skipsAttributes = true
    plan.ignoresMetadata = true
    // What another restore would do now is what this one did not.
    let again = Restore(source, of: repository, to: target, options: plan)
    try again.run(RestoreProgress(), mayLeave ? .sparing(left) : .none) { event in
      guard let event = Self.mismatch(event), case .failed(let path, _, let trouble, _) = event,
        !isKnown(path)
      else { return }
      progress.count(trouble)
      report(event)
    }
  }

  // What is wrong, if another restore would do this; nil if nothing is.
  private static func mismatch(_ event: RestoreEvent) -> RestoreEvent? {
    switch event {
    case .failed(_, _, .kept, _), .failed(_, _, _, of: .metadata): return nil
    case .failed: return event
    case .step(let step):
      switch step.action {
      case .leave, .update, .delete: return nil
      case .create, .replace, .patch:
        let what = step.action == .create ? "is not there" : "is not what was restored"
        return .failed(
          path: step.path, message: "\(what) when it is read again", .failed, of: .file)
      }
    }
  }

  // The open target; nil in a dry run where there is none.
  private func openTarget() throws(RepositoryError) -> SharedDescriptor? {
    if options.isDryRun {
      do throws(Errno) { _ = try FileStatus.of(target) } catch {
        if error == .notFound { return nil }
        throw Self.unusable(target, error)
      }
    } else {
      try makeTarget()
    }
    do throws(SystemError) {
      return SharedDescriptor(try Descriptor.open(target, O_RDONLY | O_DIRECTORY))
    } catch { throw Self.unusable(target, error.errno) }
  }

  private static func unusable(_ target: FilePath, _ errno: Errno) -> RepositoryError {
    switch errno {
    case .accessDenied, .notPermitted, .readOnly:
      .notPermitted("cannot restore into \(target): \(errno.text)")
    default: .target("\(target)", errno.text)
    }
  }

  private func makeTarget() throws(RepositoryError) {
    var prefix = FilePath(target.isAbsolute ? [0x2f] : [])
    for name in target.components {
      prefix = prefix.appending(name)
      let made = unsafe prefix.withCString { unsafe mkdir($0, 0o700) }
      if made != 0 && Errno.current != .exists && Errno.current != .isDirectory {
        throw Self.unusable(prefix, .current)
      }
    }
  }
}
