// Sets of digests: each is new once, whatever the threads and the memory do.

import Glibc
import Platform
import Synchronization
import Testing

@testable import Vault

@Suite struct DigestSetTests {
  @Test(arguments: [16 << 10, 24 << 20]) func threadsAgreeOnWhoWasFirst(_ memory: Int) throws {
    let set = DigestSet(memoryLimit: memory)
    let count = 20_000
    let wins = Mutex([Int](repeating: 0, count: count))
    var random = SeededGenerator(33)
    let digests = (0..<count).map { _ in random.id(ChunkID.self) }
    let threads = (0..<4).map { number in
      Platform.Thread.start(name: "insert") {
        for step in 0..<count {
          let index = (step &* 7 &+ number &* 4999) % count
          guard (try? set.insert(digests[index])) == true else { continue }
          wins.withLock { $0[index] += 1 }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wins.withLock { $0.allSatisfy { $0 == 1 } })
    #expect(set.count == count)
    for digest in digests { #expect(try set.contains(digest)) }
    #expect(set.hasSpilled == (memory < 1 << 20))
  }

  @Test(arguments: IndexModelTests.seeds) func spilledDigestsAgainstASet(_ seed: UInt64) throws {
    var random = SeededGenerator(seed)
    // With one line the filter soon says yes to everything, and the file alone knows.
    let set = DigestSet(memoryLimit: 8 << 10, filterLineCount: seed % 2 == 0 ? 1 : 1024)
    let digests = (0..<3000).map { _ in random.id(ChunkID.self) } + [.zero]
    var model: Set<ChunkID> = []
    for step in 0..<30_000 {
      let digest = digests[Int.random(in: 0..<digests.count, using: &random)]
      if Bool.random(using: &random) {
        let isNew = model.insert(digest).inserted
        #expect(try set.insert(digest) == isNew, "seed \(seed), step \(step)")
      } else {
        #expect(try set.contains(digest) == model.contains(digest), "seed \(seed), step \(step)")
      }
    }
    #expect(set.count == model.count)
    #expect(set.hasSpilled)
    for digest in digests { #expect(try set.contains(digest) == model.contains(digest)) }
    try set.removeAll()
    #expect(set.count == 0)
    for digest in digests { #expect(try set.insert(digest)) }
  }

  // As a run has them: a shard's digests go to the file in several parts.
  @Test(arguments: [1, 1024]) func allThatLeavesMemoryIsKept(filterLineCount: Int) throws {
    var random = SeededGenerator(37)
    let set = DigestSet(memoryLimit: 4 << 20, filterLineCount: filterLineCount)
    let digests = (0..<120_000).map { _ in random.id(ChunkID.self) }
    for digest in digests where try !set.insert(digest) { Issue.record("a digest was there") }
    #expect(set.hasSpilled)
    for digest in digests where try set.insert(digest) { Issue.record("a digest was forgotten") }
    #expect(set.count == digests.count)
    for _ in 0..<1000 { #expect(try !set.contains(random.id())) }
  }

  @Test func withoutAFileAllStaysInMemory() throws {
    let warnings = Mutex<[String]>([])
    let set = DigestSet(
      memoryLimit: 8 << 10, filterLineCount: 1,
      warn: { text in warnings.withLock { $0 += [text] } },
      makingFile: { () throws(LMDBError) in throw LMDBError(code: 28, "a full disk") })
    var random = SeededGenerator(38)
    let digests = (0..<20_000).map { _ in random.id(ChunkID.self) }
    for digest in digests where try !set.insert(digest) { Issue.record("a digest was there") }
    for digest in digests where try set.insert(digest) { Issue.record("a digest was forgotten") }
    #expect(set.count == digests.count && !set.hasSpilled)
    #expect(warnings.withLock { $0 } == ["a full disk: No space left on device"])
  }

  // What left memory before the file failed is still known.
  @Test func aFileThatFailsKeepsWhatItHas() throws {
    let environment = try TemporaryTable().environment
    let warningCount = Atomic(0)
    let set = DigestSet(
      memoryLimit: 64 << 10, filterLineCount: 1024,
      warn: { _ in warningCount.wrappingAdd(1, ordering: .relaxed) },
      makingFile: { () throws(LMDBError) in try TemporaryTable(in: environment) })
    var random = SeededGenerator(39)
    let digests = (0..<60_000).map { _ in random.id(ChunkID.self) }
    for digest in digests.prefix(20_000) { #expect(try set.insert(digest)) }
    #expect(set.hasSpilled)
    // As on a full disk: nothing can be written any more.
    let full = unsafe open("/dev/full", O_WRONLY)
    #expect(full >= 0 && dup2(full, environment.dataDescriptor) >= 0)
    close(full)
    for digest in digests.dropFirst(20_000) { #expect(try set.insert(digest)) }
    for digest in digests where try set.insert(digest) { Issue.record("a digest was forgotten") }
    #expect(set.count == digests.count)
    #expect(warningCount.load(ordering: .relaxed) == 1)
  }

  @Test func aFilterKnowsWhatItHoldsAndLittleElse() {
    var random = SeededGenerator(35)
    var filter = SpillFilter()
    let held = (0..<25_000).map { _ in random.id(ChunkID.self) }
    for digest in held { filter.insert(digest) }
    let missed = held.count { !filter.mayContain($0) }
    #expect(missed == 0)
    let wrong = (0..<100_000).count { _ in filter.mayContain(random.id()) }
    #expect(wrong < 160)
  }
}
