// Walks the sources in the order of the tree: every directory's entries by name as bytes, depth
// first. Compares what it sees with the last snapshot and hands batches to the pipeline.
//
// A directory that is as the last snapshot has it is not encoded at all: nothing is handed over
// for it until the first difference, and then what matched so far is taken over from there.

import Glibc
import Platform
import Vault

/// One walk over the targets of a backup, not shared.
final class Walker {
  let context: BackupContext
  let pipeline: BackupPipeline
  private let targets: BackupTargets
  private let previous: PreviousSnapshot?
  let lane: Lane
  let rules: WalkRules
  let verification: SourceVerification?
  var levels: [WalkLevel] = []
  var batch = Batch(number: 0)
  private var directoriesInBatch = 0
  private var checkpoint: () throws(VaultError) -> Void = {}
  var devices = DeviceNumbers()
  /// Changes from this time on may have been missed by the run that made the last snapshot.
  let youngest: Timestamp

  /// Batches are handed over when they have this much.
  private static let batchBytes: UInt64 = 1 << 20
  private static let batchItems = 512
  private static let batchDirectories = 48
  /// Files from this size are cut here and hashed by all workers.
  static let largeSize: UInt64 = 4 << 20

  /// `lane` takes what the walk itself stores: large extended attributes.
  init(
    context: BackupContext, pipeline: BackupPipeline, targets: BackupTargets,
    previous: PreviousSnapshot?, lane: Lane
  ) {
    self.context = context
    self.pipeline = pipeline
    self.targets = targets
    self.previous = previous
    self.lane = lane
    rules = WalkRules(context.options, targets: targets)
    verification = context.options.verifiesSource ? SourceVerification(context) : nil
    // Clocks of file systems lag behind by a tick, and some count in steps of two seconds.
    var youngest = previous?.start ?? Timestamp(seconds: 0)
    youngest.seconds -= 2
    self.youngest = youngest
  }

  /// Walks everything; false when it was stopped before its end.
  ///
  /// - Throws: `SourceProblem.system` when the root itself cannot be read.
  func walk(
    checkpoint: @escaping () throws(VaultError) -> Void
  ) throws(SourceProblem) -> Bool {
    self.checkpoint = checkpoint
    defer { self.checkpoint = {} }
    try enterRoot()
    do throws(VaultError) {
      while let level = levels.last {
        if context.isInterrupted { return false }
        if level.position < level.names.count {
          let index = level.position
          levels[levels.count - 1].position += 1
          try visit(index)
        } else {
          try leave()
        }
        if isBatchFull { try handOver() }
        try checkpoint()
      }
      try handOver()
      return true
    } catch { throw .vault(error) }
  }

  // MARK: Batches

  private var isBatchFull: Bool {
    batch.size >= Self.batchBytes || batch.items.count >= Self.batchItems
      || batch.encoded.bytes.count >= Int(Self.batchBytes)
      || directoriesInBatch >= Self.batchDirectories
  }

  /// Hands over what was gathered.
  func handOver() throws(VaultError) {
    guard !batch.items.isEmpty else { return }
    let full = batch
    batch = Batch(number: full.number + 1)
    directoriesInBatch = 0
    try pipeline.submit(full)
  }

  /// Adds to the batch that is being gathered.
  func add(_ item: BatchItem) { batch.items.append(item) }

  /// Sets the stretch of the batch that is being gathered, which is then handed over.
  ///
  /// A file can take hours: a checkpoint keeps what is stored of it for the next run.
  func submit(_ stretch: Stretch) throws(VaultError) {
    batch.stretch = stretch
    add(.stretch)
    try handOver()
    try checkpoint()
  }

  // MARK: Directories

  private func enterRoot() throws(SourceProblem) {
    let directory = try rules.openBase(targets.root)
    let status: FileStatus
    do throws(Errno) { status = try FileStatus.of(directory.descriptor.raw) } catch {
      throw .system("statx", error)
    }
    try enter(
      directory, name: Entry.rootName, status: status, node: targets.root,
      before: previous.map { Before(entry: $0.root, isNext: true) })
  }

