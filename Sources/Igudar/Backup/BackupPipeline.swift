// Batches from the walker to the workers and on to the assembler. Workers take batches in any
// order; whoever completes the one that is next in the tree assembles it and all that wait behind.
//
// Bounds: at most `window` batches are under way, so neither a slow file nor a fast walker can
// fill memory.

import Platform
import Vault

/// Runs the workers of one backup.
final class BackupPipeline: @unchecked Sendable {
  private let run: Run
  private let context: BackupContext
  private let work = Channel<Batch>(capacity: 4)
  private let monitor = Monitor()
  // Guarded by the monitor.
  private var finished: [Int: Batch] = [:]
  private var nextToAssemble = 0
  private var submittedCount = 0
  private var isAssembling = false
  private var failure: VaultError?
  // Used by whoever holds `isAssembling`.
  private var assembler: TreeAssembler
  private let treeLane: Lane
  private var workers: [Thread] = []
  private var readers: [FileReader] = []

  /// Batches that may be under way at once.
  private static let window = 24

  /// A pipeline for what lies below a path.
  init(
    run: Run, context: BackupContext, below base: FilePath = "/"
  ) throws(VaultError) {
    self.run = run
    self.context = context
    treeLane = try run.lane()
    assembler = TreeAssembler(
      cutting: TreeCut(domainKey: run.vault.domain.treeCutKey), into: LaneSink(lane: treeLane)
    ) { draft, action, size in
      context.finish(draft.path, isDirectory: false, action, size: size)
    } refusing: { names, damage in
      let path = names.reduce(base) { $0.appending($1) }
      context.fail(.archive, path, "cannot be kept: \(damage)")
    }
    for _ in 0..<workerCount(context.options.jobs) {
      readers.append(FileReader(lane: try run.lane(), context: context))
    }
    for (index, reader) in readers.enumerated() {
      let reader = Handed(reader)
      workers.append(
        Thread.start(name: "worker \(index)") { [self] in workLoop(reader.value) })
    }
  }

  /// Hands over a batch; waits while too many are under way.
  func submit(_ batch: Batch) throws(VaultError) {
    let failed = monitor.withLock {
      monitor.wait { failure != nil || submittedCount - nextToAssemble < Self.window }
      submittedCount += 1
      return self.failure
    }
    if let failed { throw failed }
    _ = work.send(batch)
  }

  /// Why nothing more can be handed over, if that is so; any thread may ask.
  var problem: VaultError? { monitor.withLock { failure } ?? run.problem }

  /// Waits until all that was handed over is in the tree.
  func drain() throws(VaultError) {
    let failed = monitor.withLock {
      monitor.wait { failure != nil || nextToAssemble == submittedCount }
      return self.failure
    }
    if let failed { throw failed }
  }

  /// After `drain`: seals what the lanes gathered, so that the tree so far is in packs.
  func flush() throws(VaultError) {
    for reader in readers { try reader.flush() }
    try treeLane.flush()
  }

  /// After `drain`: the root of the tree as if every open directory ended here.
  func checkpoint() throws(VaultError) -> Entry? {
    try assembler.checkpoint()
  }

  /// After `drain`: the root once the root directory is left.
  var root: Entry? { assembler.root }

  /// Ends the workers.
  func stop() {
    work.close()
    for worker in workers { worker.join() }
    workers = []
  }

  private func fail(_ error: VaultError) {
    monitor.withLock {
      if failure == nil { failure = error }
      monitor.broadcast()
    }
  }

  private func workLoop(_ reader: FileReader) {
    while var batch = work.receive() {
      if monitor.withLock({ failure != nil }) {
        // Whoever reads a large file waits for this buffer and would never learn of the failure.
        if let stretch = batch.stretch { context.release(stretch.buffer) }
        continue
      }
      do throws(VaultError) {
        try reader.process(&batch)
        try complete(batch)
      } catch { fail(error) }
    }
  }

  private func complete(_ batch: Batch) throws(VaultError) {
    var next: Batch? = monitor.withLock {
      finished[batch.number] = batch
      return takeNext()
    }
    while let current = next {
      do throws(VaultError) {
        try assembler.take(current)
      } catch {
        monitor.withLock { isAssembling = false }
        throw error
      }
      next = monitor.withLock {
        isAssembling = false
        nextToAssemble += 1
        monitor.broadcast()
        return takeNext()
      }
    }
  }

  // With the lock: the batch to assemble now, if nobody else is at it.
  private func takeNext() -> Batch? {
    guard !isAssembling, let next = finished.removeValue(forKey: nextToAssemble) else {
      return nil
    }
    isAssembling = true
    return next
  }
}

/// Puts tree nodes through a lane.
struct LaneSink: NodeSink {
  let lane: Lane

  func put(node: RawSpan) throws(VaultError) -> ChunkID {
    var result: Result<ChunkID, VaultError> = .failure(.interrupted)
    unsafe node.withUnsafeBytes { bytes in
      do throws(VaultError) {
        result = .success(try unsafe lane.put(bytes, kind: .tree).id)
      } catch { result = .failure(error) }
    }
    return try result.get()
  }
}

/// Hands a value to one thread that alone uses it from then on.
struct Handed<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: Value) { self.value = value }
}
