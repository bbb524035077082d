// The faults are what they say, and the same again for the same seed.

import Platform
import Testing

@testable import Storage

@Suite struct FaultyStoreTests {
  private func faults(_ change: (inout Faults) -> Void) -> Faults {
    var faults = Faults()
    change(&faults)
    return faults
  }

  @Test func theSameSeedGivesTheSameFaults() throws {
    func run(seed: UInt64) -> [Bool] {
      let faulty = FaultyStore(MemoryStore(), seed: seed, faults: faults { $0.failing = 0.5 })
      return (0..<64).map { (try? faulty.create(.journal($0), sample(1))) != nil }
    }
    #expect(run(seed: 3) == run(seed: 3))
    #expect(run(seed: 3) != run(seed: 4))
  }

  @Test func aFailureLeavesNothing() throws {
    let memory = MemoryStore()
    let faulty = FaultyStore(memory, faults: faults { $0.failing = 1 })
    #expect { try faulty.create(.format, sample(4)) } throws: { error in
      (error as? StoreError)?.isRetryable == true
    }
    #expect(memory.count == 0)
  }

  @Test func aLostAnswerLeavesTheObject() throws {
    let memory = MemoryStore()
    let faulty = FaultyStore(memory, faults: faults { $0.losingAnswers = 1 })
    #expect(throws: StoreError.self) { try faulty.create(.format, sample(4)) }
    #expect(try memory.read(.format, limit: 4) == sample(4))
  }

  @Test func aDelayedObjectArrivesLater() throws {
    let memory = MemoryStore()
    let faulty = FaultyStore(
      memory, seed: 2,
      faults: faults { $0.delaying = 1 })
    #expect(throws: StoreError.self) { try faulty.create(.format, sample(4)) }
    #expect(memory.count == 0)
    for _ in 0..<10 { _ = try faulty.list(prefix: "") }
    #expect(try memory.read(.format, limit: 4) == sample(4))
    #expect(throws: StoreError.self) { try faulty.create(.journal(0), sample(4)) }
    faulty.deliverLate()
    #expect(memory.count == 2)
  }

  @Test func aTornObjectIsABeginning() throws {
    let memory = MemoryStore()
    let faulty = FaultyStore(memory, seed: 5, faults: faults { $0.tearing = 1 })
    #expect(try faulty.create(.format, sample(1000)) == .created)
    let stored = try memory.read(.format, limit: 1000)
    #expect(stored.count < 1000 && stored == Array(sample(1000)[..<stored.count]))
  }

  @Test func aFlippedReadDiffersInOneBit() throws {
    let memory = MemoryStore()
    _ = try memory.create(.format, sample(100))
    let faulty = FaultyStore(memory, seed: 5, faults: faults { $0.flipping = 1 })
    let read = try faulty.read(.format, limit: 100)
    let bits = zip(read, sample(100)).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    #expect(bits == 1)
  }

  @Test(arguments: 0..<6)
  func afterTheStopNothingHappens(_ number: Int) throws {
    let stops = [(FaultyStore.Stop.before(number), number), (.after(number), number + 1)]
    for (stop, reached) in stops {
      let memory = MemoryStore()
      let faulty = FaultyStore(memory, stop: stop)
      var answered = 0
      for entry in UInt64(0)..<6 where (try? faulty.create(.journal(entry), sample(1))) != nil {
        answered += 1
      }
      #expect(answered == number)
      #expect(memory.count == reached)
      #expect(faulty.isStopped)
    }
  }

  @Test func aCrashTakesBackWhatNoBarrierSettled() throws {
    let memory = MemoryStore()
    _ = try memory.create(.journal(0), sample(1))
    _ = try memory.create(.journal(1), sample(2))
    try memory.barrier()
    _ = try memory.create(.journal(2), sample(3))
    _ = try memory.create(.journal(3), sample(4))
    try memory.delete(.journal(0))
    try memory.delete(.journal(2))
    _ = try memory.create(.journal(2), sample(9))

    let kept = memory.copy()
    memory.crash()
    #expect(try memory.list(prefix: "").map(\.name) == [.journal(0), .journal(1)])
    #expect(try memory.read(.journal(0), limit: 9) == sample(1))
    kept.crash { $0 == .journal(2) }
    #expect(try kept.list(prefix: "").map(\.name) == [.journal(0), .journal(1), .journal(2)])
    #expect(try kept.read(.journal(2), limit: 9) == sample(9))
  }
}
