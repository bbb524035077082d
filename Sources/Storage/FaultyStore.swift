// A store that goes wrong on purpose, for tests and simulations: the same seed and the same order of
// calls give the same faults.
//
// Invariants: every call is one operation and is counted, also one that fails; after the stop
// nothing reaches the store below any more.

import Platform

/// A call of a store.
public enum StoreOperation: Hashable, Sendable, CaseIterable {
  /// An object is to be created.
  case create
  /// What was created is to become durable.
  case barrier
  /// A range is to be read.
  case read
  /// A size is asked for.
  case size
  /// Names are to be listed.
  case list
  /// An object is to be deleted.
  case delete
}

/// What goes wrong, and how often, each from 0 (never) to 1 (always).
public struct Faults: Sendable {
  /// Nothing happens, and the store says that it is not available.
  public var failing = 0.0
  /// It happens, but the answer is lost: the store says that it is not available.
  public var losingAnswers = 0.0
  /// As if it failed, but the object appears some operations later; for creations alone.
  public var delaying = 0.0
  /// The object keeps its beginning only, and the store says that all is well; for creations alone.
  public var tearing = 0.0
  /// One bit of what is read is another; for reads alone.
  public var flipping = 0.0
  /// The calls that go wrong.
  public var operations = Set(StoreOperation.allCases)

  /// Nothing goes wrong.
  public init() {}
}

/// A store with faults over another one.
public final class FaultyStore: ObjectStore, @unchecked Sendable {
  /// When everything ends, as in a crash of the process.
  public enum Stop: Hashable, Sendable {
    /// Before the operation of this number, counted from 0, reaches the store.
    case before(Int)
    /// After it has reached the store and before its answer is seen.
    case after(Int)
  }

  /// Called before every operation with its number, without any lock; what it throws is the answer.
  public typealias Observer =
    @Sendable (StoreOperation, ObjectName?, Int) throws(StoreError) -> Void

  private let base: any ObjectStore
  private let stop: Stop?
  private let observer: Observer?
  private let lock = Lock()
  private var random: SplitMix
  private var faults: Faults
  private var counter = 0
  private var late: [Late] = []

  /// A store over another one; the seed decides what goes wrong when.
  public init(
    _ base: any ObjectStore, seed: UInt64 = 0, faults: Faults = Faults(), stop: Stop? = nil,
    observer: Observer? = nil
  ) {
    self.base = base
    self.stop = stop
    self.observer = observer
    self.faults = faults
    random = SplitMix(seed: seed)
  }

  /// Where it is, for messages.
  public var location: String { base.location }

  /// The number of operations so far, failed ones included.
  public var operationCount: Int { lock.withLock { counter } }

  /// Whether the stop was reached.
  public var isStopped: Bool {
    lock.withLock {
      switch stop {
      case .before(let number), .after(let number): counter > number
      case nil: false
      }
    }
  }

  /// Changes what goes wrong from now on.
  public func setFaults(_ faults: Faults) { lock.withLock { self.faults = faults } }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    let turn = try begin(.create, name)
    switch turn.fault {
    case .delay(let due):
      let copy = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
      lock.withLock { late.append(Late(due: due, name: name, bytes: copy)) }
      throw turn.error
    case .tear(let share):
      let kept = Int(Double(bytes.byteCount) * share)
      return try turn.end(try base.create(name, bytes.extracting(first: kept)))
    default:
      return try turn.end(try base.create(name, bytes))
    }
  }

  /// Makes every object created before survive a crash.
  public func barrier() throws(StoreError) {
    let turn = try begin(.barrier, nil)
    try turn.end(try base.barrier())
  }

  /// Reads a range of an object.
  public func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    let turn = try begin(.read, name)
    let count = try unsafe base.read(name, at: offset, into: buffer)
    if case .flip(let place) = turn.fault, count > 0 {
      unsafe buffer[Int(place % UInt64(count))] ^= 1 << UInt8(place >> 61)
    }
    return try turn.end(count)
  }

  /// The size of an object.
  public func size(of name: ObjectName) throws(StoreError) -> Int {
    let turn = try begin(.size, name)
    return try turn.end(try base.size(of: name))
  }

  /// Lists objects in byte order of their names.
  public func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    let turn = try begin(.list, nil)
    try turn.end(try base.list(prefix: prefix, after: after, body))
  }

  /// Deletes an object.
  public func delete(_ name: ObjectName) throws(StoreError) {
    let turn = try begin(.delete, name)
    try turn.end(try base.delete(name))
  }
}

extension FaultyStore {
  /// What goes wrong with one operation.
  private enum Fault {
    case none
    case fail
    case loseAnswer
    case delay(due: Int)
    case tear(share: Double)
    case flip(UInt64)
  }

  /// A creation that is still on its way.
  private struct Late {
    let due: Int
    let name: ObjectName
    let bytes: [UInt8]
  }

  /// One operation.
  private struct Turn {
    let fault: Fault
    let isLast: Bool
    let error: StoreError

    // Hands the answer on, or loses it.
    func end<Answer>(_ answer: Answer) throws(StoreError) -> Answer {
      if isLast { throw .failed("the simulated process ended") }
      if case .loseAnswer = fault { throw error }
      return answer
    }
  }

  private func begin(
    _ operation: StoreOperation, _ name: ObjectName?
  ) throws(StoreError) -> Turn {
    let (number, fault, arrived) = lock.withLock { advance(operation) }
    if isBehindStop(number) { throw .failed("the simulated process ended") }
    for arrival in arrived { _ = try? base.create(arrival.name, arrival.bytes) }
    try observer?(operation, name, number)
    let subject = name.map { "\($0): " } ?? ""
    let error = StoreError.unavailable("\(location): \(subject)simulated fault in \(operation)")
    if case .fail = fault { throw error }
    return Turn(fault: fault, isLast: stop == .after(number), error: error)
  }

  // With the lock.
  private func advance(_ operation: StoreOperation) -> (Int, Fault, [Late]) {
    let number = counter
    counter += 1
    guard !isBehindStop(number) else { return (number, .none, []) }
    return (number, fault(of: operation, number), takeLate(upTo: number))
  }

  private func isBehindStop(_ number: Int) -> Bool {
    switch stop {
    case .before(let last): number >= last
    case .after(let last): number > last
    case nil: false
    }
  }

  // With the lock.
  private func takeLate(upTo number: Int) -> [Late] {
    let arrived = late.filter { $0.due <= number }
    late.removeAll { $0.due <= number }
    return arrived
  }

  /// Lets every delayed creation arrive, as it may even after the process that sent it has ended.
  public func deliverLate() {
    for arrival in lock.withLock({ takeLate(upTo: .max) }) {
      _ = try? base.create(arrival.name, arrival.bytes)
    }
  }

  private func fault(of operation: StoreOperation, _ number: Int) -> Fault {
    guard faults.operations.contains(operation) else { return .none }
    if random.happens(faults.failing) { return .fail }
    if random.happens(faults.losingAnswers) { return .loseAnswer }
    if operation == .create {
      if random.happens(faults.delaying) { return .delay(due: number + 1 + Int(random.next() % 8)) }
      if random.happens(faults.tearing) { return .tear(share: random.fraction()) }
    }
    if operation == .read, random.happens(faults.flipping) { return .flip(random.next()) }
    return .none
  }
}
