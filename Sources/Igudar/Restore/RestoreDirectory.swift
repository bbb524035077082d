// A folder of the target while things are restored in it. It is made by the walk when the first thing
// in it needs it, and gets its own metadata when the last is done, on whichever thread that happens: what
// is made or renamed in a folder changes its times.

import Glibc
import Platform
import Vault

/// A folder of the target.
final class RestoreDirectory: @unchecked Sendable {
  let chain: PathChain
  let entry: Entry?
  /// Where it stands in the patterns.
  let patterns: RestoreSelection.State
  /// Whether it lies on a file system that is mounted in the target: nothing is deleted there.
  let isMounted: Bool
  private let lock = Lock()
  // Guarded by the lock, all of them.
  private var parent: RestoreDirectory?
  private var state: State
  private var isMade = false
  private var isUsed = false
  private var isUnlocked = false
  private var naming: Naming??
  private var opening: FolderOpening?
  private var pending = 1
  private let isRoot: Bool
  private let hasObstacle: Bool

  private enum State {
    case open(SharedDescriptor)
    /// There is nothing yet; in a dry run there never will be.
    case absent
  }

  /// The folder that the restore goes into; nil if it is not there, in a dry run.
  init(
    root: SharedDescriptor?, path: FilePath, entry: Entry?, patterns: RestoreSelection.State
  ) {
    chain = PathChain(path)
    self.entry = entry
    self.patterns = patterns
    isMounted = false
    isRoot = true
    hasObstacle = false
    state = root.map { .open($0) } ?? .absent
  }

  /// A folder in a folder; nil for the open one if it is still to be made, in the place of something
  /// else if there is an obstacle.
  init(
    _ entry: Entry, in parent: RestoreDirectory, open: SharedDescriptor?, hasObstacle: Bool,
    isMounted: Bool = false, patterns: RestoreSelection.State, opening: FolderOpening? = nil
  ) {
    isRoot = false
    self.opening = opening
    self.isMounted = isMounted
    self.hasObstacle = hasObstacle
    chain = PathChain(entry.name, in: parent.chain)
    self.entry = entry
    self.patterns = patterns
    self.parent = parent
    state = open.map { .open($0) } ?? .absent
    parent.addPart()
  }

  var path: FilePath { chain.path }

  /// The descriptor if the folder is there.
  var openDirectory: SharedDescriptor? {
    lock.withLock { if case .open(let directory) = state { directory } else { nil } }
  }

  /// How files that are written in the open folder without a name get theirs, nil if they cannot.
  func naming(_ context: RestoreContext, _ raw: Int32) throws(Errno) -> Naming? {
    if let known = lock.withLock({ naming }) { return known }
    let found = try context.naming(in: raw)
    lock.withLock { naming = .some(found) }
    return found
  }

  // MARK: Making it

  /// Makes the folder and those above it that are not there; a dry run only tells of it.
  ///
  /// The walk alone calls it, before anything in the folder is handed to a worker.
  func prepare(_ context: RestoreContext) throws(Errno) {
    var missing: [RestoreDirectory] = []
    var node: RestoreDirectory? = self
    while let directory = node, directory.lock.withLock({ !directory.isUsed }) {
      missing.append(directory)
      node = directory.lock.withLock { directory.parent }
    }
    for directory in missing.reversed() { try directory.use(context) }
  }

  private func use(_ context: RestoreContext) throws(Errno) {
    let parent = lock.withLock { isUsed ? nil : self.parent }
    if let parent, openDirectory == nil, let entry {
      if !context.options.isDryRun, let raw = parent.openDirectory?.descriptor.raw {
        try parent.changing(context) { (raw) throws(Errno) in
          if hasObstacle { try Deletion.remove(entry.name, in: raw) }
          try DirectoryChange.makeDirectory(entry.name, in: raw, mode: 0o700)
        }
        let made = SharedDescriptor(
          try Descriptor.openSource(entry.name, at: raw, flags: O_DIRECTORY))
        lock.withLock { state = .open(made) }
      }
      lock.withLock { isMade = true }
      context.finish(
        hasObstacle ? .replace : .create, hasObstacle ? .otherType : .absent, path)
    }
    lock.withLock { isUsed = true }
  }

  /// Changes something in the folder; where its mode or flags forbid that, they are changed first.
  func changing<Result>(
    _ context: RestoreContext, _ change: (Int32) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    guard let raw = openDirectory?.descriptor.raw else { throw .notFound }
    do throws(Errno) { return try change(raw) } catch {
      guard error == .notPermitted || error == .accessDenied, !context.options.isDryRun,
        unlock(raw)
      else { throw error }
      return try change(raw)
    }
  }

  // Another worker may have unlocked it since the change was refused.
  private func unlock(_ raw: Int32) -> Bool {
    lock.withLock {
      guard !isUnlocked else { return true }
      isUnlocked = true
      let further = FolderOpening(.descriptor(raw))
      opening = opening?.with(further) ?? further
      return further != nil
    }
  }

  // MARK: Its end

  /// Counts something that is going to change the folder.
  func addPart() { lock.withLock { pending += 1 } }

  /// Ends a part; with the last one the folder gets its metadata, and is a part of the one above.
  func endPart(_ context: RestoreContext, _ reader: ChunkReader) {
    var node: RestoreDirectory? = self
    while let directory = node {
      let isLast = directory.lock.withLock {
        directory.pending -= 1
        return directory.pending == 0
      }
      guard isLast else { return }
      directory.finish(context, reader)
      node = directory.lock.withLock { directory.parent.take() }
    }
  }

  private func finish(_ context: RestoreContext, _ reader: ChunkReader) {
    defer { lock.withLock { state = .absent } }
    guard let directory = openDirectory else { return }
    let place = MetadataPlace.descriptor(directory.descriptor.raw)
    guard let entry, lock.withLock({ isUsed }), !context.isStopped else {
      lock.withLock { opening }?.close(place)
      return
    }
    let metadata = FileMetadata(
      context: context, entry: entry, place: place, reader: reader, path: { self.path })
    let hasChanged = metadata.apply()
    metadata.protect()
    guard !isRoot, !lock.withLock({ isMade }) else { return }
    context.finish(
      hasChanged ? .update : .leave, hasChanged ? .otherMetadata : .same, path)
  }
}
