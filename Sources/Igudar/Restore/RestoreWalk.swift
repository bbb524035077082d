// The walk of a restore: through the snapshot once, side by side with the target. For each entry it is
// decided what is to be done; folders, links and devices are done here, the content of files by
// workers meanwhile. Nothing recurs, and nothing is kept of what is done.
//
// Invariant: everything happens below the open target directory; names are single components, and
// no link is ever followed.

import Glibc
import Platform
import Synchronization
import Vault

/// A running restore.
final class RestoreWalk {
  let context: RestoreContext
  let hand: RestoreHand
  let source: any NodeSource
  private let root: RestoreDirectory
  private let target: SharedDescriptor?
  private var work = Channel<RestoreBatch>(capacity: 3)
  private var workers: [Thread] = []
  var batch: RestoreBatch
  private var levels: [RestoreLevel] = []
  var links: LinkTable

  /// A restore of an entry into a folder; nil for one that is not there, in a dry run.
  init(
    _ entry: Entry, into target: SharedDescriptor?, at path: FilePath, context: RestoreContext,
    source: any NodeSource
  ) throws(VaultError) {
    self.context = context
    self.source = source
    self.target = target
    root = RestoreDirectory(
      root: target, path: path, entry: entry.children == nil ? nil : entry,
      patterns: context.options.selection.root)
    batch = RestoreBatch(workers: context.jobs)
    links = LinkTable(context.vault.hasher, below: root.chain)
    hand = try RestoreHand(context: context, root: root)
  }

  /// Restores all of the entry.
  func restore(_ entry: Entry) throws(VaultError) {
    defer { stopWorkers() }
    do throws(VaultError) {
      try startWorkers()
      try visitRoot(entry)
      try walk()
      try handOver()
      stopWorkers()
      try restoreDisplaced()
    } catch { context.stop(for: error) }
    abandon()
    stopWorkers()
    release(context.displaced.take().joined())
    try context.requireRunning()
    try end()
  }

  private func visitRoot(_ entry: Entry) throws(VaultError) {
    var existing: ExistingNames?
    let selection = context.options.selection
    do throws(Errno) {
      if let target { existing = try ExistingNames(of: target.descriptor) }
      if case .including = selection {} else { try root.prepare(context) }
    } catch {
      context.fail(root.path, "reading the folder", error)
      return
    }
    if let children = entry.children {
      levels.append(
        RestoreLevel(root, children, existing, state: selection.root, source: source))
    } else {
      let level = RestoreLevel(
        root, Children.none, existing, state: selection.root, source: source)
      try visit(entry, in: level)
      root.endPart(context, hand.reader)
    }
  }

  // What a stop left half done: nothing of it gets its name.
  private func abandon() {
    while let level = levels.popLast() { level.directory.endPart(context, hand.reader) }
    for file in batch.files {
      file.giveUp()
      file.endPart(hand)
    }
    batch = batch.next
  }

  private func end() throws(VaultError) {
    guard let target, !context.options.isDryRun else { return }
    try context.protect(below: target, at: root.path)
    // Errors of writing back come late, on network file systems and over quotas.
    do throws(Errno) { try target.descriptor.syncFileSystem() } catch {
      context.fail(root.path, "syncfs", error)
    }
  }

  // MARK: Workers

  func startWorkers() throws(VaultError) {
    work = Channel(capacity: 3)
    for index in 0..<context.jobs {
      let writer = Handed(FileWriter(try RestoreHand(context: context, root: root)))
      let work = work
      workers.append(
        Thread.start(name: "restore \(index)") {
          while let batch = work.receive() { writer.value.process(batch) }
        })
    }
  }

  func stopWorkers() {
    work.close()
    for worker in workers { worker.join() }
    workers = []
  }

  func handOver() throws(VaultError) {
    guard !batch.files.isEmpty else { return }
    let full = batch
    batch = full.next
    guard work.send(full) else { throw .interrupted }
  }

  // MARK: Walking

