// An archive becomes a snapshot. Members are taken in their order, their data cut and stored as it
// comes; the tree is built when the archive has ended well. An archive that is damaged or cut off
// leaves no snapshot, only chunks that the next run will find.

import Platform
import Synchronization
import Vault

/// An archive on its way into a repository.
public struct TarImport: Sendable {
  private let repository: Repository
  private let descriptor: Int32
  private let options: BackupOptions

  /// An import of the archive that a descriptor gives until its end; the descriptor stays the
  /// caller's.
  public init(of descriptor: Int32, to repository: Repository, options: BackupOptions) {
    self.repository = repository
    self.descriptor = descriptor
    var options = options
    options.readsAll = true
    self.options = options
  }

  /// Runs the import.
  ///
  /// Members that have no place in a snapshot are told to `report` and counted, and the snapshot is
  /// saved without them.
  /// - Throws: `noSource` when the archive cannot be read to its end or has no members.
  public func run(
    progress: BackupProgress = BackupProgress(),
    report: @escaping @Sendable (BackupEvent) -> Void
  ) throws(RepositoryError) -> BackupSummary {
    let context = BackupContext(
      vault: repository.vault, options: options, progress: progress, report: report)
    return try repository.backUp([], options) { (run, _) throws(RepositoryError) in
      do throws(ImportProblem) {
        return try ArchiveLocale.reading.during { () throws(ImportProblem) in
          let members = try ImportRun(context, run, descriptor)
          try members.read()
          return try members.finish()
        }
      } catch {
        switch error {
        case .vault(let error): throw RepositoryError(error)
        case .archive(let message):
          guard Interrupt.requested == 0 else { throw .interrupted }
          throw .noSource(message)
        }
      }
    }
  }
}

/// An import that is running; not shared.
private final class ImportRun {
  private let context: BackupContext
  private let run: Run
  private let lane: Lane
  private let archive: ArchiveReader
  private let content: ImportContent
  private let tree: ImportTree
  private var topNames: Set<FileName> = []
  private var lastPath: FilePath?

  // XATTR_LIST_MAX: so many bytes of names Linux gives for one file.
  private static let attributeNames = 65536

  // An archive with more names at its top is recorded as one of the root.
  private static let mostTopNames = 16

  init(_ context: BackupContext, _ run: Run, _ descriptor: Int32) throws(ImportProblem) {
    self.context = context
    self.run = run
    do throws(VaultError) { lane = try run.lane() } catch { throw .vault(error) }
    do throws(ArchiveError) { archive = try ArchiveReader(descriptor) } catch {
      throw .archive(error.message)
    }
    content = ImportContent(lane, chunker: context.vault.chunker)
    let (uid, gid) = processIdentity()
    tree = ImportTree(
      implied: context.entry(
        Entry.rootName, kind: .directory(.none), mode: 0o755, uid: uid, gid: gid,
        time: context.options.time ?? context.start))
  }

  // MARK: Members

  func read() throws(ImportProblem) {
    while let member = try next() {
      let path = FilePath(member.path)
      context.progress.setCurrent(path)
      lastPath = path
      if let warning = archive.warning { context.fail(.archive, path, warning, isKept: true) }
      for loss in member.losses { context.fail(.archive, path, loss, isKept: true) }
      try take(member, at: path)
    }
    guard lastPath != nil else { throw .archive("the archive has no members") }
  }

  private func next() throws(ImportProblem) -> ArchiveMember? {
    do throws(ArchiveError) { return try archive.next() } catch {
      let place = lastPath.map { " behind “\($0)”" } ?? ""
      throw .archive("the archive cannot be read\(place): \(error.message)")
    }
  }

  private func take(_ member: ArchiveMember, at path: FilePath) throws(ImportProblem) {
    guard let names = path.memberNames else {
      return context.fail(.archive, path, "left out: no snapshot can hold this path")
    }
    if let target = member.linkedPath {
      return try link(names, to: FilePath(target), at: path)
    }
    var entry = member.entry
    if case .symbolicLink(let target) = entry.kind,
      target.isEmpty || target.count > TreeLimits.target
    {
      return context.fail(.archive, path, "left out: the link's target is empty or too long")
    }
    entry.attributes = try attributes(of: member, at: path)
    if entry.type == .file { entry.kind = .file(try data(of: member, at: path)) }
    try vault { () throws(VaultError) in
      if let obstacle = try tree.put(entry, at: names) { return tell(obstacle, at: path) }
      note(names, entry)
    }
  }

