// Which entries a backup visits: targets and the way to them, patterns, tags, sizes, file systems.
// The walk and the scan that counts before it go by the same rules.

import Glibc
import Platform

/// What a walk visits and what it leaves out.
struct WalkRules {
  private let exclusion: Exclusion
  private let staysOnFileSystem: Bool
  private let readsDevices: Bool
  private let base: FilePath
  // Where the file systems begin in which folders were named: one can be mounted in another.
  private let targetRoots: Set<FileIdentity>

  init(_ options: BackupOptions, targets: BackupTargets) {
    exclusion = options.exclusion
    staysOnFileSystem = options.staysOnFileSystem
    readsDevices = options.readsDevices
    base = targets.base
    targetRoots = options.staysOnFileSystem ? Set(targets.paths.compactMap(Self.root)) : []
  }

  /// The names to visit in a directory: what leads to targets, or all, or only the tag that
  /// excludes the rest.
  func names(
    of directory: OpenDirectory, node: BackupTargets.Node?
  ) throws(SourceProblem) -> WalkNames {
    if let node, !node.isTarget { return .given(node.children.map(\.name)) }
    if let tag = exclusion.tag(in: directory) { return .given([tag]) }
    do throws(Errno) { return .listed(try DirectoryListing(of: directory.descriptor)) } catch {
      throw .system("getdents", error)
    }
  }

  /// Where the root of the walk stands in the patterns that exclude.
  var rootState: PatternSet.State? { exclusion.patterns?.state(of: base) }

  /// Where a directory stands by its absolute path.
  func state(of path: FilePath) -> PatternSet.State? { exclusion.patterns?.state(of: path) }

  /// Where a directory stands in the patterns that exclude.
  func state(of name: FileName, in state: PatternSet.State?) -> PatternSet.State? {
    guard let patterns = exclusion.patterns, let state else { return nil }
    return unsafe patterns.enter(name.bytes.span.bytes, from: state)
  }

  /// Whether a pattern leaves a name out.
  func excludes(_ name: FileName, in state: PatternSet.State?) -> Bool {
    guard let patterns = exclusion.patterns, let state else { return false }
    return unsafe patterns.matches(name.bytes.span.bytes, in: state)
  }

  /// Whether a pattern leaves a listed name out.
  func excludes(_ names: WalkNames, _ index: Int, in state: PatternSet.State?) -> Bool {
    guard let patterns = exclusion.patterns, let state else { return false }
    return names.withName(index) { patterns.matches($0, in: state) }
  }

  /// Whether a file is left out for its size.
  func excludesSize(_ status: FileStatus) -> Bool {
    status.type == .regular && exclusion.sizeLimit?.excludes(status.size) ?? false
  }

  /// Whether a directory is left empty, as another file system begins there.
  func leavesEmpty(
    _ status: FileStatus, in device: UInt64, node: BackupTargets.Node?
  ) -> Bool {
    staysOnFileSystem && node == nil && status.device != device
      && !targetRoots.contains(status.identity)
  }

  // MARK: Looking and opening

  /// The status of a name; a link on the way to a target is followed, as the kernel does.
  func status(
    _ name: FileName, in directory: OpenDirectory, node: BackupTargets.Node?
  ) throws(Errno) -> FileStatus {
    guard let node, !node.isTarget else {
      return try FileStatus.of(name, at: directory.descriptor.raw)
    }
    return try unsafe name.withCString { (name) throws(Errno) in
      try unsafe FileStatus.of(name, at: directory.descriptor.raw, flags: 0)
    }
  }

  /// The same of a listed name.
  func status(
    _ names: WalkNames, _ index: Int, in directory: OpenDirectory, node: BackupTargets.Node?
  ) throws(Errno) -> FileStatus {
    guard case .listed(let listing) = names else {
      return try status(names.name(index), in: directory, node: node)
    }
    return try unsafe FileStatus.of(
      listing.cName(index), at: directory.descriptor.raw, flags: AT_SYMLINK_NOFOLLOW)
  }

  /// The block device whose content is saved in the place of an entry, if it is one or a link to one
  /// and that is wanted.
  func device(
    _ name: FileName, _ status: FileStatus, in directory: OpenDirectory
  ) -> FileStatus? {
    guard readsDevices, status.type == .blockDevice || status.type == .symbolicLink else {
      return nil
    }
    return BlockDevice.status(name, at: directory.descriptor.raw)
  }

  /// The same of a listed name.
  func device(
    _ names: WalkNames, _ index: Int, _ status: FileStatus, in directory: OpenDirectory
  ) -> FileStatus? {
    guard readsDevices else { return nil }
    return device(names.name(index), status, in: directory)
  }

  /// Opens a directory; on the way to a target the right to pass through is enough.
  func open(
    _ name: FileName, in directory: OpenDirectory, node: BackupTargets.Node?
  ) throws(SourceProblem) -> OpenDirectory {
    do throws(Errno) {
      let isWay = node.map { !$0.isTarget } ?? false
      let descriptor =
        try isWay
        ? Descriptor.openPassage(name, at: directory.descriptor.raw)
        : Descriptor.openSource(name, at: directory.descriptor.raw, flags: O_DIRECTORY)
      return OpenDirectory(descriptor, name, in: directory)
    } catch { throw .system("open", error) }
  }

  /// Opens the directory where the walk begins.
  func openBase(_ root: BackupTargets.Node) throws(SourceProblem) -> OpenDirectory {
    do throws(SystemError) {
      let flags = root.isTarget ? O_RDONLY : Descriptor.passage
      return OpenDirectory(try Descriptor.open(base, flags | O_DIRECTORY), path: base)
    } catch { throw .system("open", error.errno) }
  }
}

extension WalkRules {
  // The folder where the file system begins that a folder lies on; nil for what is no folder.
  private static func root(of path: FilePath) -> FileIdentity? {
    guard var folder = realPath(path), var status = try? FileStatus.of(folder),
      status.type == .directory
    else { return nil }
    while folder.parent != folder, let above = try? FileStatus.of(folder.parent),
      above.device == status.device
    {
      (folder, status) = (folder.parent, above)
    }
    return status.identity
  }
}
