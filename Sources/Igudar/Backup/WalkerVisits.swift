// What the walk does with each entry: compare, take over, hand to a worker, or go down.

import Glibc
import Platform
import Synchronization
import Vault

extension Walker {
  /// Looks at what the listing found next in the directory walked last.
  func visit(_ item: ListedItem, in level: WalkLevel) throws(VaultError) {
    if case .end = item { return try leave(level) }
    let index = level.position
    level.position += 1
    switch item {
    case .entry(let status) where status.type == .directory:
      // It took the place of something else after the directory was listed.
      try passOver(index, .system("statx", .isDirectory), in: level)
    case .entry(let status): try visit(index, status, in: level)
    case .directory(let listed): try visitDirectory(index, listed, in: level)
    case .device(let status): try visitDevice(index, status, in: level)
    case .refused(let problem): try passOver(index, problem, in: level)
    case .unseen(let error):
      let isNamed = level.listed.way != nil
      context.fail(
        .scan, level.path(index),
        isNamed ? error.reason(in: "statx") : SourceProblem.system("statx", error).message)
    case .excluded: context.exclude(level.path(index))
    case .end, .unlooked: preconditionFailure("the listing looks at every name")
    }
  }

  private func passOver(
    _ index: Int, _ problem: SourceProblem, in level: WalkLevel
  ) throws(VaultError) {
    _ = try find(index, in: level)
    context.fail(.scan, level.path(index), problem.message)
    // It was passed over in the last snapshot's list: what matched before it is handed over now, or
    // later matches would be counted in its place.
    try emitLevels()
  }

  private func find(
    _ index: Int, in level: WalkLevel
  ) throws(VaultError) -> PreviousDirectory.Finding {
    guard let previous = level.previous else { return .absent }
    return try level.listed.names.withName(index) { (name) throws(VaultError) in
      try previous.find(name)
    }
  }

  private func visit(
    _ index: Int, _ status: FileStatus, in level: WalkLevel
  ) throws(VaultError) {
    let finding = try find(index, in: level)
    let link = hardLink(status)
    level.entryCount += 1
    if finding != .absent, let previous = level.previous,
      previous.withFound({ isUnchanged($0, status, link) }), try previous.isWhole(),
      try isVerified(previous, index, status, in: level)
    {
      try takeOver(previous, finding, in: level, index, status)
      return
    }
    try emitLevels()
    let name = level.listed.names.name(index)
    let known = finding == .absent ? nil : level.previous?.found
    if status.type == .regular {
      try visitFile(name, status, link, in: level, known: known)
    } else {
      try visitOther(name, status, link, in: level, known: known)
    }
  }

  private func hardLink(_ status: FileStatus) -> Entry.HardLink? {
    guard status.links > 1, status.type != .directory else { return nil }
    return Entry.HardLink(
      device: devices.number(of: status.device), count: UInt64(status.links))
  }

  private func isUnchanged(
    _ old: borrowing EntryView, _ status: FileStatus, _ link: Entry.HardLink?
  ) -> Bool {
    let options = context.options
    guard !options.readsAll, old.type == status.type.entryType, old.mtime == status.mtime,
      old.mode == status.mode, old.uid == status.uid, old.gid == status.gid,
      status.type != .regular || old.size == status.size,
      options.ignoresCtime || old.ctime == status.ctime,
      options.ignoresInode || old.inode == status.inode,
      old.links == (link?.count ?? 1), old.device == (link?.device ?? 0)
    else { return false }
    // Changed in the last moments before it was read, it may have changed again in the same tick.
    let isYoung = status.mtime >= youngest || (!options.ignoresCtime && status.ctime >= youngest)
    return !isYoung && old.flags & (Entry.changedWhileRead | Entry.lacksAttributes) == 0
  }

  // Whether nothing more is to be known of what looks unchanged.
  private func isVerified(
    _ previous: PreviousDirectory, _ index: Int, _ status: FileStatus, in level: WalkLevel
  ) throws(VaultError) -> Bool {
    guard let verification, status.type == .regular, status.size > 0 else { return true }
    return try verification.verify(
      level.listed.names.name(index), status, in: level.directory, previous.withFound { $0.entry },
      nodes: previous.source)
  }

