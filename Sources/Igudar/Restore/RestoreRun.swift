// One run of a restore: the walks, and the workers that write files meanwhile.

import Glibc
import Platform
import Synchronization
import Vault

/// A running restore.
final class RestoreRun {
  private let context: RestoreContext
  private let source: any NodeSource
  private let reader: ChunkReader
  private let work = Channel<RestoreBatch>(capacity: 3)
  private var batch = RestoreBatch()
  private var workers: [Thread] = []
  /// The first name of every file with several, and where it is.
  private var linked: [LinkKey: FilePath] = [:]

  private struct LinkKey: Hashable {
    let device: UInt64
    let inode: UInt64
  }

  init(context: RestoreContext, source: any NodeSource) throws(VaultError) {
    self.context = context
    self.source = source
    reader = try ChunkReader(vault: context.vault)
  }

  func restore(_ entry: Entry, into target: OpenDirectory) throws(VaultError) {
    try startWorkers()
    defer { stopWorkers() }
    switch entry.kind {
    case .directory(let children):
      try walk(children, in: target, isFirst: true) { (entry, directory) throws(VaultError) in
        try make(entry, in: directory)
      }
      try handOver()
      stopWorkers()
      try context.requireRunning()
      if !linked.isEmpty { try joinLinks(children, in: target) }
      try finishDirectories(entry, children, in: target)
    default:
      _ = try make(entry, in: target)
      try handOver()
      stopWorkers()
    }
    try context.requireRunning()
    // Errors of writing back come late, on network file systems and over quotas.
    do throws(Errno) { try target.descriptor.syncFileSystem() } catch {
      context.fail(target.path, "syncfs", error)
    }
  }

  // MARK: Workers

  private func startWorkers() throws(VaultError) {
    let count = context.options.jobs > 0 ? context.options.jobs : processorCount()
    for index in 0..<count {
      let writer = Handed(try FileWriter(context: context))
      let work = work
      workers.append(
        Thread.start(name: "restore \(index)") {
          while let batch = work.receive() { writer.value.process(batch) }
        })
    }
  }

  private func stopWorkers() {
    work.close()
    for worker in workers { worker.join() }
    workers = []
  }

  private func handOver() throws(VaultError) {
    guard !batch.files.isEmpty else { return }
    let full = batch
    batch = RestoreBatch()
    guard work.send(full) else { throw .interrupted }
  }

  // MARK: Walks

  // Visits all entries depth first; for a directory the closure answers the open directory to go
  // on in, or nil to leave it out. `leave` is called when a directory is done. What the first walk
  // cannot read is told by it; walking again meets the same.
  private func walk(
    _ children: Children, in target: OpenDirectory, isFirst: Bool = false,
    leave: (Entry, OpenDirectory) throws(VaultError) -> Void = { _, _ in },
    _ visit: (Entry, OpenDirectory) throws(VaultError) -> OpenDirectory?
  ) throws(VaultError) {
    var levels: [WalkedDirectory] = [
      WalkedDirectory(target, entry: nil, children: children, source: source)
    ]
    while let level = levels.last {
      if context.isStopped { return }
      let next: Entry?
      do throws(VaultError) { next = try level.next() } catch {
        guard error.isLoss else { throw error }
        if isFirst {
          context.damage(
            level.directory.path, "its list of entries cannot be read: \(RepositoryError(error))")
        }
        levels.removeLast()
        continue
      }
      guard let entry = next else {
        levels.removeLast()
        if let own = level.entry { try leave(own, level.directory) }
        continue
      }
      guard let below = try visit(entry, level.directory), let children = entry.children else {
        continue
      }
      guard levels.count < TreeLimits.depth else {
        if isFirst {
          context.fail(below.path, "lies deeper than \(TreeLimits.depth) directories")
        }
        continue
      }
      levels.append(
        WalkedDirectory(below, entry: entry, children: children, source: source))
    }
  }

  // First walk: makes an entry, or plans its content.
  private func make(_ entry: Entry, in directory: OpenDirectory) throws(VaultError)
    -> OpenDirectory?
  {
    context.progress.totalFiles.add(1, ordering: .relaxed)
    if entry.type != .directory, isFurtherLink(entry, in: directory) { return nil }
    switch entry.kind {
    case .directory: return makeDirectory(entry, in: directory)
    case .file(let file): try plan(entry, file, in: directory)
    default: makeOther(entry, in: directory)
    }
    return nil
  }

  // Whether another name of this file is restored already; if not, this is the one.
  private func isFurtherLink(_ entry: Entry, in directory: OpenDirectory) -> Bool {
    guard let link = entry.hardLink else { return false }
    let key = LinkKey(device: link.device, inode: entry.inode)
    if linked[key] != nil { return true }
    linked[key] = directory.path.appending(entry.name)
    return false
  }

  private func makeDirectory(_ entry: Entry, in directory: OpenDirectory) -> OpenDirectory? {
    let path = directory.path.appending(entry.name)
    let parent = directory.descriptor.raw
    do throws(Errno) {
      do throws(Errno) {
        try DirectoryChange.makeDirectory(entry.name, in: parent, mode: 0o700)
      } catch {
        guard error == .exists else { throw error }
        if try FileStatus.of(entry.name, at: parent).type != .directory {
          try DirectoryChange.remove(entry.name, in: parent)
          try DirectoryChange.makeDirectory(entry.name, in: parent, mode: 0o700)
        }
      }
      return try open(entry.name, in: directory)
    } catch {
      context.fail(path, "making the directory", error)
      return nil
    }
  }

