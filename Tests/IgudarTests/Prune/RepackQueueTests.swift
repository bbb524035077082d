// How threads share what is written anew, and what is marked.

import Platform
import Storage
import Synchronization
import Testing

@testable import Igudar
@testable import Vault

@Suite struct RepackQueueTests {
  private let small: SmallRepository
  private let run: Run
  private let mover: PackMover
  private let live: LiveChunks
  // The packs, the largest first.
  private let packs: [PackUse]

  init() throws {
    small = try SmallRepository()
    var random = SeededGenerator(seed: 31)
    try small.write("rye", random.noise(9 << 20))
    _ = try small.backUp()
    let vault = small.repository.vault
    try vault.loadIndex()
    let state = vault.journal.state
    live = LiveChunks(small.repository, ignoring: [], jobs: 1)
    try live.follow(state, progress: PruneProgress())
    let table = try PackTable(vault, state, needing: live, listing: StoreListing(vault))
    packs = table.packs.sorted { $0.size > $1.size }
    run = try vault.begin()
    mover = try PackMover(into: run, chunkLimit: 0, copiesFrames: true)
  }

  private func begun(_ queue: RepackQueue) throws -> (PackUse, PackMover.Source) {
    guard case .begin(let pack)? = queue.next() else { throw Missing() }
    let source = try mover.source(
      pack.name, size: Int(pack.size), leastCount: Int(pack.neededCount)
    ) { (id, _, _) throws(VaultError) in try live.contains(id) }
    return (pack, try #require(source))
  }

  private struct Missing: Error {}

  private func isOver(_ queue: RepackQueue) -> Bool {
    if case .none = queue.next() { true } else { false }
  }

  // As if so many threads were at a stretch at the same time.
  private func stretches(
    _ queue: RepackQueue, _ count: Int
  ) -> [(PackMover.Stretch, RepackQueue.OpenPack)] {
    (0..<count).compactMap { _ in
      guard case .move(let stretch, let pack)? = queue.next() else { return nil }
      return (stretch, pack)
    }
  }

  @Test func onePackKeepsAllThreadsBusy() throws {
    defer { run.abandon() }
    let progress = PruneProgress()
    let queue = RepackQueue([packs[0]], progress: progress) { false }
    let (pack, source) = try begun(queue)
    #expect(source.stretches.count >= 4)
    queue.open(pack, source)
    let taken = stretches(queue, source.stretches.count)
    #expect(taken.count == source.stretches.count)
    for (stretch, open) in taken {
      #expect(queue.outcome.moved.isEmpty && progress.packCount == 0)
      try mover.move(stretch, of: open.source)
      queue.end(stretch, of: open)
    }
    try mover.flush()
    #expect(isOver(queue))
    #expect(queue.outcome.moved.map(\.name) == [pack.name] && progress.packCount == 1)
    let needed = run.counts.chunkCounts.reduce(0, +)
    #expect(needed == Int(pack.neededCount))
  }

  private func problem(_ pack: PackUse, _ text: String) -> Repacking.Problem {
    Repacking.Problem(pack: pack.name, text: text, isMissing: false)
  }

  @Test func whatWaitsOfADamagedPackIsNotMoved() throws {
    defer { run.abandon() }
    let queue = RepackQueue(packs, progress: PruneProgress()) { false }
    let (pack, source) = try begun(queue)
    queue.open(pack, source)
    let taken = stretches(queue, 2)
    queue.end(taken[0].0, of: taken[0].1, problem: problem(pack, "is bad"))
    // The other thread is still at its part of the same pack.
    #expect(queue.outcome.damaged.isEmpty)
    queue.end(taken[1].0, of: taken[1].1)
    let outcome = queue.outcome
    #expect(outcome.moved.isEmpty)
    #expect(outcome.damaged.map(\.text) == ["is bad"])
    // And what is next is another pack.
    let (next, _) = try begun(queue)
    #expect(next.name != pack.name)
    queue.leave(next, problem(next, "too"))
    #expect(queue.outcome.damaged.count == 2)
  }

  @Test func whatWasBegunIsEndedWhenTheTimeIsUp() throws {
    defer { run.abandon() }
    let isUp = Mutex(false)
    let queue = RepackQueue(packs, progress: PruneProgress()) { isUp.withLock { $0 } }
    let (pack, source) = try begun(queue)
    queue.open(pack, source)
    isUp.withLock { $0 = true }
    for (stretch, open) in stretches(queue, source.stretches.count) {
      queue.end(stretch, of: open)
    }
    #expect(isOver(queue))
    #expect(queue.outcome.isCut && queue.outcome.moved.map(\.name) == [pack.name])
  }

  @Test func whoFailsEndsAll() throws {
    defer { run.abandon() }
    let queue = RepackQueue(packs, progress: PruneProgress()) { false }
    _ = try begun(queue)
    // Nobody knows yet what there is of the first pack, and this one waits for it.
    let (second, source) = try begun(queue)
    queue.open(second, source)
    queue.fail(.interrupted)
    #expect(isOver(queue))
    #expect(queue.outcome.failure != nil)
  }
}

@Suite struct LiveChunksTests {
  private let small: SmallRepository

  init() throws {
    small = try SmallRepository()
    try small.shell(
      """
      for folder in $(seq 60); do
        mkdir -p tree/$folder/more
        seq $folder 1000 > tree/$folder/a
        for file in $(seq 40); do echo $folder $file > tree/$folder/more/grain-of-rye-$file; done
      done
      """)
    _ = try small.backUp()
    try small.shell("rm -r tree/7; seq 900 > tree/9/a")
    _ = try small.backUp()
  }

  private func live(_ jobs: Int) throws(VaultError) -> (LiveChunks, UInt64) {
    let live = LiveChunks(small.repository, ignoring: [], jobs: jobs)
    let progress = PruneProgress()
    try live.follow(small.repository.vault.journal.state, progress: progress)
    return (live, progress.chunkCount)
  }

  @Test func manyThreadsMarkWhatOneDoes() throws {
    let (alone, count) = try live(1)
    #expect(alone.count > 150 && count == alone.count)
    for jobs in [2, 5] {
      let (together, found) = try live(jobs)
      #expect(together.count == alone.count && found == count)
      try small.repository.vault.index.forEachRow { (id, _) throws(VaultError) in
        #expect(try together.contains(id) == alone.contains(id))
        return true
      }
      // What was met is not walked again.
      let progress = PruneProgress()
      try together.follow(small.repository.vault.journal.state, progress: progress)
      #expect(progress.chunkCount == 0)
    }
  }

  @Test(arguments: [1, 4]) func aNodeThatCannotBeReadEndsIt(jobs: Int) throws {
    for pack in try small.store.list(prefix: "packs/") { try small.store.delete(pack.name) }
    try small.reopen()
    #expect(throws: VaultError.self) { _ = try live(jobs) }
  }
}
