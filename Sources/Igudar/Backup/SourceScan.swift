// Counts what a backup is going to read, beside it and ahead of it, so that progress knows the
// whole. It goes by the rules of the walk, reads nothing but directories, and tells of no errors:
// the walk meets the same ones.

import Platform
import Synchronization

/// A count of the sources on a thread of its own.
final class SourceScan: Sendable {
  private let rules: WalkRules
  private let targets: BackupTargets
  private let context: BackupContext
  private let isStopped = Atomic<Bool>(false)

  private struct Level {
    let directory: OpenDirectory
    let device: UInt64
    let node: BackupTargets.Node?
    let names: WalkNames
    let patternState: PatternSet.State?
    var position = 0
  }

  init(_ targets: BackupTargets, context: BackupContext) {
    self.targets = targets
    self.context = context
    rules = WalkRules(context.options, targets: targets)
  }

  /// Counts while `body` runs; what is not counted by then is left.
  func during<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let thread = Thread.start(name: "scan") { [self] in run() }
    defer {
      isStopped.store(true, ordering: .relaxed)
      thread.join()
    }
    return try body()
  }

  private func run() {
    var levels: [Level] = []
    enterRoot(&levels)
    while let level = levels.last {
      if isStopped.load(ordering: .relaxed) || context.isInterrupted { return }
      guard level.position < level.names.count else {
        levels.removeLast()
        continue
      }
      levels[levels.count - 1].position += 1
      if let below = visit(level.names.name(level.position), in: level) { levels.append(below) }
    }
    context.endScan()
  }

  private func enterRoot(_ levels: inout [Level]) {
    do throws(SourceProblem) {
      let directory = try rules.openBase(targets.root)
      let names = try rules.names(of: directory, node: targets.root)
      let status: FileStatus
      do throws(Errno) { status = try FileStatus.of(directory.descriptor.raw) } catch { return }
      levels.append(
        Level(
          directory: directory, device: status.device, node: way(targets.root), names: names,
          patternState: rules.rootState))
    } catch { return }
  }

  // Counts an entry, or answers the directory that it is.
  private func visit(_ name: FileName, in level: Level) -> Level? {
    let node = level.node?.children[level.position]
    if node == nil, rules.excludes(name, in: level.patternState) { return nil }
    guard let status = try? rules.status(name, in: level.directory, node: node) else { return nil }
    guard status.type == .directory else {
      if node == nil, rules.excludesSize(status) { return nil }
      context.progress.totalFiles.add(1, ordering: .relaxed)
      context.progress.totalBytes.wrappingAdd(size(name, status, in: level), ordering: .relaxed)
      return nil
    }
    if rules.leavesEmpty(status, in: level.device, node: node) { return nil }
    do throws(SourceProblem) {
      let directory = try rules.open(name, in: level.directory, node: node)
      return Level(
        directory: directory, device: status.device, node: way(node),
        names: try rules.names(of: directory, node: node),
        patternState: rules.state(of: name, in: level.patternState))
    } catch { return nil }
  }

  private func size(_ name: FileName, _ status: FileStatus, in level: Level) -> UInt64 {
    if status.type == .regular { return status.size }
    guard rules.device(name, status, in: level.directory) != nil else { return 0 }
    return
      (try? BlockDevice.size(of: BlockDevice.open(name, at: level.directory.descriptor.raw))) ?? 0
  }

  private func way(_ node: BackupTargets.Node?) -> BackupTargets.Node? {
    node.flatMap { $0.isTarget ? nil : $0 }
  }
}
