// What the listing of the sources tells the walk: one item for each name that it meets, in the order
// of the tree, and one where a directory ends.

import Platform
import Vault

/// What was found under the next name, or that there is no next name.
enum ListedItem: Sendable {
  /// Something that is no directory.
  case entry(FileStatus)
  /// A block device, or a link to one, that is saved as a file with this status.
  case device(FileStatus)
  /// A directory; what is in it follows, and its end.
  case directory(ListedDirectory)
  /// A directory that cannot be opened or listed, or something that cannot be kept; for the root it
  /// is the only item.
  case refused(SourceProblem)
  /// Something that cannot be looked at.
  case unseen(Errno)
  /// Something that is left out.
  case excluded
  /// The directory entered last ends.
  case end
  /// Something by its place among the names of a directory, which says that it is none itself; it is
  /// still to be looked at.
  case unlooked(Int)
}

/// A directory that is open and listed.
final class ListedDirectory: Sendable {
  let directory: OpenDirectory
  let status: FileStatus
  /// The way to targets, when only that is walked.
  let way: BackupTargets.Node?
  let names: WalkNames
  /// Where it stands in the patterns that exclude.
  let patternState: PatternSet.State?
  let marks: InodeMarks
  /// Whether it is known to have no extended attributes.
  let hasNoAttributes: Bool

  init(
    _ directory: OpenDirectory, _ status: FileStatus, names: WalkNames, way: BackupTargets.Node?,
    patternState: PatternSet.State?
  ) {
    self.directory = directory
    self.status = status
    self.names = names
    self.way = way
    self.patternState = patternState
    let raw = directory.descriptor.raw
    marks = way == nil ? InodeMarks(of: raw) : InodeMarks(ofPassage: raw)
    hasNoAttributes = way == nil && (try? AttributeTarget.descriptor(raw).names().isEmpty) == true
  }
}

/// The names to visit in a directory, ascending.
enum WalkNames: Sendable {
  case listed(DirectoryListing)
  case given([FileName])

  var count: Int {
    switch self {
    case .listed(let listing): listing.count
    case .given(let names): names.count
    }
  }

  func name(_ index: Int) -> FileName {
    switch self {
    case .listed(let listing): listing.name(index)
    case .given(let names): names[index]
    }
  }

  /// How many bytes a name has.
  func length(_ index: Int) -> Int { withName(index) { $0.byteCount } }

  /// What the directory says of a name's type, if it does.
  func type(_ index: Int) -> FileType? {
    guard case .listed(let listing) = self else { return nil }
    return listing.type(index)
  }

  /// Hands out the bytes of a name in place.
  func withName<Result, Failure: Error>(
    _ index: Int, _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .listed(let listing):
      let bytes = unsafe listing.bytes(index)
      defer { withExtendedLifetime(listing) {} }
      return try unsafe body(bytes.bytes)
    case .given(let names):
      let name = names[index].bytes
      return try unsafe body(name.span.bytes)
    }
  }
}
