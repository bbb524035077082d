// A backup of what a descriptor gives: one file in the snapshot, cut by this thread and hashed,
// compressed and sealed by all workers. A stream cannot be read again, so there are no checkpoints
// and no partial snapshots: what is interrupted leaves nothing but chunks the next run will find.

import Glibc
public import Platform
import Synchronization
import Vault

/// Backs up a stream as a file.
public struct StreamBackup: Sendable {
  private let repository: Repository
  private let descriptor: Int32
  private let names: [FileName]
  private let options: BackupOptions

  /// A backup of what a descriptor gives until its end, as a file at a path in the snapshot.
  ///
  /// The descriptor stays the caller's.
  public init(
    of descriptor: Int32, named path: FilePath, to repository: Repository, options: BackupOptions
  ) {
    self.repository = repository
    self.descriptor = descriptor
    names = FilePath("/").appending(path.bytes).absolute(from: "/").components
    self.options = options
  }

  /// Runs the backup.
  ///
  /// `confirm` is called at the end of the stream; what it answers is why there is to be no
  /// snapshot.
  /// - Throws: `noSource` when the stream cannot be read or has no name, or `confirm` said so.
  public func run(
    progress: BackupProgress = BackupProgress(),
    report: @escaping @Sendable (BackupEvent) -> Void, confirm: () -> String? = { nil }
  ) throws(RepositoryError) -> BackupSummary {
    guard let name = names.last else { throw .noSource("the stream's file has no name") }
    for name in names where name.bytes.count > FileName.limit {
      throw .noSource(
        "the name “\(name)” for the stream has \(name.bytes.count) bytes, and may have "
          + "\(FileName.limit)")
    }
    let context = BackupContext(
      vault: repository.vault, options: options, progress: progress, report: report)
    let path = FilePath([0x2f] + names.map(\.bytes).joined(separator: [0x2f]))
    return try repository.backUp([path], options) { (run, parent) throws(RepositoryError) in
      let commit = BackupCommit(context: context, run: run, parent: parent, paths: [path])
      let root = try tree(name, context, run, earlier: earlier(in: parent))
      if let refusal = confirm() { throw .noSource(refusal) }
      // A dump that failed quietly gives nothing, and must not pass for a saved one.
      guard root.size > 0 else { throw .noSource("\(name): the stream gave no data") }
      context.finish(
        path, isDirectory: false, parent == nil ? .new : .modified,
        size: root.size)
      return try vaultErrors { () throws(VaultError) in try commit.finish(root.entry) }
    }
  }

  // What the last snapshot has under this name; what cannot be read of it is not needed.
  private func earlier(in parent: SnapshotInfo?) -> EarlierFile? {
    guard let parent, let nodes = try? repository.nodeSource(),
      let entry = try? DirectoryReader.find(names, below: parent.snapshot.root, from: nodes),
      let file = entry.file
    else { return nil }
    return EarlierFile(file: file, nodes: nodes)
  }

  private func tree(
    _ name: FileName, _ context: BackupContext, _ run: Run, earlier: EarlierFile?
  ) throws(RepositoryError) -> (entry: Entry, size: UInt64) {
    let stream = try vaultErrors { () throws(VaultError) in
      try StreamReader(context: context, run: run, descriptor: descriptor, earlier: earlier)
    }
    defer { stream.stop() }
    do throws(SourceProblem) {
      return (try stream.tree(names.dropLast(), name), stream.size)
    } catch {
      if case .vault(let failure) = error { throw RepositoryError(failure) }
      throw .noSource("\(name): \(error.message)")
    }
  }
}
