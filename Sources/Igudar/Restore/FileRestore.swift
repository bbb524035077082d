// One file while it is restored. Its pieces are compared with what has its name already, the others
// are written into a temporary file beside it, by several workers at once; when all of it is there it
// gets its metadata and its name.
//
// The temporary file of one that is patched is a clone of what is there where the file system can
// share blocks; elsewhere what is the same is copied within the file system, and only the rest is
// fetched. Either way the old file is whole until the new one is.

import Glibc
import Platform
import Synchronization
import Vault

/// A file that is being restored.
final class FileRestore: @unchecked Sendable {
  let entry: Entry
  let directory: RestoreDirectory
  let size: UInt64
  let group: LinkGroup?
  let standing: FileStanding
  private let lock = Lock()
  // Guarded by the lock; what is open does not change between opening and finishing.
  private var output: FileOutput?
  private var base: SharedDescriptor?
  private var isBaseGone = false
  private var same = StretchList()
  private var changedBytes: UInt64 = 0
  private var restoredBytes: UInt64 = 0
  private var hasChanged = false
  private var remaining = 1
  private var failure: (message: String, trouble: RestoreTrouble)?
  private var isGivenUp = false

  init(
    _ entry: Entry, in directory: RestoreDirectory, _ standing: FileStanding, group: LinkGroup?
  ) {
    self.entry = entry
    self.directory = directory
    self.standing = standing
    self.group = group
    size = entry.file?.size ?? 0
    directory.addPart()
  }

  var path: FilePath { directory.path.appending(entry.name) }

  // MARK: Failing

  /// Notes that the file cannot be completed.
  func fail(_ message: String, _ trouble: RestoreTrouble) {
    lock.withLock { if failure == nil { failure = (message, trouble) } }
  }

  /// Notes that its content cannot be had: for damage this file fails, for everything else all.
  func fail(_ error: VaultError, _ context: RestoreContext) {
    guard context.goesOn(after: error) else {
      context.stop(for: error)
      return giveUp()
    }
    fail("its content cannot be read: \(RepositoryError(error))", .damaged)
  }

  /// Leaves the file out without a word, as the restore ends before it is complete.
  func giveUp() { lock.withLock { isGivenUp = true } }

  var hasFailed: Bool { lock.withLock { failure != nil || isGivenUp } }

  // MARK: What is there

  /// What has the file's name, open to be compared; nil if it cannot be.
  func openBase() -> SharedDescriptor? {
    guard case .compared(let status) = standing else { return nil }
    return lock.withLock {
      if base == nil, !isBaseGone {
        base = openFile(like: status)
        isBaseGone = base == nil
      }
      return base
    }
  }

  // Nil if it cannot be opened, or is not what was looked at.
  private func openFile(like status: FileStatus) -> SharedDescriptor? {
    guard let raw = directory.openDirectory?.descriptor.raw,
      let file = try? Descriptor.openSource(entry.name, at: raw),
      (try? FileStatus.of(file.raw).isSameFile(as: status)) == true
    else { return nil }
    return SharedDescriptor(file)
  }

  /// Notes a stretch that what is there has already.
  func note(same stretch: Range<UInt64>, _ context: RestoreContext) {
    do throws(VaultError) {
      try lock.withLock { () throws(VaultError) in try same.append(stretch) }
    } catch { fail(error, context) }
  }

  /// Notes bytes that are not there.
  func note(changed bytes: UInt64) {
    lock.withLock {
      hasChanged = true
      changedBytes += bytes
    }
  }

  // MARK: Writing

  /// Counts bytes, holes included, that are where they belong.
  func note(restored bytes: UInt64, _ context: RestoreContext) {
    lock.withLock { restoredBytes += bytes }
    context.progress.bytes.wrappingAdd(bytes, ordering: .relaxed)
  }

  /// Where the content goes; the first call makes it.
  func opened(_ context: RestoreContext) throws(Errno) -> FileOutput {
    let base = openBase()
    return try lock.withLock { () throws(Errno) in
      if let output { return output }
      let made = try FileOutput(
        for: entry, in: directory, over: base, standing: standing, context: context)
      output = made
      return made
    }
  }

  /// Counts a part that is going to be written.
  func addPart() { lock.withLock { remaining += 1 } }

  /// Ends a part; with the last one the file gets its metadata and its name.
  func endPart(_ hand: RestoreHand) {
    let isLast = lock.withLock {
      remaining -= 1
      return remaining == 0
    }
    guard isLast else { return }
    let context = hand.context
    let outcome = end(hand)
    if case .isThere = outcome {} else { takeBack(context) }
    (output, base) = (nil, nil)
    hand.links.settle(group, outcome, hand.reader)
    directory.endPart(context, hand.reader)
  }

  private func takeBack(_ context: RestoreContext) {
    output?.discard()
    context.progress.bytes.wrappingSubtract(restoredBytes, ordering: .relaxed)
  }

