// The thread of the listing: goes through the sources as the walk does, and says what it finds. Nothing
// recurs, and nothing is kept of what is told.

import Platform

/// The listing's way through the sources, on its thread.
final class SourceLister {
  private let targets: BackupTargets
  private let rules: WalkRules
  private let blocks: Channel<ListingBlock>
  private let used: UsedBlocks
  private var block = ListingBlock()
  private var levels: [Level] = []

  private struct Level {
    let directory: ListedDirectory
    var position = 0
  }

  init(
    _ targets: BackupTargets, _ rules: WalkRules, to blocks: Channel<ListingBlock>,
    freeing used: UsedBlocks
  ) {
    self.targets = targets
    self.rules = rules
    self.blocks = blocks
    self.used = used
  }

  func list() {
    guard enterRoot() else { return }
    while let level = levels.last {
      if Interrupt.requested != 0 { return }
      let position = level.position
      if position < level.directory.names.count {
        levels[levels.count - 1].position += 1
        guard visit(position, in: level.directory) else { return }
      } else {
        levels.removeLast()
        guard tell(.end) else { return }
      }
    }
    handOver()
  }

  // False when nobody listens any more.
  private func tell(_ item: ListedItem) -> Bool {
    block.append(item)
    return !block.isFull || handOver()
  }

  private func tell(unlooked index: Int, in level: ListedDirectory) -> Bool {
    block.append(unlooked: index, in: level)
    return !block.isFull || handOver()
  }

  @discardableResult
  private func handOver() -> Bool {
    var full = block
    block = ListingBlock(like: full)
    used.free()
    if !blocks.isEmpty { full.look(rules) }
    return blocks.send(full)
  }

  private func enterRoot() -> Bool {
    do throws(SourceProblem) {
      let directory = try rules.openBase(targets.root)
      let status = try rules.status(of: directory)
      let names = try rules.names(of: directory, node: targets.root)
      return enter(directory, status, names, node: targets.root, rules.rootState)
    } catch {
      _ = tell(.refused(error))
      return handOver()
    }
  }

  private func enter(
    _ directory: OpenDirectory, _ status: FileStatus, _ names: WalkNames,
    node: BackupTargets.Node?, _ patternState: PatternSet.State?
  ) -> Bool {
    let listed = ListedDirectory(
      directory, status, names: names, way: node.flatMap { $0.isTarget ? nil : $0 },
      patternState: patternState)
    levels.append(Level(directory: listed))
    block.directoryCount += 1
    return tell(.directory(listed))
  }

  private func visit(_ index: Int, in level: ListedDirectory) -> Bool {
    let node = level.way?.children[index]
    // What was named by the user is never excluded.
    if node == nil, rules.excludes(level.names, index, in: level.patternState) {
      return tell(.excluded)
    }
    let length = level.names.length(index)
    guard length <= FileName.limit else { return tell(.refused(.longName(length))) }
    if let type = level.names.type(index) {
      return type == .directory
        ? visitDirectory(index, in: level, node: nil) : tell(unlooked: index, in: level)
    }
    let item = rules.look(at: index, in: level)
    guard case .entry(let status) = item, status.type == .directory else { return tell(item) }
    return visitDirectory(index, in: level, node: node)
  }

  private func visitDirectory(
    _ index: Int, in level: ListedDirectory, node: BackupTargets.Node?
  ) -> Bool {
    let name = level.names.name(index)
    do throws(SourceProblem) {
      let directory = try rules.open(name, in: level.directory, node: node)
      let status = try rules.status(of: directory)
      let isLeftEmpty = rules.leavesEmpty(status, in: level.status.device, node: node)
      let names = isLeftEmpty ? .given([]) : try rules.names(of: directory, node: node)
      return enter(
        directory, status, names, node: node, rules.state(of: name, in: level.patternState))
    } catch { return tell(.refused(error)) }
  }
}

extension WalkRules {
  /// Looks at a name in a directory; a directory is told as any other entry.
  func look(at index: Int, in level: ListedDirectory) -> ListedItem {
    let node = level.way?.children[index]
    let status: FileStatus
    do throws(Errno) {
      status = try self.status(level.names, index, in: level.directory, node: node)
    } catch { return .unseen(error) }
    if node == nil, excludesSize(status) { return .excluded }
    if let device = device(level.names, index, status, in: level.directory) {
      return .device(device)
    }
    return .entry(status)
  }

  /// What an open directory is.
  func status(of directory: OpenDirectory) throws(SourceProblem) -> FileStatus {
    do throws(Errno) { return try FileStatus.of(directory.descriptor.raw) } catch {
      throw .system("statx", error)
    }
  }
}