  private func link(
    _ names: [FileName], to target: FilePath, at path: FilePath
  ) throws(ImportProblem) {
    guard let targetNames = target.memberNames else {
      return context.fail(.archive, path, "left out: a link to “\(target)”, which can be no path")
    }
    try vault { () throws(VaultError) in
      let (isThere, obstacle) = try tree.link(names, to: targetNames)
      if let obstacle { return tell(obstacle, at: path) }
      guard isThere else {
        return context.fail(
          .archive, path, "left out: a link to “\(target)”, which no member before it has")
      }
      note(names, nil)
    }
  }

  private func note(_ names: [FileName], _ entry: Entry?) {
    if topNames.count <= Self.mostTopNames, let first = names.first { topNames.insert(first) }
    context.finish(
      FilePath(Array(names.map(\.bytes).joined(separator: [0x2f]))),
      isDirectory: entry?.type == .directory, .new, size: entry?.file?.size ?? 0)
  }

  private func tell(_ obstacle: ImportTree.Obstacle, at path: FilePath) {
    switch obstacle {
    case .notDirectory(let way):
      context.fail(.archive, path, "left out: “\(way)” is not a folder in this archive")
    case .directoryInTheWay:
      context.fail(.archive, path, "left out: there is a folder with something in it already")
    }
  }

  private func data(
    of member: ArchiveMember, at path: FilePath
  ) throws(ImportProblem) -> Entry.File {
    do throws(ImportProblem) { try store(member) } catch {
      guard case .archive(let message) = error else { throw error }
      throw .archive("the archive cannot be read in “\(path)”: \(message)")
    }
    return try vault { () throws(VaultError) in try content.finish(size: member.size) }
  }

  private func store(_ member: ArchiveMember) throws(ImportProblem) {
    try archive.data { (bytes, offset) throws(VaultError) in
      guard Interrupt.requested == 0 else { throw .interrupted }
      try content.add(bytes, at: offset)
      context.progress.bytes.wrappingAdd(UInt64(bytes.byteCount), ordering: .relaxed)
    }
  }

  private func attributes(
    of member: ArchiveMember, at path: FilePath
  ) throws(ImportProblem) -> [ExtendedAttribute] {
    var namesSize = 0
    let possible = member.attributes.filter { name, value in
      guard 1...255 ~= name.count, value.count <= TreeLimits.attribute else { return false }
      namesSize += name.count + 1
      return namesSize <= Self.attributeNames
    }.prefix(TreeLimits.attributeCount)
    if possible.count < member.attributes.count {
      context.fail(
        .archive, path, "some of its attributes are larger or more than Linux has them",
        isKept: true)
    }
    return try vault { () throws(VaultError) in
      try SourceAttributes(Array(possible), lane: lane).list
    }
  }

  // MARK: The end

  func finish() throws(ImportProblem) -> BackupSummary {
    try vault { () throws(VaultError) in
      let pipeline = try BackupPipeline(run: run, context: context)
      defer { pipeline.stop() }
      var batch = Batch(number: 0)
      func handOver() throws(VaultError) {
        let full = batch
        batch = Batch(number: full.number + 1)
        try pipeline.submit(full)
      }
      batch.items.append(.enter(tree.root))
      try tree.walk { (step) throws(VaultError) in
        switch step {
        case .enter(let entry): batch.items.append(.enter(entry))
        case .entry(let entry): batch.add(entry)
        case .leave: batch.items.append(.leave)
        }
        if batch.items.count >= Self.batchItems { try handOver() }
      }
      batch.items.append(.leave)
      try handOver()
      try pipeline.drain()
      try pipeline.flush()
      try lane.flush()
      guard let root = pipeline.root else { preconditionFailure("a complete tree has a root") }
      return try BackupCommit(context: context, run: run, parent: nil, paths: paths).finish(root)
    }
  }

  private static let batchItems = 512

  private var paths: [FilePath] {
    guard !topNames.isEmpty, topNames.count <= Self.mostTopNames else { return ["/"] }
    return topNames.map { FilePath("/").appending($0) }.sorted()
  }
}

/// Passes an error of the vault on as one that ends the import.
private func vault<Result>(
  _ body: () throws(VaultError) -> Result
) throws(ImportProblem) -> Result {
  do throws(VaultError) { return try body() } catch { throw .vault(error) }
}

extension FilePath {
  /// The names of a member's path, from the root of the snapshot down; nil for what leads upwards
  /// or has names that can be none.
  fileprivate var memberNames: [FileName]? {
    var names: [FileName] = []
    for part in bytes.split(separator: 0x2f) where !part.elementsEqual([0x2e]) {
      guard let name = FileName(Array(part)) else { return nil }
      names.append(name)
    }
    return names.count < TreeLimits.depth ? names : nil
  }
}

extension ArchiveError {
  /// In words.
  var message: String {
    switch self {
    case .entry(let message), .archive(let message): message
    }
  }
}