  private func end(_ hand: RestoreHand) -> LinkGroup.Outcome {
    let context = hand.context
    var error = Errno.inputOutput
    if !hasFailed {
      do throws(Errno) {
        try finish(hand)
        return .isThere
      } catch let problem { error = problem }
    }
    guard hasFailed else { return context.outcome(ofPlacing: path, "restore", error) }
    if let failure { context.fail(path, failure.message, failure.trouble) }
    return .lost(failure?.trouble ?? .failed)
  }

  // MARK: Finishing

  // What is there, if its content is the file's.
  private var unchanged: FileStatus? {
    switch standing {
    case .trusted(let status): return status
    case .compared(let status):
      let isSame = !hasChanged && !isBaseGone && status.size == size && !hasOtherNames(status)
      return isSame ? status : nil
    case .absent, .otherType, .taken: return nil
    }
  }

  private var isThere: Bool { if case .absent = standing { false } else { true } }

  // Names of one file that the snapshot has as several must not stay so.
  private func hasOtherNames(_ status: FileStatus) -> Bool {
    status.links > 1 && entry.hardLink == nil
  }

  private func finish(_ hand: RestoreHand) throws(Errno) {
    let context = hand.context
    if let status = unchanged, try finishUnchanged(status, hand) { return }
    let (action, reason) = step
    if !context.options.isDryRun {
      let output = try opened(context)
      try takeOver(into: output, context)
      try output.end(at: size)
      let metadata = metadata(.descriptor(output.descriptor.raw), hand)
      if let base, !output.isInPlace { metadata.takeOver(base.descriptor) }
      _ = metadata.apply()
      try output.settle(as: entry.name, replacing: isThere)
      protect(metadata, context)
    } else if case .compared(let status) = standing, status.isMountRoot,
      !context.options.patchesInPlace
    {
      throw .busy
    }
    let fetched = base == nil ? size : lock.withLock { changedBytes }
    context.finish(action, reason, path, size: size, fetched: fetched)
  }

  // What is the same comes from the old file, which must still be what it was when it was compared.
  private func takeOver(into output: FileOutput, _ context: RestoreContext) throws(Errno) {
    guard let base, case .compared(let before) = standing, !output.isInPlace else { return }
    if !output.sharesBase {
      while let stretch = nextSame(context) { try output.copy(stretch, of: base.descriptor) }
      guard !hasFailed else { throw .inputOutput }
    }
    let now = try FileStatus.of(base.descriptor.raw)
    guard now.size == before.size, now.mtime == before.mtime else { throw .textBusy }
  }

  private func nextSame(_ context: RestoreContext) -> Range<UInt64>? {
    do throws(VaultError) { return try same.take() } catch {
      fail(error, context)
      return nil
    }
  }

  private var step: (RestoreAction, RestoreReason) {
    switch standing {
    case .absent: return (.create, .absent)
    case .otherType: return (.replace, .otherType)
    case .taken: return (.replace, .otherLink)
    case .trusted: return (.leave, .same)
    case .compared(let status):
      let isPartThere = !same.isEmpty && !isBaseGone
      let isAllThere = !hasChanged && !isBaseGone && status.size == size
      return (isPartThere ? .patch : .replace, isAllThere ? .otherNames : .otherContent)
    }
  }

  // False if a new file has to take its place: other names, which may lie outside the target, would get
  // its metadata too.
  private func finishUnchanged(_ status: FileStatus, _ hand: RestoreHand) throws(Errno) -> Bool {
    guard let raw = directory.openDirectory?.descriptor.raw else { throw .notFound }
    let file = openBase() ?? openFile(like: status)
    if file == nil {
      // Who may not read a file may still own it.
      guard (try? FileStatus.of(entry.name, at: raw).isSameFile(as: status)) == true else {
        fail(RestoreContext.replaced, .failed)
        throw .textBusy
      }
    }
    let place = file.map { MetadataPlace.descriptor($0.descriptor.raw) }
    let metadata = metadata(place ?? .name(entry.name, directory: raw), hand)
    if case .trusted = standing {
      hand.context.progress.bytesSkipped.wrappingAdd(size, ordering: .relaxed)
    } else if status.links > 1, metadata.differs {
      return false
    }
    let hasChanged = metadata.apply()
    protect(metadata, hand.context)
    hand.context.finish(
      hasChanged ? .update : .leave, hasChanged ? .otherMetadata : .same, path, size: size)
    return true
  }

  private func metadata(_ place: MetadataPlace, _ hand: RestoreHand) -> FileMetadata {
    FileMetadata(
      context: hand.context, entry: entry, place: place, reader: hand.reader,
      path: { self.path })
  }

  // A file that must not be changed gets no more names: with several, all of them come first.
  private func protect(_ metadata: FileMetadata, _ context: RestoreContext) {
    if let group, entry.inodeFlags & InodeFlags.protecting != 0 {
      context.protectLater(entry, in: group)
    } else {
      metadata.protect()
    }
  }
}

/// How what has a file's name already stands to it, before its content is looked at.
enum FileStanding: Sendable {
  /// There is nothing.
  case absent
  /// There is something that is no file.
  case otherType
  /// There is a file that another file of the snapshot has taken; two must not stay one.
  case taken
  /// There is a file whose content is compared.
  case compared(FileStatus)
  /// There is a file of which size and time say that it is the same.
  case trusted(FileStatus)
}
