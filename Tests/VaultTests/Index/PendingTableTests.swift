// The table of a run's new chunks: one uploader per chunk, whatever the threads and the memory do.

import Platform
import Synchronization
import Testing

@testable import Vault

@Suite struct PendingTableTests {
  static func place(_ number: Int) -> Placement {
    Placement(
      pack: UInt32(number), frameOffset: UInt32(number &* 31), frameLength: 77,
      offset: UInt32(number & 0xffff), length: 1000, kind: number % 3 == 0 ? .tree : .data)
  }

  @Test func firstClaimWins() throws {
    var random = SeededGenerator(31)
    let table = PendingTable()
    let id: ChunkID = random.id()
    #expect(try table.find(id) == nil)
    #expect(try table.claim(id))
    #expect(try !table.claim(id))
    #expect(try table.find(id) == .claimed)
    try table.place(id, Self.place(9))
    #expect(try !table.claim(id))
    #expect(try table.find(id) == .placed(Self.place(9)))
    #expect(table.count == 1)
    #expect(!table.hasSpilled)
  }

  @Test func releasedClaimCanBeClaimedAgain() throws {
    var random = SeededGenerator(32)
    let table = PendingTable()
    let id: ChunkID = random.id()
    #expect(try table.claim(id))
    try table.release(id)
    #expect(try table.find(id) == nil)
    #expect(table.count == 0)
    #expect(try table.claim(id))
    #expect(table.count == 1)
  }

  @Test(arguments: [16 << 10, 24 << 20]) func threadsAgreeOnOneUploader(_ memory: Int) throws {
    let table = PendingTable(memoryLimit: memory)
    let idCount = 20_000
    let wins = Mutex([Int](repeating: 0, count: idCount))
    var random = SeededGenerator(33)
    let ids = (0..<idCount).map { _ in random.id(ChunkID.self) }
    let threads = (0..<4).map { number in
      Platform.Thread.start(name: "claims") {
        for step in 0..<idCount {
          let index = (step &* 7 &+ number &* 4999) % idCount
          guard (try? table.claim(ids[index])) == true else { continue }
          wins.withLock { $0[index] += 1 }
          try? table.place(ids[index], Self.place(index))
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wins.withLock { $0.allSatisfy { $0 == 1 } })
    #expect(table.count == idCount)
    for index in ids.indices { #expect(try table.find(ids[index]) == .placed(Self.place(index))) }
    #expect(table.hasSpilled == (memory < 1 << 20))
  }

  @Test(arguments: IndexModelTests.seeds) func spilledRowsAgainstADictionary(
    _ seed: UInt64
  ) throws {
    var random = SeededGenerator(seed)
    let table = PendingTable(memoryLimit: 8 << 10)
    let ids = (0..<3000).map { _ in random.id(ChunkID.self) }
    var model: [ChunkID: PendingChunk] = [:]
    for step in 0..<30_000 {
      let id = ids[Int.random(in: 0..<ids.count, using: &random)]
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<4:
        #expect(try table.claim(id) == (model[id] == nil), "seed \(seed), step \(step)")
        model[id] = model[id] ?? .claimed
      case 4..<7 where model[id] != nil:
        try table.place(id, Self.place(step))
        model[id] = .placed(Self.place(step))
      case 7:
        try table.release(id)
        model[id] = nil
      default:
        #expect(try table.find(id) == model[id], "seed \(seed), step \(step)")
      }
    }
    #expect(table.count == model.count)
    #expect(table.hasSpilled)
    for id in ids { #expect(try table.find(id) == model[id], "seed \(seed)") }
    try table.removeAll()
    #expect(table.count == 0)
    for id in ids.prefix(100) { #expect(try table.claim(id)) }
  }
}