  private func takeOver(
    _ previous: PreviousDirectory, _ finding: PreviousDirectory.Finding, in level: WalkLevel,
    _ index: Int, _ status: FileStatus
  ) throws(VaultError) {
    let size = status.type == .regular ? status.size : 0
    context.progress.bytes.wrappingAdd(size, ordering: .relaxed)
    context.finish(level.path(index), isDirectory: false, .unchanged, size: size)
    if !level.isEmitted && finding == .next {
      match(in: level)
      return
    }
    try emitLevels()
    let encoded = previous.found
    try unsafe takeOver(encoded.span.bytes)
  }

  private func visitFile(
    _ name: FileName, _ status: FileStatus, _ link: Entry.HardLink?, in level: WalkLevel,
    known: [UInt8]?
  ) throws(VaultError) {
    let draft = FileDraft(
      directory: level.directory, name: name, status: status, hardLink: link, known: known)
    if status.size >= Self.sharedFileSize {
      try LargeFile(draft, earlier: earlier(known, in: level), walker: self).read()
      return
    }
    batch.files.append(draft)
    batch.size += status.size
    add(.file(batch.files.count - 1))
  }

  // What is on a device is no matter of its times: it is always read.
  private func visitDevice(
    _ index: Int, _ status: FileStatus, in level: WalkLevel
  ) throws(VaultError) {
    let finding = try find(index, in: level)
    level.entryCount += 1
    try emitLevels()
    let known = finding == .absent ? nil : level.previous?.found
    let draft = FileDraft(
      directory: level.directory, name: level.listed.names.name(index), status: status,
      hardLink: nil, known: known)
    try LargeFile(draft, isDevice: true, earlier: earlier(known, in: level), walker: self).read()
  }

  // What was found last, if it is a file.
  private func earlier(_ known: [UInt8]?, in level: WalkLevel) -> EarlierFile? {
    guard known != nil, let previous = level.previous,
      let file = previous.withFound({ $0.entry }).file
    else { return nil }
    // Its old chunks are no part of this snapshot: the run does not rely on where they are.
    return EarlierFile(file: file, nodes: previous.source.nodes)
  }

  private func visitOther(
    _ name: FileName, _ status: FileStatus, _ link: Entry.HardLink?, in level: WalkLevel,
    known: [UInt8]?
  ) throws(VaultError) {
    let directory = level.directory.descriptor.raw
    let path = { level.directory.path.appending(name) }
    let kind: Entry.Kind
    do throws(SourceProblem) { kind = try otherKind(name, status, in: directory) } catch {
      context.fail(.archive, path(), error.message)
      return
    }
    let attributes = try SourceAttributes(of: .name(name, at: directory), lane: lane)
    let encoded = batch.add(
      context.entry(name, status, kind: kind, link: link, attributes: attributes))
    context.tell(attributes, of: path())
    context.finish(
      path(), isDirectory: false, BackupAction(from: known, to: encoded), size: 0)
  }

  private func otherKind(
    _ name: FileName, _ status: FileStatus, in directory: Int32
  ) throws(SourceProblem) -> Entry.Kind {
    let number = Entry.DeviceNumber(major: status.deviceMajor, minor: status.deviceMinor)
    switch status.type {
    case .symbolicLink: return .symbolicLink(target: try linkTarget(name, in: directory))
    case .characterDevice: return .characterDevice(number)
    case .blockDevice: return .blockDevice(number)
    case .fifo: return .fifo
    case .socket: return .socket
    case .regular, .directory: preconditionFailure("visited elsewhere")
    }
  }

  private func linkTarget(
    _ name: FileName, in directory: Int32
  ) throws(SourceProblem) -> [UInt8] {
    do throws(Errno) { return try readLink(name, at: directory) } catch {
      throw .system("readlink", error)
    }
  }

  private func visitDirectory(
    _ index: Int, _ listed: ListedDirectory, in level: WalkLevel
  ) throws(VaultError) {
    let finding = try find(index, in: level)
    let before =
      finding == .absent
      ? nil
      : level.previous.map { previous in
        Before(entry: previous.withFound { $0.entry }, isNext: finding == .next)
      }
    try enter(listed, name: level.listed.names.name(index), before: before)
  }
}

extension FileType {
  /// The same type as entries of snapshots name it.
  var entryType: EntryType {
    switch self {
    case .regular: .file
    case .directory: .directory
    case .symbolicLink: .symbolicLink
    case .characterDevice: .characterDevice
    case .blockDevice: .blockDevice
    case .fifo: .fifo
    case .socket: .socket
    }
  }
}
