// Writes what is needed of packs into new ones, with all cores to the end. What a pack does not give
// is no reason to lose the others: that pack stays as it is.

import Platform
import Vault

/// Moves many packs into one run.
struct Repacking: Sendable {
  let run: Run
  let live: LiveChunks
  let choice: PlaceChoice
  let longestChunk: Int
  /// Whether frames of which everything is needed are copied as they are.
  let copiesFrames: Bool
  let jobs: Int
  let progress: PruneProgress

  /// What came of it.
  struct Outcome: Sendable {
    /// Packs of which all that is needed is in the run.
    var moved: [PackUse] = []
    /// Packs that stay, and why.
    var damaged: [Problem] = []
    /// Whether the time was up before the last pack was begun.
    var isCut = false
    var failure: VaultError?
  }

  /// What is wrong with a pack.
  struct Problem: Sendable {
    let pack: ObjectHash
    let text: String
    let isMissing: Bool
  }

  // What a thread more is worth, in bytes of packs.
  private static let bytesPerThread: UInt64 = 2 << 20

  /// Moves packs until the time is up.
  ///
  /// - Throws: what the store and the proof of a frame throw; the run is lost then.
  func move(
    _ packs: [PackUse], isOutOfTime: @escaping @Sendable () -> Bool
  ) throws(VaultError) -> Outcome {
    let queue = RepackQueue(packs, progress: progress, isOutOfTime: isOutOfTime)
    let bytes = packs.reduce(0) { $0 + UInt64($1.size) }
    let useful = Int(clamping: bytes / Self.bytesPerThread + 1)
    let threads = (0..<min(workerCount(jobs), useful)).map { index in
      Thread.start(name: "repack \(index)") {
        do throws(VaultError) { try move(from: queue) } catch { queue.fail(error) }
      }
    }
    for thread in threads { thread.join() }
    let outcome = queue.outcome
    if let failure = outcome.failure { throw failure }
    return outcome
  }

  private func move(from queue: RepackQueue) throws(VaultError) {
    let mover = try PackMover(into: run, chunkLimit: longestChunk, copiesFrames: copiesFrames)
    while let work = queue.next() {
      switch work {
      case .begin(let pack):
        let problem = try problem(of: pack) { () throws(VaultError) in
          guard let source = try source(pack, mover) else {
            return "holds less than the index says"
          }
          queue.open(pack, source)
          return nil
        }
        if let problem { queue.leave(pack, problem) }
      case .move(let stretch, let pack):
        let problem = try problem(of: pack.pack) { () throws(VaultError) in
          try mover.move(stretch, of: pack.source)
          return nil
        }
        queue.end(stretch, of: pack, problem: problem)
      }
    }
    // What this thread gathered is in packs now; until all threads have done so no pack is moved.
    try mover.flush()
  }

  private func source(
    _ pack: PackUse, _ mover: PackMover
  ) throws(VaultError) -> PackMover.Source? {
    try mover.source(
      pack.name, size: Int(pack.size), leastCount: Int(pack.neededCount)
    ) { (id, frame, offset) throws(VaultError) in
      guard try live.contains(id) else { return false }
      return choice.keeps(id, pack: pack.number, frame: frame, offset: offset)
    }
  }

  // What is wrong with the pack; whatever else is wrong ends all.
  private func problem(
    of pack: PackUse, _ body: () throws(VaultError) -> String?
  ) throws(VaultError) -> Problem? {
    do throws(VaultError) {
      return try body().map { Problem(pack: pack.name, text: $0, isMissing: false) }
    } catch {
      switch error {
      case .damaged(_, let damage):
        return Problem(pack: pack.name, text: "\(damage)", isMissing: false)
      case .missing: return Problem(pack: pack.name, text: "is missing", isMissing: true)
      default: throw error
      }
    }
  }
}
