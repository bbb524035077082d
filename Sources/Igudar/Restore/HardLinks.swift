// Names of one file. The first that is met is restored; the others become links to it, at once or
// when it is complete.
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
  private let monitor = Monitor()
  private let opening = Lock()
  private var known: Outcome?
  private var waiting: [FurtherName] = []

  /// A group that begins with this name; with the outcome where that is known.
  init(_ name: FileName, in directory: PathChain, outcome: Outcome? = nil) {
    self.name = name
    self.directory = directory
    known = outcome
  }

  /// What became of the file.
  enum Outcome: Sendable {
    case isThere
    /// The first name has no place; others can have theirs.
    case displaced
    case lost(RestoreTrouble)
  }

  /// The outcome if it is known.
  var outcome: Outcome? { monitor.withLock { known } }

  var path: FilePath { directory.path.appending(name) }

  /// Lets another name wait; where the outcome is known it is answered, and nothing waits.
  func add(_ name: FurtherName) -> Outcome? {
    monitor.withLock {
      if known == nil { waiting.append(name) }
      return known
    }
  }

  /// Does something that flags of the file in this folder may forbid, alone; they are given back.
  ///
  /// - Throws: `notPermitted` if nothing is in the way that may be taken away.
  func opening(
    in folder: borrowing Descriptor, _ change: () throws(Errno) -> Void
  ) throws(Errno) {
    let raw = folder.raw
    try opening.withLock { () throws(Errno) in
      do throws(Errno) { try change() } catch {
        guard error == .notPermitted else { throw error }
        try FolderOpening.opening(name, in: raw, change)
      }
    }
  }

  /// Waits until it is known what became of the file.
  func waitForOutcome() {
    monitor.withLock { monitor.wait { known != nil } }
  }

  /// Notes what became of the file, and answers the names that waited.
  func settle(_ outcome: Outcome) -> [FurtherName] {
    monitor.withLock {
      known = outcome
      monitor.broadcast()
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
    if case .displaced = outcome, !context.isStopped, context.displaced.add(name, of: group) {
      return
    }
    defer { name.directory.endPart(context, reader) }
    guard !context.isStopped else { return }
    switch outcome {
    case .isThere:
      do throws(Errno) { try link(name, to: group) } catch {
        context.failToPlace(name.path, "hard link to \(group.path)", error)
      }
    case .displaced: failWith(group, name, .failed)
    case .lost(let trouble): failWith(group, name, trouble)
    }
  }

  private func failWith(_ group: LinkGroup, _ name: FurtherName, _ trouble: RestoreTrouble) {
    context.fail(
      name.path, "is another name of \(group.path), which could not be restored", trouble)
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
      // What must not be changed gets no names either.
      if name.entry.inodeFlags & InodeFlags.protecting == 0 {
        try make(name, to: group, in: source)
      } else {
        try group.opening(in: source.descriptor) { () throws(Errno) in
          try make(name, to: group, in: source)
        }
      }
    }
    context.finish(
      own == nil ? .create : .replace, own == nil ? .absent : .otherLink, name.path)
  }

  private func make(
    _ name: FurtherName, to group: LinkGroup, in source: SharedDescriptor
  ) throws(Errno) {
    let temporary = temporaryFileName()
    try name.directory.changing(context) { (raw) throws(Errno) in
      try DirectoryChange.link(group.name, in: source.descriptor.raw, as: temporary, in: raw)
    }
    try Arrival(name: temporary, directory: name.directory, context: context)
      .settle(as: name.entry.name, replacing: name.exists)
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
