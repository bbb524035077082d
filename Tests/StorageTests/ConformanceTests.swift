// What every store promises, asked of every store.

import Platform
import Testing

@testable import Storage

/// A kind of store, and how to get an empty one.
enum Subject: String, CaseIterable, CustomTestStringConvertible {
  case memory
  case local
  /// A faulty store without faults.
  case faulty
  /// Retries over a store that fails at every third call and loses every third answer.
  case retrying
  /// One that moves objects in small pieces.
  case limited

  var testDescription: String { rawValue }

  /// The second result keeps the folder alive.
  func make() throws -> (any ObjectStore, Scratch?) {
    switch self {
    case .memory: return (MemoryStore(), nil)
    case .local:
      let scratch = try Scratch()
      return (try LocalStore(creating: scratch.path("a/repository")), scratch)
    case .faulty: return (FaultyStore(MemoryStore()), nil)
    case .limited:
      let scratch = try Scratch()
      let paces = TransferPaces(
        TransferLimits(upload: 20_000, download: 20_000), now: { .zero }, wait: { _ in })
      return (try LocalStore(opening: scratch.path, paces: paces), scratch)
    case .retrying:
      var faults = Faults()
      faults.failing = 0.3
      faults.losingAnswers = 0.3
      faults.delaying = 0.2
      var policy = RetryPolicy()
      policy.attemptCount = 200
      let faulty = FaultyStore(MemoryStore(), seed: 7, faults: faults)
      return (RetryingStore(faulty, policy: policy, wait: { _ in true }), nil)
    }
  }
}

@Suite struct ConformanceTests {
  @Test(arguments: Subject.allCases)
  func whatWasCreatedIsReadBack(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    for (number, size) in [0, 1, 4095, 4096, 100_000, (1 << 20) + 5].enumerated() {
      let name = ObjectName.pack(hash(number))
      let bytes = sample(size)
      #expect(try store.create(name, bytes) == .created)
      #expect(try store.size(of: name) == size)
      #expect(try store.read(name, limit: size) == bytes)
    }
    try store.barrier()
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func aTakenNameKeepsItsBytes(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    #expect(try store.create(.journal(3), sample(100)) == .created)
    #expect(try store.create(.journal(3), sample(90, seed: 1)) == .existed)
    #expect(try store.read(.journal(3), limit: 100) == sample(100))
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func rangesEndWithTheObject(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    _ = try store.create(.format, sample(1000))
    #expect(try store.bytes(of: .format, at: 0, count: 10) == Array(sample(1000)[..<10]))
    #expect(try store.bytes(of: .format, at: 990, count: 100) == Array(sample(1000)[990...]))
    #expect(try store.bytes(of: .format, at: 1000, count: 5) == [])
    #expect(try store.bytes(of: .format, at: 5000, count: 5) == [])
    #expect(try store.bytes(of: .format, at: 7, count: 0) == [])
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func whatIsNotThereIsNotFound(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    let name = ObjectName.pack(hash(9))
    for call in [
      { _ = try store.size(of: name) }, { _ = try store.read(name, limit: 10) },
      { _ = try store.bytes(of: name, at: 0, count: 4) },
    ] as [() throws -> Void] {
      #expect { try call() } throws: { error in
        guard case .notFound(let text)? = error as? StoreError else { return false }
        return text.contains(name.description)
      }
    }
    try store.delete(name)
    try store.barrier()
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func deletedNamesAreFree(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    _ = try store.create(.keyring(1), sample(5))
    try store.delete(.keyring(1))
    #expect(try store.list(prefix: "").isEmpty)
    #expect(try store.create(.keyring(1), sample(6)) == .created)
    #expect(try store.read(.keyring(1), limit: 6) == sample(6))
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func tooLargeObjectsAreRefused(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    _ = try store.create(.format, sample(193))
    #expect(throws: StoreError.self) { try store.read(.format, limit: 192) }
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func listsAreInByteOrderBehindAName(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    var names: [ObjectName] = [.format, .keyring(0), .slot(String(repeating: "a", count: 32))]
    for number in 0..<40 { names.append(.pack(hash(number))) }
    for number in [0, 1, 9, 10, 255, 256, 1 << 40] { names.append(.journal(UInt64(number))) }
    for number in 0..<5 { names.append(.segment(hash(100 + number))) }
    for (size, name) in names.enumerated() { _ = try store.create(name, sample(size)) }

    let expected = names.enumerated().map { ($1, $0) }.sorted { $0.0 < $1.0 }
    for prefix in ["", "format", "packs/", "packs", "packs/9e/", "packs/9", "journal/000", "x/"] {
      let wanted = expected.filter { $0.0.description.hasPrefix(prefix) }
      let found = try store.list(prefix: prefix)
      #expect(found.map(\.name) == wanted.map(\.0), "prefix \(prefix)")
      #expect(found.map(\.size) == wanted.map(\.1), "prefix \(prefix)")
    }
    for (name, _) in expected {
      let wanted = expected.filter { name < $0.0 }
      #expect(try store.names(after: name.description) == wanted.map(\.0))
    }
    #expect(try store.names(after: "journal/").first == .journal(0))
    #expect(try store.names(after: "packs/zz").first?.kind == expected.last?.0.kind)
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: Subject.allCases)
  func aListEndsWhenToldTo(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    for number in 0..<10 { _ = try store.create(.journal(UInt64(number)), sample(1)) }
    var seen: [ObjectName] = []
    try store.list(prefix: "journal/", after: nil) { (name, _) throws(StoreError) in
      seen.append(name)
      return seen.count < 3
    }
    #expect(seen == [.journal(0), .journal(1), .journal(2)])
    var calls = 0
    #expect(throws: StoreError.unavailable("mine")) {
      try store.list(prefix: "", after: nil) { (_, _) throws(StoreError) in
        calls += 1
        throw .unavailable("mine")
      }
    }
    #expect(calls == 1)
    withExtendedLifetime(scratch) {}
  }

  @Test(arguments: [Subject.memory, .local, .faulty])
  func ofManyThreadsOneCreates(_ subject: Subject) throws {
    let (store, scratch) = try subject.make()
    let wins = Counter()
    let threads = (0..<4).map { seed in
      Thread.start(name: "racer") {
        for number in 0..<50 {
          let bytes = sample(300, seed: UInt8(seed))
          if (try? store.create(.journal(UInt64(number)), bytes)) == .created { wins.increment() }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(wins.value == 50)
    for object in try store.list(prefix: "journal/") {
      let bytes = try store.read(object.name, limit: 300)
      #expect((0..<4).contains { bytes == sample(300, seed: $0) })
    }
    withExtendedLifetime(scratch) {}
  }
}

/// A number that threads raise.
final class Counter: @unchecked Sendable {
  private let lock = Lock()
  private var number = 0

  var value: Int { lock.withLock { number } }
  func increment() { lock.withLock { number += 1 } }
}

extension ObjectStore {
  func bytes(of name: ObjectName, at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
    let buffer = OwnedBuffer(capacity: count)
    let memory = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count)
    let filled = try unsafe read(name, at: offset, into: memory)
    return unsafe Array(memory[..<filled])
  }

  func names(after: String) throws(StoreError) -> [ObjectName] {
    var names: [ObjectName] = []
    try list(prefix: "", after: after) { (name, _) throws(StoreError) in
      names.append(name)
      return true
    }
    return names
  }
}
