// Names of one file. The first that is met is restored; the others become links to it, at once or
// when it is complete. A group is forgotten when as many names were met as the file has.
//
// Invariant: names of one group are alike in all that a file cannot have twice. A backup can meet an
// inode number again that another file had before it was deleted.

import Glibc
import Platform
import Vault

/// A file with several names.
final class LinkGroup: @unchecked Sendable {
  let directory: PathChain
  let name: FileName
  private let lock = Lock()
  private var outcome: Outcome?
  private var waiting: [FurtherName] = []

  init(_ entry: Entry, in directory: RestoreDirectory) {
    self.directory = directory.chain
    name = entry.name
  }

  /// What became of the file.
  enum Outcome: Sendable {
    case isThere
    case lost(RestoreTrouble)
  }

  var path: FilePath { directory.path.appending(name) }

  /// Lets another name wait; where the outcome is known it is answered, and nothing waits.
  func add(_ name: FurtherName) -> Outcome? {
    lock.withLock {
      if outcome == nil { waiting.append(name) }
      return outcome
    }
  }

  /// Notes what became of the file, and answers the names that waited.
  func settle(_ outcome: Outcome) -> [FurtherName] {
    lock.withLock {
      self.outcome = outcome
      let names = waiting
      waiting = []
      return names
    }
  }
}

/// Another name of a file.
struct FurtherName: Sendable {
  let entry: Entry
  let directory: RestoreDirectory
  /// Whether something has the name already.
  let exists: Bool

  var path: FilePath { directory.path.appending(entry.name) }
}

/// The files with several names of which some were not met yet.
struct LinkTable {
  private struct Row {
    let group: LinkGroup
    var remaining: UInt64
  }

  private let hasher: ChunkHasher
  private var rows: [ChunkID: Row] = [:]
  // Files of the target with several names, by device and inode, that are one of the snapshot's.
  private let taken = TemporaryMap()

  init(_ hasher: ChunkHasher) { self.hasher = hasher }

  /// The group that an entry is a further name of; nil if it is the first.
  mutating func find(_ entry: Entry) -> LinkGroup? {
    guard let key = entry.linkKey(hasher), let row = rows[key] else { return nil }
    if row.remaining <= 1 { rows[key] = nil } else { rows[key]?.remaining -= 1 }
    return row.group
  }

  /// The group that begins with an entry; nil if the file has one name.
  mutating func begin(_ entry: Entry, in directory: RestoreDirectory) -> LinkGroup? {
    guard let link = entry.hardLink, let key = entry.linkKey(hasher) else { return nil }
    let group = LinkGroup(entry, in: directory)
    rows[key] = Row(group: group, remaining: link.count - 1)
    return group
  }

  /// Whether what is there under the first name of a file became another file of the snapshot
  /// before; if not, it becomes this one.
  func takes(_ status: FileStatus?, for entry: Entry) throws(VaultError) -> Bool {
    guard entry.hardLink != nil, let status, status.links > 1,
      status.type != .directory
    else { return false }
    var key = ByteWriter()
    key.u64(status.device)
    key.u64(status.inode)
    if try taken.get(key.bytes) != nil { return true }
    try taken.set(key.bytes, to: [1])
    return false
  }
}

extension Entry {
  /// What all names of one file have in common, as a hash; nil for what has one name.
  func linkKey(_ hasher: ChunkHasher) -> ChunkID? {
    guard let hardLink, children == nil else { return nil }
    var alike = Entry(
      name: Self.rootName, kind: kind, mode: mode, uid: uid, gid: gid, mtime: mtime)
    alike.birthTime = birthTime
    alike.inode = inode
    // The count changes when names come and go meanwhile.
    alike.hardLink = HardLink(device: hardLink.device, count: 2)
    let bytes = alike.encoded
    return unsafe bytes.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .tree) }
  }
}

/// Makes links for one thread, not shared.
final class LinkMaker {
  private let context: RestoreContext
  private let root: RestoreDirectory
  // The folder of the group before, which the next is likely to be in too.
  private var last: (chain: PathChain, directory: SharedDescriptor)?

  init(context: RestoreContext, root: RestoreDirectory) {
    self.context = context
    self.root = root
  }

  /// Ends the wait of all who waited for a file.
  func settle(_ group: LinkGroup?, _ outcome: LinkGroup.Outcome, _ reader: ChunkReader) {
    guard let group else { return }
    for name in group.settle(outcome) { link(name, to: group, outcome, reader) }
  }

  /// Gives a file another name, or tells why not.
  func link(
    _ name: FurtherName, to group: LinkGroup, _ outcome: LinkGroup.Outcome, _ reader: ChunkReader
  ) {
    defer { name.directory.endPart(context, reader) }
    guard !context.isStopped else { return }
    if case .lost(let trouble) = outcome {
      let message = "is another name of \(group.path), which could not be restored"
      context.fail(name.path, message, trouble)
      return
    }
    do throws(Errno) { try link(name, to: group) } catch {
      context.failToPlace(name.path, "hard link to \(group.path)", error)
    }
  }

  private func link(_ name: FurtherName, to group: LinkGroup) throws(Errno) {
    let source = try? folder(group.directory)
    let first = source.flatMap { try? FileStatus.of(group.name, at: $0.descriptor.raw) }
    let own = name.directory.openDirectory.flatMap { directory in
      try? FileStatus.of(name.entry.name, at: directory.descriptor.raw)
    }
    if let first, let own, own.isSameFile(as: first) {
      context.finish(.leave, .same, name.path)
      return
    }
    if !context.options.isDryRun {
      guard let source else { throw .notFound }
      let temporary = temporaryFileName()
      try name.directory.changing(context) { (raw) throws(Errno) in
        try DirectoryChange.link(group.name, in: source.descriptor.raw, as: temporary, in: raw)
      }
      try Arrival(name: temporary, directory: name.directory, context: context)
        .settle(as: name.entry.name, replacing: name.exists)
    }
    context.finish(
      own == nil ? .create : .replace, own == nil ? .absent : .otherLink, name.path)
  }

  private func folder(_ chain: PathChain) throws(Errno) -> SharedDescriptor {
    if let last, last.chain === chain { return last.directory }
    guard let target = root.openDirectory else { throw .notFound }
    let folder = try target.passage(along: chain.names)
    last = (chain, folder)
    return folder
  }
}

extension SharedDescriptor {
  /// The folder at the end of names, one at a time and through no link, to be gone through only.
  func passage(along names: [FileName]) throws(Errno) -> SharedDescriptor {
    var folder = self
    for name in names {
      let flags = Descriptor.passage | O_DIRECTORY | O_NOFOLLOW
      do throws(SystemError) {
        folder = SharedDescriptor(
          try Descriptor.open(FilePath(name.bytes), flags, at: folder.descriptor.raw))
      } catch { throw error.errno }
    }
    return folder
  }
}