  private func walk() throws(VaultError) {
    while let level = levels.last, !context.isStopped {
      let next: Entry?
      do throws(VaultError) { next = try level.next() } catch {
        guard context.goesOn(after: error) else { throw error }
        context.damage(
          level.directory.path, "its list of entries cannot be read: \(RepositoryError(error))")
        leave(level, isWhole: false)
        continue
      }
      guard let entry = next else {
        leave(level, isWhole: true)
        continue
      }
      try visit(entry, in: level)
    }
  }

  // What is not in a list that could not be read to its end may be in the rest of it.
  private func leave(_ level: RestoreLevel, isWhole: Bool) {
    levels.removeLast()
    let (options, directory) = (context.options, level.directory)
    if isWhole {
      level.existing?.visitExtra { name in
        if options.deletesExtra {
          guard options.selection.selects(name, in: level.state) else { return }
          guard !directory.isMounted else { return level.keepsExtra = true }
          Deletion(context).delete(name, in: directory, level.state)
        } else if !options.isDryRun {
          Arrival.removeLeftover(name, in: directory)
        }
      }
    }
    if level.keepsExtra { tellKept(in: level) }
    directory.endPart(context, hand.reader)
  }

  // The snapshot need not know what is mounted; told once, at the folder where it is.
  private func tellKept(in level: RestoreLevel) {
    if let parent = levels.last, parent.directory.isMounted {
      parent.keepsExtra = true
    } else {
      context.fail(
        level.directory.path, "nothing in it is deleted: another file system is mounted there",
        .kept)
    }
  }

  private func visit(_ entry: Entry, in level: RestoreLevel) throws(VaultError) {
    let exists = level.existing?.contains(entry.name) ?? false
    if let children = entry.children {
      visitDirectory(entry, children, in: level, exists: exists)
      return
    }
    let selection = context.options.selection
    guard selection.selects(entry.name, in: level.state) else { return }
    context.progress.totalFiles.add(1, ordering: .relaxed)
    let path = { level.directory.path.appending(entry.name) }
    var status: FileStatus?
    do throws(Errno) { if exists { status = try level.status(of: entry.name, context) } } catch {
      context.fail(path(), "looking at what is there", error)
      return
    }
    if let status, context.isClosed(status) {
      context.fail(path(), RestoreContext.reason(toKeep: status), .kept)
      return
    }
    if let file = entry.file {
      context.progress.totalBytes.wrappingAdd(file.size, ordering: .relaxed)
    }
    if let status, let reason = context.keeps(status, for: entry, at: path) {
      context.finish(.leave, reason, path(), size: entry.file?.size ?? 0)
      return
    }
    do throws(Errno) { try level.directory.prepare(context) } catch {
      context.fail(path(), "making its folder", error)
      return
    }
    if isBlocked(entry, by: status, in: level) {
      return
    } else if let group = try links.find(entry) {
      try addName(entry, to: group, in: level, exists: status != nil)
    } else if let file = entry.file {
      try plan(entry, file, status, in: level.directory)
    } else {
      try restoreOther(entry, status, in: level.directory)
    }
  }

  // What a dry run can see of something of another type that is in the way, and a restore meets later.
  private func isBlocked(
    _ entry: Entry, by status: FileStatus?, in level: RestoreLevel
  ) -> Bool {
    guard context.options.isDryRun, let status, status.type.entryType != entry.type else {
      return false
    }
    do throws(Errno) {
      if status.type == .directory {
        try Deletion(context).makeWay(entry.name, in: level.directory)
      } else if status.isMountRoot {
        throw .busy
      }
      return false
    } catch {
      guard error == .busy || error == .notEmpty else { return false }
      context.failToPlace(level.directory.path.appending(entry.name), "restore", error)
      return true
    }
  }

  private func addName(
    _ entry: Entry, to group: LinkGroup, in level: RestoreLevel, exists: Bool
  ) throws(VaultError) {
    let name = FurtherName(entry: entry, directory: level.directory, exists: exists)
    level.directory.addPart()
    if let size = entry.file?.size {
      context.progress.bytesSkipped.wrappingAdd(size, ordering: .relaxed)
    }
    guard let outcome = group.add(name) else {
      guard links.note(waitingFor: group) else { return }
      try handOver()
      return links.waitForAll()
    }
    hand.links.link(name, to: group, outcome, hand.reader)
  }

