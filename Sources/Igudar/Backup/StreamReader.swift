// Turns a stream into the traversal of a tree that holds one file, and runs it through the pipeline.

import Glibc
import Platform
import Vault

/// One stream on its way into a tree, not shared.
final class StreamReader {
  private let context: BackupContext
  private let pipeline: BackupPipeline
  private let descriptor: Int32
  private let known: KnownChunks?
  private var batch = Batch(number: 0)
  /// Bytes read so far, by the thread that reads ahead.
  private(set) var size: UInt64 = 0

  /// `earlier` is an earlier version of the stream.
  init(
    context: BackupContext, run: Run, descriptor: Int32, earlier: EarlierFile?
  ) throws(VaultError) {
    self.context = context
    self.descriptor = descriptor
    known = earlier.map { KnownChunks($0, in: context.vault) }
    pipeline = try BackupPipeline(run: run, context: context)
  }

  /// Ends the workers.
  func stop() { pipeline.stop() }

  /// Reads the stream to its end and answers the root of the tree, which is in packs then.
  func tree(
    _ directories: ArraySlice<FileName>, _ name: FileName
  ) throws(SourceProblem) -> Entry {
    for directory in [Entry.rootName] + directories {
      batch.items.append(.enter(entry(directory, .directory(.none), mode: 0o755)))
    }
    batch.items.append(.beginLarge)
    let cutter = StretchCutter(context: context, known: known)
    let isWhole = try unsafe cutter.cut(from: 0) { (target) throws(SourceProblem) in
      try unsafe self.read(into: target)
    } submit: { (stretch) throws(VaultError) in
      batch.stretch = stretch
      batch.items.append(.stretch)
      try handOver()
    }
    guard isWhole else { throw .vault(.interrupted) }
    let file = Entry.File(size: size, content: .empty)
    batch.items.append(.endLarge(entry(name, .file(file), mode: 0o644), nil))
    batch.items += directories.map { _ in .leave } + [.leave]
    do throws(VaultError) {
      try handOver()
      try pipeline.drain()
      try pipeline.flush()
    } catch { throw .vault(error) }
    guard let root = pipeline.root else { preconditionFailure("a complete tree has a root") }
    return root
  }

  private func handOver() throws(VaultError) {
    let full = batch
    batch = Batch(number: full.number + 1)
    try pipeline.submit(full)
  }

  private func entry(_ name: FileName, _ kind: Entry.Kind, mode: UInt16) -> Entry {
    let (uid, gid) = processIdentity()
    return context.entry(
      name, kind: kind, mode: mode, uid: uid, gid: gid,
      time: context.options.time ?? context.start)
  }

  // MARK: Reading

  private func read(
    into target: UnsafeMutableRawBufferPointer
  ) throws(SourceProblem) -> (count: Int, isEnd: Bool) {
    var filled = 0
    while filled < target.count {
      guard isReadable() else { throw .vault(pipeline.problem ?? .interrupted) }
      let count = unsafe Glibc.read(
        descriptor, target.baseAddress.map { unsafe $0 + filled }, target.count - filled)
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw .system("read", .current)
      }
      if count == 0 { return (filled, true) }
      filled += count
      size += UInt64(count)
    }
    return (filled, false)
  }

  // Waits for something to read; false when the backup is to stop, which is noticed a second later
  // if it comes right before the wait or from another thread, as when a pack cannot be stored.
  private func isReadable() -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while !context.isInterrupted && pipeline.problem == nil {
      if unsafe poll(&entry, 1, 1000) > 0 { return true }
    }
    return false
  }
}
