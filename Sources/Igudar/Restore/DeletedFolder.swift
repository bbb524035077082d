// One folder on the way of a deletion. A folder of one's own can be closed to oneself, and flags can
// forbid to change it: it is opened for what is deleted in it, and closed again if it stays.

import Glibc
import Platform

/// A folder that goes with what is in it, if all of that may go.
final class DeletedFolder {
  let name: FileName
  let folder: SharedDescriptor
  let chain: PathChain
  /// Where it stands in the patterns.
  let state: RestoreSelection.State
  let device: UInt64
  private(set) var outcome = Deletion.Outcome.gone
  private var opening: FolderOpening?
  private var isUnlocked = false
  private let listing: DirectoryListing
  private var position = 0

  /// Opens a folder, whose mode is changed if it must be and `mayOpen` says so.
  init(
    _ name: FileName, _ status: FileStatus, in parent: Int32, _ chain: PathChain,
    _ state: RestoreSelection.State, mayOpen: Bool
  ) throws(Errno) {
    self.name = name
    self.chain = chain
    self.state = state
    do throws(Errno) { folder = try Self.open(name, in: parent) } catch {
      guard error == .accessDenied, mayOpen,
        (try? MetadataPlace.name(name, directory: parent).setMode(status.mode | 0o700)) != nil
      else { throw error }
      opening = FolderOpening(mode: status.mode)
      folder = try Self.open(name, in: parent)
    }
    device = try FileStatus.of(folder.descriptor.raw).device
    listing = try DirectoryListing(of: folder.descriptor)
  }

  private static func open(_ name: FileName, in raw: Int32) throws(Errno) -> SharedDescriptor {
    SharedDescriptor(try Descriptor.openSource(name, at: raw, flags: O_DIRECTORY))
  }

  /// The next name in it.
  func next() -> FileName? {
    guard position < listing.count else { return nil }
    defer { position += 1 }
    return listing.name(position)
  }

  /// Takes in what became of something in it, or of itself.
  func note(_ more: Deletion.Outcome) {
    if more.rawValue > outcome.rawValue { outcome = more }
  }

  /// Takes away what forbids to change it; false if nothing does, or not any more.
  func unlock() -> Bool {
    guard !isUnlocked else { return false }
    isUnlocked = true
    // One that was opened to be read has nothing else in the way but flags.
    let further = FolderOpening(place)
    opening = opening?.with(further) ?? further
    return further != nil
  }

  private var place: MetadataPlace { .descriptor(folder.descriptor.raw) }

  /// Gives back what was taken away, as it stays.
  func close() { opening?.close(place) }
}

/// Where something is deleted.
enum DeletionPlace {
  /// A folder of the target, and its descriptor.
  case target(RestoreDirectory, SharedDescriptor)
  case folder(DeletedFolder)

  var raw: Int32 {
    switch self {
    case .target(_, let open): open.descriptor.raw
    case .folder(let folder): folder.folder.descriptor.raw
    }
  }

  /// Changes something in it; where its mode or flags forbid that, they are changed first.
  func changing<Result>(
    _ context: RestoreContext, _ change: (Int32) throws(Errno) -> Result
  ) throws(Errno) -> Result {
    switch self {
    case .target(let directory, _): return try directory.changing(context, change)
    case .folder(let folder):
      do throws(Errno) { return try change(raw) } catch {
        guard error == .notPermitted || error == .accessDenied, !context.options.isDryRun,
          folder.unlock()
        else { throw error }
        return try change(raw)
      }
    }
  }
}