  // MARK: Folders

  private func visitDirectory(
    _ entry: Entry, _ children: Children, in level: RestoreLevel, exists: Bool
  ) {
    let selection = context.options.selection
    let state = selection.enter(entry.name, from: level.state)
    let standing = selection.standing(of: state)
    guard standing != .left else { return }
    let path = { level.directory.path.appending(entry.name) }
    guard levels.count < TreeLimits.depth else {
      context.fail(path(), "lies deeper than \(TreeLimits.depth) directories")
      return
    }
    do throws(Errno) {
      let status = exists ? try level.status(of: entry.name, context) : nil
      if let status, let reason = reason(toKeep: status) {
        // Where patterns choose nothing in it there is nothing to tell.
        if standing == .selected || selection.selectsAny(in: children, at: state, from: source) {
          context.fail(path(), reason, .kept)
        }
        return
      }
      if standing == .selected { context.progress.totalFiles.add(1, ordering: .relaxed) }
      if let status, status.type != .directory,
        context.keeps(status, for: entry, at: path) != nil
      {
        context.fail(path(), "is no folder, and may not be replaced; all in it is left out")
        return
      }
      let (open, opening) = try open(entry, status, in: level)
      let isMounted = try isMounted(open, in: level)
      var existing: ExistingNames?
      if let open { existing = try ExistingNames(of: open.descriptor) }
      let directory = RestoreDirectory(
        entry, in: level.directory, open: open, hasObstacle: status != nil && open == nil,
        isMounted: isMounted, patterns: state, opening: opening)
      do throws(Errno) {
        if standing == .selected { try directory.prepare(context) }
      } catch {
        directory.endPart(context, hand.reader)
        throw error
      }
      levels.append(RestoreLevel(directory, children, existing, state: state, source: source))
    } catch {
      switch error {
      case .exists:
        context.fail(path(), "\(RestoreContext.taken), and all in the folder is left out")
      case .busy:
        context.fail(path(), RestoreContext.folderKeptOut, .kept)
      default: context.fail(path(), "making the directory", error)
      }
    }
  }

  // Why what is in a folder's place is kept, and nothing is restored there; nil if it is not.
  private func reason(toKeep status: FileStatus) -> String? {
    if context.isClosed(status) { return RestoreContext.reason(toKeep: status) }
    guard status.type != .directory, status.isMountRoot else { return nil }
    return RestoreContext.folderKeptOut
  }

  // Whether a folder that is there lies on a file system that is mounted somewhere in the target.
  private func isMounted(
    _ folder: SharedDescriptor?, in level: RestoreLevel
  ) throws(Errno) -> Bool {
    guard context.options.deletesExtra, let folder, let parent = level.directory.openDirectory
    else { return false }
    let status = try FileStatus.of(folder.descriptor.raw)
    let device = try FileStatus.of(parent.descriptor.raw).device
    return level.directory.isMounted || status.isMountRoot || status.device != device
  }

  // The folder that is there, nil where there is none, and what it was before it was opened.
  private func open(
    _ entry: Entry, _ status: FileStatus?, in level: RestoreLevel
  ) throws(Errno) -> (SharedDescriptor?, FolderOpening?) {
    guard let status, status.type == .directory,
      let raw = level.directory.openDirectory?.descriptor.raw
    else { return (nil, nil) }
    do throws(Errno) { return (try openFolder(entry.name, in: raw), nil) } catch {
      // One's own folder can be closed to oneself.
      guard error == .accessDenied, !context.options.isDryRun else { throw error }
      try MetadataPlace.name(entry.name, directory: raw).setMode(status.mode | 0o700)
      return (try openFolder(entry.name, in: raw), FolderOpening(mode: status.mode))
    }
  }

  private func openFolder(_ name: FileName, in raw: Int32) throws(Errno) -> SharedDescriptor {
    SharedDescriptor(try Descriptor.openSource(name, at: raw, flags: O_DIRECTORY))
  }
}
