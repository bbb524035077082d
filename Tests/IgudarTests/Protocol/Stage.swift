// A stage for clients of one repository: each is a player with a thread of its own that runs the real
// code, and stops before every call of the store until the director lets it go on, or crash. So one
// moves at a time, and the same decisions give the same run again.

import Platform
import Storage

/// A call that a player is about to make.
struct Act: Hashable {
  let operation: StoreOperation
  /// The object's name, or the prefix of a listing.
  let subject: String

  /// Whether the store is another one afterwards.
  var isChange: Bool { operation == .create || operation == .delete }
}

/// Where players wait for their turn.
final class Stage: @unchecked Sendable {
  enum Status: Hashable {
    case moving
    case waiting(Act)
    case ended

    /// What is waited for.
    var act: Act? {
      if case .waiting(let act) = self { act } else { nil }
    }
  }

  /// What becomes of a call.
  enum Move: Hashable {
    case act
    /// The player ends before it.
    case crash
    /// The player ends in the midst of it: of what it creates there is only the beginning.
    case crashTearing
  }

  private let lock = Lock()
  private let settled = Condition()
  private let turns: [Condition]
  private let free: [Condition]
  private var statuses: [Status]
  private var moves: [Move?]
  private var threads: [Thread] = []

  init(playerCount: Int) {
    turns = (0..<playerCount).map { _ in Condition() }
    free = (0..<playerCount).map { _ in Condition() }
    statuses = Array(repeating: .ended, count: playerCount)
    moves = Array(repeating: nil, count: playerCount)
  }

  /// Where everybody is; nobody moves.
  var current: [Status] { lock.withLock { statuses } }

  /// Starts a player and waits until it makes its first call or ends.
  func start(_ player: Int, _ perform: @escaping @Sendable () -> Void) {
    lock.withLock { statuses[player] = .moving }
    threads.append(
      Thread.start(name: "player \(player)") { [self] in
        perform()
        lock.withLock {
          statuses[player] = .ended
          settled.signal()
        }
      })
    lock.withLock { while statuses[player] == .moving { settled.wait(lock) } }
  }

  /// Lets a player make its call, or end instead, and waits until it is about to make the next.
  func letGo(_ player: Int, _ move: Move) {
    lock.withLock {
      moves[player] = move
      statuses[player] = .moving
      turns[player].signal()
      while statuses[player] == .moving { settled.wait(lock) }
    }
  }

  /// For players: waits for the turn, and says what becomes of the call.
  func wait(_ player: Int, _ act: Act) -> Move {
    lock.withLock {
      // Another thread of the same player may be before this one.
      while statuses[player] != .moving || moves[player] != nil { free[player].wait(lock) }
      statuses[player] = .waiting(act)
      settled.signal()
      while true {
        if let move = moves[player] {
          moves[player] = nil
          free[player].signal()
          return move
        }
        turns[player].wait(lock)
      }
    }
  }

  /// Lets everybody crash who has not ended.
  func clear() {
    for player in turns.indices {
      if case .waiting = current[player] { letGo(player, .crash) }
    }
    for thread in threads { thread.join() }
    threads = []
  }
}

/// The store as one player sees it.
final class StagedStore: ObjectStore, @unchecked Sendable {
  private let base: MemoryStore
  private let stage: Stage
  private let player: Int
  private(set) var isCrashed = false
  /// Whether the player has left the stage: what is still on its way from it arrives.
  var isOver = false

  init(_ base: MemoryStore, _ stage: Stage, player: Int) {
    self.base = base
    self.stage = stage
    self.player = player
  }

  var location: String { "the stage" }

  private func enter(
    _ operation: StoreOperation, _ subject: String, tearing tear: () -> Void = {}
  ) throws(StoreError) {
    if isOver { return }
    if !isCrashed && !Self.isAlone(operation, subject) {
      let move = stage.wait(player, Act(operation: operation, subject: subject))
      // Another of its threads may have met the end meanwhile, which is for ever.
      if move != .act { isCrashed = true }
      if move == .crashTearing { tear() }
    }
    if isCrashed { throw .failed("the player crashed") }
  }

  // What commutes with every call that anybody can make needs no turn: nothing but packs and segments is
  // ever deleted.
  private static func isAlone(_ operation: StoreOperation, _ subject: String) -> Bool {
    switch operation {
    case .barrier: true
    case .read, .size: !subject.hasPrefix("packs/") && !subject.hasPrefix("index/")
    case .create, .list, .delete: false
    }
  }

  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    let half = unsafe bytes.extracting(first: bytes.byteCount / 2).withUnsafeBytes {
      unsafe [UInt8]($0)
    }
    try enter(.create, name.description) { _ = try? base.create(name, half) }
    return try base.create(name, bytes)
  }

  func barrier() throws(StoreError) {
    try enter(.barrier, "")
    try base.barrier()
  }

  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    try enter(.read, name.description)
    return try unsafe base.read(name, at: offset, into: buffer)
  }

  func size(of name: ObjectName) throws(StoreError) -> Int {
    try enter(.size, name.description)
    return try base.size(of: name)
  }

  func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    try enter(.list, prefix)
    try base.list(prefix: prefix, after: after, body)
  }

  func delete(_ name: ObjectName) throws(StoreError) {
    try enter(.delete, name.description)
    try base.delete(name)
  }
}