  private func open(
    _ name: FileName, in directory: OpenDirectory
  ) throws(Errno) -> OpenDirectory {
    let descriptor = try Descriptor.openSource(
      name, at: directory.descriptor.raw, flags: O_DIRECTORY)
    return OpenDirectory(descriptor, path: directory.path.appending(name))
  }

  private func plan(
    _ entry: Entry, _ file: Entry.File, in directory: OpenDirectory
  ) throws(VaultError) {
    context.progress.totalBytes.wrappingAdd(file.size, ordering: .relaxed)
    let restore = FileRestore(entry, in: directory)
    guard file.size <= UInt64(Int64.max) else {
      restore.fail("is larger than any file can be", .damaged)
      restore.endPart(context, reader)
      return
    }
    var isInBatch = false
    var extents = ContentReader(file, from: source)
    var offset: UInt64 = 0
    do throws(VaultError) {
      while let extent = try extents.next() {
        if case .chunk(let id, let length) = extent {
          if !isInBatch {
            restore.addPart()
            batch.files.append(restore)
            isInBatch = true
          }
          batch.pieces.append(
            RestorePiece(file: restore, offset: offset, chunk: id, length: length))
          batch.size += UInt64(length)
        } else {
          context.progress.bytes.wrappingAdd(extent.length, ordering: .relaxed)
        }
        offset += extent.length
        if batch.isFull {
          try handOver()
          isInBatch = false
        }
      }
    } catch {
      restore.fail(error, context)
    }
    restore.endPart(context, reader)
  }

  private func makeOther(_ entry: Entry, in directory: OpenDirectory) {
    let path = directory.path.appending(entry.name)
    do throws(Errno) {
      do throws(Errno) { try makeNamed(entry, in: directory.descriptor.raw) } catch {
        guard error == .exists else { throw error }
        try DirectoryChange.remove(entry.name, in: directory.descriptor.raw)
        try makeNamed(entry, in: directory.descriptor.raw)
      }
      context.apply(
        entry, to: .name(entry.name, directory: directory.descriptor.raw), path: path,
        reader: reader)
      context.finish(path, size: 0)
    } catch {
      context.lose(entry, path)
      context.fail(path, "making it", error)
    }
  }

  private func makeNamed(_ entry: Entry, in directory: Int32) throws(Errno) {
    switch entry.kind {
    case .symbolicLink(let target):
      try DirectoryChange.makeLink(entry.name, to: target, in: directory)
    case .characterDevice(let number):
      try makeNode(
        entry.name, .characterDevice, major: number.major, minor: number.minor, in: directory)
    case .blockDevice(let number):
      try makeNode(
        entry.name, .blockDevice, major: number.major, minor: number.minor, in: directory)
    case .fifo: try makeNode(entry.name, .fifo, major: 0, minor: 0, in: directory)
    case .socket: try makeNode(entry.name, .socket, major: 0, minor: 0, in: directory)
    case .file, .directory: preconditionFailure("made elsewhere")
    }
  }

  // MARK: Second and third walk

  private func joinLinks(_ children: Children, in target: OpenDirectory) throws(VaultError) {
    try walk(children, in: target) { (entry, directory) throws(VaultError) in
      if entry.type == .directory { return reopen(entry, in: directory) }
      guard let link = entry.hardLink,
        let first = linked[LinkKey(device: link.device, inode: entry.inode)]
      else { return nil }
      let path = directory.path.appending(entry.name)
      if path != first { join(entry, path, to: first, below: target, in: directory) }
      return nil
    }
  }

  private func join(
    _ entry: Entry, _ path: FilePath, to first: FilePath, below target: OpenDirectory,
    in directory: OpenDirectory
  ) {
    guard !context.isLost(first) else {
      context.fail(path, "is another name of \(first), which could not be restored")
      return
    }
    let names = first.components.dropFirst(target.path.components.count)
    do throws(Errno) {
      var parent = target
      for name in names.dropLast() { parent = try open(name, in: parent) }
      guard let last = names.last else { throw .invalid }
      let temporary = temporaryFileName()
      let raw = directory.descriptor.raw
      try DirectoryChange.link(last, in: parent.descriptor.raw, as: temporary, in: raw)
      try DirectoryChange.rename(temporary, to: entry.name, in: raw)
      // Renaming one name of a file over another of the same file does nothing.
      try? DirectoryChange.remove(temporary, in: raw)
      context.finish(path, size: 0)
    } catch { context.fail(path, "hard link to \(first)", error) }
  }

  private func reopen(_ entry: Entry, in directory: OpenDirectory) -> OpenDirectory? {
    // One that could not be made was told before.
    try? open(entry.name, in: directory)
  }

  private func finishDirectories(
    _ root: Entry, _ children: Children, in target: OpenDirectory
  ) throws(VaultError) {
    try walk(
      children, in: target,
      leave: { (entry, directory) throws(VaultError) in
        context.apply(
          entry, to: .descriptor(directory.descriptor.raw), path: directory.path, reader: reader)
        context.finish(directory.path, size: 0)
      }
    ) { (entry, directory) throws(VaultError) in
      entry.type == .directory ? reopen(entry, in: directory) : nil
    }
    context.apply(
      root, to: .descriptor(target.descriptor.raw), path: target.path, reader: reader)
  }
}

/// A directory while it is walked.
private final class WalkedDirectory {
  let directory: OpenDirectory
  let entry: Entry?
  private var reader: DirectoryReader

  init(
    _ directory: OpenDirectory, entry: Entry?, children: Children, source: any NodeSource
  ) {
    self.directory = directory
    self.entry = entry
    reader = DirectoryReader(children, from: source)
  }

  func next() throws(VaultError) -> Entry? { try reader.next() }
}
