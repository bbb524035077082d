// Takes away what the snapshot does not have. Never a link's target, nothing on another file system
// that is mounted there, nothing that patterns leave out, and no folder that must stay, such as the
// repository.

import Glibc
import Platform

/// Deletes names and all that lies below them.
struct Deletion {
  private let context: RestoreContext
  private let isDry: Bool

  init(_ context: RestoreContext) {
    self.context = context
    isDry = context.options.isDryRun
  }

  /// What became of a name and all below it, or would; the worst of it counts.
  enum Outcome: Int, Sendable {
    case gone
    /// What is never deleted is kept.
    case kept
    /// Something is left that patterns leave out, or that could not be deleted.
    case left
  }

  /// What becomes of a name at the first look.
  private enum Beginning {
    case gone
    case kept
    /// A folder that may go with what is in it.
    case entered(DeletedFolder)
  }

  /// Deletes a name in a folder, where `state` stands in the patterns.
  @discardableResult
  func delete(
    _ name: FileName, in directory: RestoreDirectory, _ state: RestoreSelection.State
  ) -> Outcome {
    guard let parent = directory.openDirectory else { return .left }
    let place = DeletionPlace.target(directory, parent)
    do throws(Errno) {
      let device = try FileStatus.of(place.raw).device
      let chain = PathChain(name, in: directory.chain)
      switch try begin(name, in: place, device, chain, state) {
      case .gone: return .gone
      case .kept: return .kept
      case .entered(let folder): return finish(folder, in: place)
      }
    } catch {
      context.fail(directory.path.appending(name), "deleting it", error)
      return .left
    }
  }

  /// Takes a folder away whose name something else is to have, or looks whether that can be.
  ///
  /// - Throws: `busy` if something in it is never deleted, or it is not itself; `notEmpty` if
  ///   something is left in it for another reason.
  func makeWay(_ name: FileName, in directory: RestoreDirectory) throws(Errno) {
    guard let raw = directory.openDirectory?.descriptor.raw else { throw .notFound }
    let status = try FileStatus.of(name, at: raw)
    guard !status.isMountRoot, try status.device == FileStatus.of(raw).device,
      !context.isProtected(status)
    else { throw .busy }
    guard context.options.deletesExtra, !directory.isMounted else {
      do throws(Errno) { return try removeEmpty(name, in: directory) } catch {
        throw error == .notEmpty && directory.isMounted ? Errno.busy : error
      }
    }
    // What patterns leave out stays, and the folder with it.
    switch delete(name, in: directory, directory.patterns) {
    case .gone: return
    case .kept: throw .busy
    case .left: throw .notEmpty
    }
  }

  private func removeEmpty(_ name: FileName, in directory: RestoreDirectory) throws(Errno) {
    try directory.changing(context) { (raw) throws(Errno) in
      guard !isDry else { return try requireEmpty(name, in: raw) }
      do throws(Errno) { try DirectoryChange.removeDirectory(name, in: raw) } catch {
        guard error == .notPermitted else { throw error }
        // Of one with such flags the system does not say whether it is empty.
        try requireEmpty(name, in: raw)
        try FolderOpening.opening(name, in: raw) { () throws(Errno) in
          try DirectoryChange.removeDirectory(name, in: raw)
        }
      }
    }
  }

  private func requireEmpty(_ name: FileName, in raw: Int32) throws(Errno) {
    let folder = try Descriptor.openSource(name, at: raw, flags: O_DIRECTORY)
    guard try DirectoryListing(of: folder).count == 0 else { throw .notEmpty }
  }

  // Deletes what is no folder; a folder is opened, if it may go.
  private func begin(
    _ name: FileName, in place: DeletionPlace, _ device: UInt64, _ chain: PathChain,
    _ state: RestoreSelection.State
  ) throws(Errno) -> Beginning {
    let status = try place.changing(context) { (raw) throws(Errno) in
      try FileStatus.of(name, at: raw)
    }
    // Files can be on another device than their folder without being mounted: overlays have that.
    let isFolder = status.type == .directory
    guard !status.isMountRoot, !isFolder || status.device == device else {
      context.fail(chain.path, "is kept: another file system is mounted there", .kept)
      return .kept
    }
    guard !context.isProtected(status) else {
      context.fail(chain.path, RestoreContext.reason(toKeep: status), .kept)
      return .kept
    }
    guard isFolder else {
      if !isDry { try remove(name, in: place) }
      let size = status.type == .regular ? status.size : 0
      context.finish(.delete, .extra, chain.path, size: size)
      return .gone
    }
    let below = context.options.selection.enter(name, from: state)
    return .entered(
      try DeletedFolder(name, status, in: place.raw, chain, below, mayOpen: !isDry))
  }

  private func remove(_ name: FileName, in place: DeletionPlace) throws(Errno) {
    try place.changing(context) { (raw) throws(Errno) in try Self.remove(name, in: raw) }
  }

  /// Removes what is no folder; what must not be changed must not be removed either, and is changed
  /// first.
  static func remove(_ name: FileName, in raw: Int32) throws(Errno) {
    do throws(Errno) { try DirectoryChange.remove(name, in: raw) } catch {
      guard error == .notPermitted else { throw error }
      try FolderOpening.opening(name, in: raw) { () throws(Errno) in
        try DirectoryChange.remove(name, in: raw)
      }
    }
  }

  private func finish(_ first: DeletedFolder, in parent: DeletionPlace) -> Outcome {
    var folders = [first]
    while let folder = folders.last, !context.isStopped {
      if let name = folder.next() {
        visit(name, in: folder, &folders)
      } else {
        folders.removeLast()
        leave(folder, in: folders.last.map { .folder($0) } ?? parent)
        folders.last?.note(folder.outcome)
      }
    }
    for folder in folders { folder.close() }
    return folders.isEmpty ? first.outcome : .left
  }

  private func visit(_ name: FileName, in folder: DeletedFolder, _ folders: inout [DeletedFolder]) {
    guard context.options.selection.selects(name, in: folder.state) else {
      return folder.note(.left)
    }
    let chain = PathChain(name, in: folder.chain)
    do throws(Errno) {
      switch try begin(name, in: .folder(folder), folder.device, chain, folder.state) {
      case .gone: break
      case .kept: folder.note(.kept)
      case .entered(let below): folders.append(below)
      }
    } catch {
      folder.note(.left)
      context.fail(chain.path, "deleting it", error)
    }
  }

  private func leave(_ folder: DeletedFolder, in place: DeletionPlace) {
    guard folder.outcome == .gone else { return folder.close() }
    do throws(Errno) {
      if !isDry { try remove(folder, in: place) }
      context.finish(.delete, .extra, folder.chain.path)
    } catch {
      folder.note(.left)
      folder.close()
      context.fail(folder.chain.path, "deleting it", error)
    }
  }

  private func remove(_ folder: DeletedFolder, in place: DeletionPlace) throws(Errno) {
    do throws(Errno) {
      try place.changing(context) { (raw) throws(Errno) in
        try DirectoryChange.removeDirectory(folder.name, in: raw)
      }
    } catch {
      guard error == .notPermitted, folder.unlock() else { throw error }
      try DirectoryChange.removeDirectory(folder.name, in: place.raw)
    }
  }
}
