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

  /// A folder on the way.
  private final class Level {
    let folder: SharedDescriptor
    let name: FileName
    let chain: PathChain
    let state: RestoreSelection.State
    let device: UInt64
    let listing: DirectoryListing
    var next = 0
    var isKept = false

    init(
      _ name: FileName, _ folder: SharedDescriptor, _ chain: PathChain,
      _ state: RestoreSelection.State
    ) throws(Errno) {
      self.name = name
      self.folder = folder
      self.chain = chain
      self.state = state
      device = try FileStatus.of(folder.descriptor.raw).device
      listing = try DirectoryListing(of: folder.descriptor)
    }
  }

  /// What becomes of a name at the first look.
  private enum Beginning {
    case gone
    case kept
    /// A folder that may go with what is in it.
    case entered(Level)
  }

  /// Deletes a name in a folder, where `state` stands in the patterns; answers whether all of it is
  /// gone, or would be.
  @discardableResult
  func delete(
    _ name: FileName, in directory: RestoreDirectory, _ state: RestoreSelection.State
  ) -> Bool {
    guard let parent = directory.openDirectory else { return false }
    do throws(Errno) {
      return try directory.changing(context) { (raw) throws(Errno) in
        let device = try FileStatus.of(raw).device
        let chain = PathChain(name, in: directory.chain)
        switch try begin(name, in: parent, device, chain, state) {
        case .gone: return true
        case .kept: return false
        case .entered(let level): return finish(level, in: parent)
        }
      }
    } catch {
      context.fail(directory.path.appending(name), "deleting it", error)
      return false
    }
  }

  // Deletes what is no folder; a folder is opened, if it may go.
  private func begin(
    _ name: FileName, in folder: SharedDescriptor, _ device: UInt64, _ chain: PathChain,
    _ state: RestoreSelection.State
  ) throws(Errno) -> Beginning {
    let raw = folder.descriptor.raw
    let status = try FileStatus.of(name, at: raw)
    guard status.type == .directory else {
      if !isDry { try DirectoryChange.remove(name, in: raw) }
      let size = status.type == .regular ? status.size : 0
      context.finish(.delete, .extra, chain.path, size: size)
      return .gone
    }
    guard status.device == device, !status.isMountRoot else {
      context.fail(chain.path, "is kept: another file system is mounted there", .kept)
      return .kept
    }
    guard !context.isProtected(status) else {
      context.fail(chain.path, RestoreContext.protected, .kept)
      return .kept
    }
    let own = SharedDescriptor(
      try Descriptor.openSource(name, at: raw, flags: O_DIRECTORY))
    let below = context.options.selection.enter(name, from: state)
    return .entered(try Level(name, own, chain, below))
  }

  private func finish(_ first: Level, in parent: SharedDescriptor) -> Bool {
    var levels = [first]
    while let level = levels.last, !context.isStopped {
      if level.next < level.listing.count {
        let name = level.listing.name(level.next)
        level.next += 1
        visit(name, in: level, &levels)
      } else {
        levels.removeLast()
        leave(level, in: levels.last?.folder ?? parent)
        if level.isKept { levels.last?.isKept = true }
      }
    }
    return levels.isEmpty && !first.isKept
  }

  private func visit(_ name: FileName, in level: Level, _ levels: inout [Level]) {
    guard context.options.selection.selects(name, in: level.state) else {
      level.isKept = true
      return
    }
    let chain = PathChain(name, in: level.chain)
    do throws(Errno) {
      switch try begin(name, in: level.folder, level.device, chain, level.state) {
      case .gone: break
      case .kept: level.isKept = true
      case .entered(let below): levels.append(below)
      }
    } catch {
      level.isKept = true
      context.fail(chain.path, "deleting it", error)
    }
  }

  private func leave(_ level: Level, in folder: SharedDescriptor) {
    guard !level.isKept else { return }
    do throws(Errno) {
      if !isDry {
        try DirectoryChange.removeDirectory(level.name, in: folder.descriptor.raw)
      }
      context.finish(.delete, .extra, level.chain.path)
    } catch {
      level.isKept = true
      context.fail(level.chain.path, "deleting it", error)
    }
  }
}
