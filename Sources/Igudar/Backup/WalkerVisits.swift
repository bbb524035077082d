// What the walk does with each entry: compare, take over, hand to a worker, or go down.

import Glibc
import Platform
import Synchronization
import Vault

extension Walker {
  /// Looks at the entry with this index in the directory walked last.
  func visit(_ index: Int) throws(VaultError) {
    let level = levels[levels.count - 1]
    let name = level.names.name(index)
    let node = level.node?.children[index]
    let path = { level.directory.path.appending(name) }
    // What was named by the user is never excluded.
    if node == nil, rules.excludes(name, in: level.patternState) {
      context.exclude(path())
      return
    }
    let status: FileStatus
    do throws(Errno) {
      status = try rules.status(name, in: level.directory, node: node)
    } catch {
      let problem = SourceProblem.system("statx", error)
      context.fail(.scan, path(), node == nil ? problem.message : "\(error.text) (statx)")
      return
    }
    if node == nil, rules.excludesSize(status) {
      context.exclude(path())
      return
    }
    if let device = rules.device(name, status, in: level.directory) {
      try visitDevice(name, device, in: level)
      return
    }
    try visit(name, status, in: level, node: node)
  }

  private func visit(
    _ name: FileName, _ status: FileStatus, in level: WalkLevel, node: BackupTargets.Node?
  ) throws(VaultError) {
    let finding = try level.previous?.find(name) ?? .absent
    let link = hardLink(status)
    if status.type == .directory {
      try visitDirectory(name, status, in: level, node: node, finding)
      return
    }
    levels[levels.count - 1].entryCount += 1
    if finding != .absent, let previous = level.previous,
      previous.withFound({ isUnchanged($0, status, link) }), try previous.isWhole(),
      try isVerified(previous, name, status, in: level)
    {
      try takeOver(previous, finding, in: level, name, status)
    } else if status.type == .regular {
      try emitLevels()
      try visitFile(name, status, link, in: level, isKnown: finding != .absent)
    } else {
      try emitLevels()
      try visitOther(name, status, link, in: level, isKnown: finding != .absent)
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
    _ previous: PreviousDirectory, _ name: FileName, _ status: FileStatus, in level: WalkLevel
  ) throws(VaultError) -> Bool {
    guard let verification, status.type == .regular, status.size > 0 else { return true }
    return try verification.verify(
      name, status, in: level.directory, previous.withFound { $0.entry }, nodes: previous.source)
  }

  private func takeOver(
    _ previous: PreviousDirectory, _ finding: PreviousDirectory.Finding, in level: WalkLevel,
    _ name: FileName, _ status: FileStatus
  ) throws(VaultError) {
    let size = status.type == .regular ? status.size : 0
    context.progress.bytes.wrappingAdd(size, ordering: .relaxed)
    context.finish(
      level.directory.path.appending(name), isDirectory: false, .unchanged, size: size)
    if !levels[levels.count - 1].isEmitted && finding == .next {
      match()
      return
    }
    try emitLevels()
    let encoded = previous.withFound { Array(copying: $0.encoded) }
    try unsafe takeOver(encoded.span.bytes)
  }

  private func visitFile(
    _ name: FileName, _ status: FileStatus, _ link: Entry.HardLink?, in level: WalkLevel,
    isKnown: Bool
  ) throws(VaultError) {
    let draft = FileDraft(
      directory: level.directory, name: name, status: status, hardLink: link, isKnown: isKnown)
    if status.size >= Self.largeSize {
      try LargeFile(draft, walker: self).read()
      return
    }
    batch.files.append(draft)
    batch.size += status.size
    add(.file(batch.files.count - 1))
  }

  // What is on a device is no matter of its times: it is always read.
  private func visitDevice(
    _ name: FileName, _ status: FileStatus, in level: WalkLevel
  ) throws(VaultError) {
    let finding = try level.previous?.find(name) ?? .absent
    levels[levels.count - 1].entryCount += 1
    try emitLevels()
    let draft = FileDraft(
      directory: level.directory, name: name, status: status, hardLink: nil,
      isKnown: finding != .absent)
    try LargeFile(draft, isDevice: true, walker: self).read()
  }

  private func visitOther(
    _ name: FileName, _ status: FileStatus, _ link: Entry.HardLink?, in level: WalkLevel,
    isKnown: Bool
  ) throws(VaultError) {
    let directory = level.directory.descriptor.raw
    let path = { level.directory.path.appending(name) }
    let kind: Entry.Kind
    do throws(SourceProblem) { kind = try otherKind(name, status, in: directory) } catch {
      context.fail(.archive, path(), error.message)
      return
    }
    let attributes = try SourceAttributes(of: .name(name, at: directory), lane: lane)
    batch.add(context.entry(name, status, kind: kind, link: link, attributes: attributes))
    context.tell(attributes, of: path())
    context.finish(path(), isDirectory: false, isKnown ? .modified : .new, size: 0)
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
    _ name: FileName, _ status: FileStatus, in level: WalkLevel, node: BackupTargets.Node?,
    _ finding: PreviousDirectory.Finding
  ) throws(VaultError) {
    let before =
      finding == .absent
      ? nil
      : level.previous.map { previous in
        Before(entry: previous.withFound { $0.entry }, isNext: finding == .next)
      }
    do throws(SourceProblem) {
      let directory = try rules.open(name, in: level.directory, node: node)
      try enter(
        directory, name: name, status: status, node: node, before: before,
        isLeftEmpty: rules.leavesEmpty(status, in: level.device, node: node))
    } catch {
      if case .vault(let failure) = error { throw failure }
      context.fail(.scan, level.directory.path.appending(name), error.message)
      // It was passed over in the last snapshot's list: what matched before it is handed over now,
      // or later matches would be counted in its place.
      try emitLevels()
    }
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