  /// What the last snapshot says of an entry that is visited.
  struct Before {
    let entry: Entry
    /// Whether it stands right behind the entry before it there too.
    let isNext: Bool
  }

  func enter(
    _ directory: OpenDirectory, name: FileName, status: FileStatus, node: BackupTargets.Node?,
    before: Before?, isLeftEmpty: Bool = false
  ) throws(SourceProblem) {
    let names = isLeftEmpty ? .given([]) : try rules.names(of: directory, node: node)
    let attributes = try attributes(of: directory, node: node)
    let entry = context.entry(
      name, status, kind: .directory(.none), link: nil, attributes: attributes,
      descriptor: directory.descriptor.raw)
    let known = before?.entry.children
    if !levels.isEmpty { levels[levels.count - 1].entryCount += 1 }
    levels.append(
      WalkLevel(
        directory: directory, entry: entry, device: status.device,
        node: node.flatMap { $0.isTarget ? nil : $0 }, names: names,
        previous: known.flatMap { children in
          previous.map { PreviousDirectory(children, source: $0.source) }
        },
        isSame: before.map { $0.isNext && isSame(entry, $0.entry) } ?? false,
        isKnown: known != nil,
        patternState: levels.isEmpty
          ? rules.rootState : rules.state(of: name, in: levels[levels.count - 1].patternState)))
    directoriesInBatch += 1
  }

  private func attributes(
    of directory: OpenDirectory, node: BackupTargets.Node?
  ) throws(SourceProblem) -> SourceAttributes {
    let descriptor = directory.descriptor.raw
    guard let node, !node.isTarget else {
      let attributes = try vaultProblems { () throws(VaultError) in
        try SourceAttributes(of: .descriptor(descriptor), lane: lane)
      }
      context.tell(attributes, of: directory.path)
      return attributes
    }
    // A directory on the way may be one that cannot be read: it goes by its path, and what cannot
    // be read of it is nobody's concern.
    return try vaultProblems { () throws(VaultError) in
      let attributes = try SourceAttributes(
        of: .path(FilePath("/proc/self/fd/\(descriptor)/.")), lane: lane)
      return attributes.isWhole ? attributes : SourceAttributes()
    }
  }

  // A directory's own entry, its children aside.
  private func isSame(_ entry: Entry, _ old: Entry) -> Bool {
    guard let children = old.children else { return false }
    var same = entry
    same.kind = .directory(children)
    return same == old
  }

  private func leave() throws(VaultError) {
    guard let level = levels.last else { return }
    var isUnchanged = false
    if !level.isEmitted, let previous = level.previous, level.matchedCount == level.entryCount {
      isUnchanged = try previous.isDone()
    }
    context.finish(
      level.directory.path, isDirectory: true,
      isUnchanged && level.isSame ? .unchanged : level.isKnown ? .modified : .new, size: 0)
    if isUnchanged, levels.count > 1, let children = level.previous?.children {
      // All below is as it was: its nodes are taken over.
      levels.removeLast()
      if level.isSame && !levels[levels.count - 1].isEmitted {
        match()
      } else {
        var entry = level.entry
        entry.kind = .directory(children)
        try emitLevels()
        batch.add(entry)
      }
    } else {
      try emitLevels()
      add(.leave)
      levels.removeLast()
    }
  }

  // The entry visited last is as the last snapshot has it.
  func match() {
    let top = levels.count - 1
    precondition(!levels[top].isEmitted, "what is handed over is not compared any more")
    levels[top].matchedCount += 1
  }

  // Hands over all directories on the way here, with what matched in them so far.
  func emitLevels() throws(VaultError) {
    for index in levels.indices where !levels[index].isEmitted {
      levels[index].isEmitted = true
      add(.enter(levels[index].entry))
      let matched = levels[index].matchedCount
      guard matched > 0, let previous = levels[index].previous else { continue }
      try previous.replay(matched) { (encoded) throws(VaultError) in
        try takeOver(encoded)
      }
    }
  }

  func takeOver(_ encoded: RawSpan) throws(VaultError) {
    let start = batch.encoded.bytes.count
    batch.encoded.raw(span: encoded)
    add(.entry(start..<batch.encoded.bytes.count))
    if isBatchFull { try handOver() }
  }
}
