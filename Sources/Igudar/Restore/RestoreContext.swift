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
  let times = TimeExactness()
  let isRoot: Bool
  let memory: RestoreMemory
  private let report: @Sendable (RestoreEvent) -> Void
  // What ends the restore as a whole.
  private let failure = Mutex<VaultError?>(nil)
  private let protected: ProtectedFolders
  /// Names that wait for another first name of their file.
  let displaced = DisplacedNames()
  // Found out in the first folder of each file system that gets a file.
  private let namings = Mutex<[UInt64: Naming?]>([:])
  // Files with several names that must not be changed once they have all of them.
  private let protections = LateProtections()

  init(
    vault: Vault, options: RestoreOptions, progress: RestoreProgress,
    memory: RestoreMemory = .none, report: @escaping @Sendable (RestoreEvent) -> Void
  ) {
    self.vault = vault
    self.options = options
    self.progress = progress
    self.memory = memory
    self.report = report
    isRoot = isSuperuser()
    protected = ProtectedFolders(options.protectedFolders + vault.localFolders)
  }

  /// How files that were written without a name get theirs; nil if they are to have one from the
  /// beginning.
  ///
  /// The kernel does not let everybody name the files of others.
  func naming(in directory: Int32) throws(Errno) -> Naming? {
    guard isRoot || options.ownership == .none else { return nil }
    let device = try FileStatus.of(directory).device
    if let known = namings.withLock({ $0[device] }) { return known }
    let found = try Naming.available(in: directory)
    namings.withLock { $0[device] = .some(found) }
    return found
  }

  /// Whether a folder must not be deleted.
  func isProtected(_ status: FileStatus) -> Bool { protected.keep(status) }

  /// Whether nothing in a folder may be changed.
  func isClosed(_ status: FileStatus) -> Bool { protected.areOne(status) }

  /// Whether nothing may be restored into a folder, which need not be there.
  func isClosed(_ target: FilePath) -> Bool { protected.hold(target) }

  /// How many workers there are.
  var jobs: Int { workerCount(options.jobs) }

  // MARK: Whether it goes on

  /// Whether nothing more is to be restored: the program was asked to end, or the store failed.
  var isStopped: Bool { Interrupt.requested != 0 || failure.withLock { $0 != nil } }

  /// Ends the restore: what is not damage of single files lets the others fail just so.
  func stop(for error: VaultError) { failure.withLock { if $0 == nil { $0 = error } } }

  /// Whether an error is damage that other files need not have; of a snapshot that is forgotten and
  /// swept nothing more is to be had.
  func goesOn(after error: VaultError) -> Bool { error.isLoss && !(error.isSwept && isForgotten) }

  private var isForgotten: Bool {
    options.snapshot.map { !vault.journal.state.isLive($0) } ?? true
  }

  /// - Throws: what stopped the restore.
  func requireRunning() throws(VaultError) {
    if let failure = failure.withLock({ $0 }) { throw failure }
    if Interrupt.requested != 0 { throw .interrupted }
  }

  // MARK: What it tells

  /// Counts a step, and tells of it if that is wanted.
  func finish(
    _ action: RestoreAction, _ reason: RestoreReason, _ path: @autoclosure () -> FilePath,
    size: UInt64 = 0, fetched: UInt64 = 0
  ) {
    progress.count(action)
    guard options.tellsSteps else { return }
    report(
      .step(
        RestoreStep(path: path(), action: action, reason: reason, size: size, fetched: fetched)))
  }

  /// Tells of something that is not restored as it should be, and counts it.
  func fail(
    _ path: FilePath, _ message: String, _ trouble: RestoreTrouble = .failed,
    of part: RestorePart = .file
  ) {
    progress.count(trouble)
    report(.failed(path: path, message: message, trouble, of: part))
  }

  func damage(_ path: FilePath, _ message: String) { fail(path, message, .damaged) }

  /// Tells of a call that failed; what takes more rights than a user has is another matter.
  @discardableResult
  func fail(
    _ path: FilePath, _ call: String, _ errno: Errno, of part: RestorePart = .file
  ) -> RestoreTrouble {
    let trouble = trouble(errno)
    fail(path, errno.reason(in: call), trouble, of: part)
    return trouble
  }

  /// What sort of trouble it is that a call failed.
  func trouble(_ errno: Errno) -> RestoreTrouble {
    switch errno {
    case .readOnly: .notPermitted
    case .notPermitted, .accessDenied: isRoot ? .failed : .notPermitted
    default: .failed
    }
  }

  /// Tells of something that is complete but cannot get its name.
  @discardableResult
  func failToPlace(_ path: FilePath, _ call: String, _ errno: Errno) -> RestoreTrouble {
    switch errno {
    case .notEmpty: fail(path, blocked)
    case .exists: fail(path, Self.taken)
    case .busy:
      fail(path, Self.kept, .kept)
      return .kept
    default: return fail(path, call, errno)
    }
    return .failed
  }

  /// Tells of something that cannot get its name, and answers what that means for its other names.
  func outcome(
    ofPlacing path: FilePath, _ call: String, _ errno: Errno
  ) -> LinkGroup.Outcome {
    let trouble = failToPlace(path, call, errno)
    return [.notEmpty, .exists, .busy].contains(errno) ? .displaced : .lost(trouble)
  }

  /// Why what had a free name cannot get it.
  static let taken =
    "something got this name since, or one that is the same here; it is not replaced"

  /// Why nothing is changed in a folder, and it is not deleted.
  static let protected = "is kept: the repository, or what igudar knows of it, lies there"

  /// Why something that must stay is kept.
  static func reason(toKeep status: FileStatus) -> String {
    status.type == .directory ? protected : "is kept: the repository is opened with it"
  }

  /// Why something that is kept is in the way.
  static let kept =
    "what is in its place is kept: something is mounted there, or the repository lies there"

  /// The same of a folder's place.
  static let folderKeptOut = "\(kept), and all in the folder is left out"

  /// Why nothing is changed where something was found the same.
  static let replaced = "something else got this name since; it is left as it is"

  /// Why a file cannot get its name.
  var blocked: String {
    options.deletesExtra
      ? "a folder lies in its place of which something is kept"
      : "a folder that is not empty lies in its place; --delete removes it"
  }

  // MARK: What is left to the end

  /// Lets a file with several names wait for its protecting flags.
  func protectLater(_ entry: Entry, in group: LinkGroup) {
    do throws(VaultError) { try protections.add(entry.inodeFlags, to: group) } catch {
      stop(for: error)
    }
  }

  /// Sets the protecting flags that had to wait.
  func protect(below target: SharedDescriptor, at path: FilePath) throws(VaultError) {
    try protections.forEach { (flags, names) in
      guard let name = names.last else { return }
      do throws(Errno) {
        let folder = try target.passage(along: names.dropLast())
        let file = try Descriptor.openSource(name, at: folder.descriptor.raw)
        try MetadataPlace.descriptor(file.raw).protect(flags)
      } catch {
        let whole = names.reduce(path) { $0.appending($1) }
        fail(whole, "setting inode flags", error, of: .metadata)
      }
    }
  }
}
