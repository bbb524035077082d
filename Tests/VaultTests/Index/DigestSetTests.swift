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
    let set = DigestSet(memoryLimit: 8 << 10)
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

  @Test func aFilterKnowsWhatItHoldsAndLittleElse() {
    var random = SeededGenerator(35)
    var filter = SpillFilter()
    let held = (0..<25_000).map { _ in random.id(ChunkID.self) }
    for digest in held { filter.insert(digest) }
    let missed = held.count { !filter.mayContain($0) }
    #expect(missed == 0)
    let wrong = (0..<100_000).count { _ in filter.mayContain(random.id()) }
    #expect(wrong < 300)
  }

  /// Looking at a set in a file leaves little of the file in this process.
  @Test func pagesOfASpilledSetAreGivenBack() throws {
    let environment = try LMDBEnvironment.temporary()
    let table = try environment.databases(["digests"])[0]
    var random = SeededGenerator(36)
    let digests = (0..<100_000).map { _ in random.id(ChunkID.self) }.sorted()
    try environment.write { (writer) throws(LMDBError) in
      for digest in digests { try writer.put(table, digest.bytes, []) }
    }
    let reader = try LMDBReader(environment)
    // Looks at all, and answers how much of the file is then in this process.
    func look(at digests: [ChunkID]) throws -> Int {
      var place: UInt = 0
      for digest in digests {
        try reader.read { (snapshot) throws(LMDBError) in
          try unsafe digest.bytes.withRawBytes { (key) throws(LMDBError) in
            let value = try unsafe snapshot.get(table, key)
            place = unsafe UInt(bitPattern: value?.baseAddress)
          }
        }
      }
      return try #require(Self.residentBytes(ofMapAt: place))
    }
    let all = try look(at: digests)
    #expect(all > 4 << 20)
    try environment.dropPages()
    #expect(try look(at: [digests[0]]) < all / 4)
    #expect(try look(at: digests) == all)
  }

  private static func residentBytes(ofMapAt address: UInt) -> Int? {
    guard let file = unsafe fopen("/proc/self/smaps", "r") else { return nil }
    defer { unsafe fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { unsafe free(line) }
    var isIn = false
    while unsafe getline(&line, &room, file) > 0, let text = unsafe line {
      let words = unsafe String(cString: text).split(separator: " ")
      let ends = words[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      if ends.count == 2 { isIn = ends[0] <= address && address < ends[1] }
      if isIn && words[0] == "Rss:" { return Int(words[1]).map { $0 << 10 } }
    }
    return nil
  }
}
