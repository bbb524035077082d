// Walks what the listing of the sources tells, in the order of the tree: every directory's entries by
// name as bytes, depth first. Compares it with the last snapshot and hands batches to the pipeline.
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
  private let listing: SourceListing
  private let previous: PreviousSnapshot?
  let lane: Lane
  let verification: SourceVerification?
  var levels: [WalkLevel] = []
  var batch = Batch(number: 0)
  private var directoriesInBatch = 0
  private var checkpoint: () throws(VaultError) -> Void = {}
  var devices = DeviceNumbers()
  /// Changes from this time on may have been missed by the run that made the last snapshot.
  let youngest: Timestamp

  /// Batches are handed over when they have this much.
  private static let batchBytes: UInt64 = 2 << 20
  private static let batchItems = 512
  private static let batchDirectories = 48
  /// Files from this size are cut here and hashed by all workers; smaller ones leave the walk free to
  /// go on.
  static let sharedFileSize: UInt64 = 16 << 20

  /// `lane` takes what the walk itself stores: large extended attributes.
  init(
    context: BackupContext, pipeline: BackupPipeline, listing: SourceListing,
    previous: PreviousSnapshot?, lane: Lane
  ) {
    self.context = context
    self.pipeline = pipeline
    self.listing = listing
    self.previous = previous
    self.lane = lane
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
    guard let root = listing.next() else { return false }
    if case .refused(let problem) = root { throw problem }
    do throws(VaultError) {
      guard case .directory(let directory) = root else {
        preconditionFailure("a listing begins with a directory")
      }
      try enter(
        directory, name: Entry.rootName,
        before: previous.map { Before(entry: $0.root, isNext: true) })
      while let level = levels.last {
        guard !context.isInterrupted, let item = listing.next() else { return false }
        try visit(item, in: level)
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

  /// What the last snapshot says of an entry that is visited.
  struct Before {
    let entry: Entry
    /// Whether it stands right behind the entry before it there too.
    let isNext: Bool
  }

  func enter(
    _ listed: ListedDirectory, name: FileName, before: Before?
  ) throws(VaultError) {
    let entry = context.entry(
      name, listed.status, kind: .directory(.none), link: nil,
      attributes: try attributes(of: listed), marks: listed.marks)
    let known = before?.entry.children
    levels.last?.entryCount += 1
    levels.append(
      WalkLevel(
        listed, entry: entry,
        previous: known.flatMap { children in
          previous.map { PreviousDirectory(children, source: $0.source) }
        },
        isSame: before.map { $0.isNext && isSame(entry, $0.entry) } ?? false,
        isKnown: known != nil))
    directoriesInBatch += 1
  }

  private func attributes(of listed: ListedDirectory) throws(VaultError) -> SourceAttributes {
    if listed.hasNoAttributes { return SourceAttributes() }
    let descriptor = listed.directory.descriptor.raw
    guard listed.way != nil else {
      let attributes = try SourceAttributes(of: .descriptor(descriptor), lane: lane)
      context.tell(attributes, of: listed.directory.path)
      return attributes
    }
    // A directory on the way may be one that cannot be read: it goes by its path, and what cannot
    // be read of it is only noted in its entry.
    return try SourceAttributes(
      of: .path(FilePath("/proc/self/fd/\(descriptor)/.")), lane: lane)
  }

  // A directory's own entry, its children aside.
  private func isSame(_ entry: Entry, _ old: Entry) -> Bool {
    guard let children = old.children else { return false }
    var same = entry
    same.kind = .directory(children)
    return same == old
  }

  func leave(_ level: WalkLevel) throws(VaultError) {
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
      let above = levels[levels.count - 1]
      if level.isSame && !above.isEmitted {
        match(in: above)
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
  func match(in level: WalkLevel) {
    precondition(!level.isEmitted, "what is handed over is not compared any more")
    level.matchedCount += 1
  }

  // Hands over all directories on the way here, with what matched in them so far.
  func emitLevels() throws(VaultError) {
    for level in levels where !level.isEmitted {
      level.isEmitted = true
      add(.enter(level.entry))
      guard level.matchedCount > 0, let previous = level.previous else { continue }
      try previous.replay(level.matchedCount) { (encoded) throws(VaultError) in
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
