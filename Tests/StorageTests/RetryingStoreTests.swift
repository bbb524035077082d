// What retries must not hide, and what they must.

import Platform
import Synchronization
import Testing

@testable import Storage

@Suite struct RetryingStoreTests {
  private func retrying(
    _ store: any ObjectStore, attempts: Int = 5, onWait: @escaping @Sendable () -> Bool = { true }
  ) -> RetryingStore {
    var policy = RetryPolicy()
    policy.attemptCount = attempts
    return RetryingStore(store, policy: policy, wait: { _ in onWait() })
  }

  /// Fails the first operations of a kind.
  private func failing(
    _ operation: StoreOperation, times: Int, with error: StoreError, over store: MemoryStore
  ) -> FaultyStore {
    let count = Counter()
    return FaultyStore(
      store,
      observer: { (seen, _, _) throws(StoreError) in
        guard seen == operation, count.value < times else { return }
        count.increment()
        throw error
      })
  }

  @Test func passingFailuresAreNotSeen() throws {
    let faulty = failing(.create, times: 4, with: .unavailable("later"), over: MemoryStore())
    #expect(try retrying(faulty).create(.format, sample(3)) == .created)
    #expect(faulty.operationCount == 5)
  }

  @Test func lastingFailuresAreReported() throws {
    let faulty = failing(.barrier, times: .max, with: .unavailable("gone"), over: MemoryStore())
    #expect(throws: StoreError.unavailable("gone")) { try retrying(faulty).barrier() }
    #expect(faulty.operationCount == 5)
  }

  @Test(arguments: [
    StoreError.full("x"), .notPermitted("x"), .failed("x"), .notFound("x"), .absent("x"),
  ])
  func whatWillNotChangeIsTriedOnce(_ error: StoreError) throws {
    let faulty = failing(.create, times: .max, with: error, over: MemoryStore())
    #expect(throws: error) { try retrying(faulty).create(.format, sample(3)) }
    #expect(faulty.operationCount == 1)
  }

  @Test func aLostAnswerIsFoundOut() throws {
    let memory = MemoryStore()
    var faults = Faults()
    faults.losingAnswers = 1
    faults.operations = [.create]
    let faulty = FaultyStore(memory, faults: faults)
    let store = RetryingStore(
      faulty, policy: RetryPolicy(),
      wait: { _ in
        faulty.setFaults(Faults())
        return true
      })
    #expect(try store.create(.journal(7), sample(3_000_000)) == .created)
    #expect(memory.count == 1)
  }

  @Test(arguments: [sample(40, seed: 9), sample(39)])
  func someoneElsesObjectIsNotTakenForOurs(_ theirs: [UInt8]) throws {
    let memory = MemoryStore()
    var faults = Faults()
    faults.failing = 1
    let faulty = FaultyStore(memory, faults: faults)
    let store = RetryingStore(
      faulty, policy: RetryPolicy(),
      wait: { _ in
        // While we wait another wins the race.
        memory.overwrite(.journal(7), with: theirs)
        faulty.setFaults(Faults())
        return true
      })
    #expect(try store.create(.journal(7), sample(40)) == .existed)
  }

  @Test func withoutARetryAnEqualObjectIsStillAnothers() throws {
    let memory = MemoryStore()
    _ = try memory.create(.format, sample(4))
    #expect(try retrying(memory).create(.format, sample(4)) == .existed)
  }

  @Test func anInterruptionEndsTheWaiting() throws {
    let faulty = failing(.size, times: .max, with: .unavailable("slow"), over: MemoryStore())
    let store = retrying(faulty, attempts: 100, onWait: { false })
    #expect(throws: StoreError.unavailable("slow")) { try store.size(of: .format) }
    #expect(faulty.operationCount == 1)
  }

  @Test func everyNameIsListedOnceWhateverBreaksOff() throws {
    let memory = MemoryStore()
    for number in 0..<20 { _ = try memory.create(.journal(UInt64(number)), sample(1)) }
    let seen = Mutex<[ObjectName]>([])
    let store = retrying(Breaking(base: memory), attempts: 100)
    try store.list(prefix: "journal/", after: nil) { (name, _) throws(StoreError) in
      seen.withLock { $0.append(name) }
      return true
    }
    #expect(seen.withLock { $0 } == (0..<20).map { .journal($0) })
  }

  @Test func pausesGrowAndAreBounded() {
    var random = SplitMix(seed: 1)
    let policy = RetryPolicy()
    for count in 1...30 {
      let whole = min(policy.firstPause * (1 << min(count - 1, 20)), policy.longestPause)
      let pause = policy.pause(after: count, &random)
      #expect(pause >= whole * 0.5 && pause <= whole)
    }
  }
}

/// A store whose listings break off after three names.
private struct Breaking: ObjectStore {
  let base: MemoryStore
  var location: String { "breaking" }

  func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    var left = 3
    try base.list(prefix: prefix, after: after) { (name, size) throws(StoreError) in
      if left == 0 { throw .unavailable("broke off") }
      left -= 1
      return try body(name, size)
    }
  }

  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    try base.create(name, bytes)
  }
  func barrier() throws(StoreError) { try base.barrier() }
  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int { try unsafe base.read(name, at: offset, into: buffer) }
  func size(of name: ObjectName) throws(StoreError) -> Int { try base.size(of: name) }
  func delete(_ name: ObjectName) throws(StoreError) { try base.delete(name) }
}
