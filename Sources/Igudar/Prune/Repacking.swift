// Writes what is needed of packs into new ones, with all cores. What a pack does not give is no reason
// to lose the others: that pack stays as it is.

import Platform
import Storage
import Synchronization
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
    var damaged: [(pack: String, problem: String)] = []
    /// Whether the time was up before the last pack was begun.
    var isCut = false
    var failure: VaultError?
  }

  /// Moves packs until the time is up.
  ///
  /// - Throws: what the store and the proof of a frame throw; the run is lost then.
  func move(_ packs: [PackUse], isOutOfTime: () -> Bool) throws(VaultError) -> Outcome {
    let work = Channel<PackUse>(capacity: 1)
    let outcome = OutcomeBox()
    let threads = (0..<min(jobs > 0 ? jobs : processorCount(), packs.count)).map { index in
      Thread.start(name: "repack \(index)") {
        do throws(VaultError) { try move(from: work, to: outcome) } catch {
          outcome.fail(error)
          // Whoever hands out must not wait for a reader that has gone.
          work.close()
        }
      }
    }
    for pack in packs {
      if isOutOfTime() {
        outcome.cut()
        break
      }
      guard work.send(pack) else { break }
    }
    work.close()
    for thread in threads { thread.join() }
    if let failure = outcome.value.failure { throw failure }
    return outcome.value
  }

  private func move(
    from work: Channel<PackUse>, to outcome: OutcomeBox
  ) throws(VaultError) {
    let mover = try PackMover(into: run, chunkLimit: longestChunk, copiesFrames: copiesFrames)
    var moved: [PackUse] = []
    while let pack = work.receive() {
      do throws(VaultError) {
        let count = try mover.move(
          pack.name, size: Int(pack.size), leastCount: Int(pack.neededCount)
        ) { (id, frame, offset) throws(VaultError) in
          guard try live.contains(id) else { return false }
          return choice.keeps(id, pack: pack.number, frame: frame, offset: offset)
        }
        if count == nil {
          outcome.leave(pack, "holds less than the index says")
        } else {
          moved.append(pack)
        }
      } catch {
        switch error {
        case .damaged(_, let damage): outcome.leave(pack, "\(damage)")
        case .missing: outcome.leave(pack, "is missing")
        default: throw error
        }
      }
      progress.packs.add(1, ordering: .relaxed)
      progress.bytes.add(UInt64(pack.size), ordering: .relaxed)
    }
    // What this thread gathered is in packs now, and only now its packs count as moved.
    try mover.flush()
    outcome.add(moved)
  }
}

/// An outcome that threads add to.
private final class OutcomeBox: Sendable {
  private let state = Mutex(Repacking.Outcome())

  var value: Repacking.Outcome { state.withLock { $0 } }

  func add(_ packs: [PackUse]) { state.withLock { $0.moved += packs } }

  func leave(_ pack: PackUse, _ problem: String) {
    state.withLock { $0.damaged.append((ObjectName.pack(pack.name).description, problem)) }
  }

  func cut() { state.withLock { $0.isCut = true } }

  func fail(_ error: VaultError) {
    state.withLock { if $0.failure == nil { $0.failure = error } }
  }
}
