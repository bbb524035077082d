// The store as one player sees it who acts alone: the calls that are known already get the answers that
// are written down, and at the first that is not the player waits to be told.

import Platform
import Storage

@testable import Vault

/// A call of the store, by the numbers of its props and listings.
enum Call: Hashable {
  case create(Int32)
  case read(Int32, offset: Int, count: Int)
  case size(Int32)
  case list(Int32)
  case delete(Int32)
  case barrier

  /// Whether the store can be another one afterwards.
  var isChange: Bool {
    switch self {
    case .create, .delete: true
    case .read, .size, .list, .barrier: false
    }
  }
}

/// All that a player learns from a call.
enum Answer: Hashable {
  case creation(Creation)
  /// An object whose content or size was asked for; nil where there is none.
  case content(Int32?)
  /// The number of a list.
  case listed(Int32)
  case done
}

/// A store that answers from a script.
final class ScriptedStore: ObjectStore, @unchecked Sendable {
  private let props: Props
  private let script: [(call: Call, answer: Answer)]
  private let lock = Lock()
  private let settled = Condition()
  private let answered = Condition()
  private var place = 0
  private var waiting: Call?
  private var reply: Answer?
  private var ending: Ending?
  private var isLeft = false
  /// Whether the player did not make the calls that the script has.
  private(set) var isOffScript = false

  init(_ props: Props, script: [(call: Call, answer: Answer)]) {
    self.props = props
    self.script = script
  }

  // MARK: For the director

  /// Where the player is once it does not move: the call that it waits for, or how it ended.
  func settle() -> (call: Call?, ending: Ending) {
    lock.withLock {
      while waiting == nil && ending == nil { settled.wait(lock) }
      return (waiting, ending ?? Ending())
    }
  }

  /// Answers the call that the player waits for.
  func give(_ answer: Answer) {
    lock.withLock {
      waiting = nil
      reply = answer
      answered.broadcast()
    }
  }

  /// Lets the player crash.
  func leave() {
    lock.withLock {
      isLeft = true
      answered.broadcast()
    }
  }

  // MARK: For the player

  /// Says how it ended.
  func end(_ ending: Ending) {
    lock.withLock {
      self.ending = ending
      settled.signal()
    }
  }

  private func answer(_ make: () -> Call) throws(StoreError) -> Answer {
    let answer: Answer? = lock.withLock {
      // Another thread of the same player may be before this one.
      while !isLeft && (waiting != nil || reply != nil) { answered.wait(lock) }
      if isLeft { return nil }
      let call = make()
      if place < script.count {
        let (expected, answer) = script[place]
        place += 1
        if expected != call { isOffScript = true }
        return answer
      }
      waiting = call
      settled.signal()
      while !isLeft && reply == nil { answered.wait(lock) }
      defer {
        reply = nil
        answered.broadcast()
      }
      return isLeft ? nil : reply
    }
    guard let answer else { throw .failed("the player crashed") }
    return answer
  }

  private func content(_ make: () -> Call, _ name: ObjectName) throws(StoreError) -> [UInt8] {
    guard case .content(let number?) = try answer(make) else { throw .notFound("\(name)") }
    return lock.withLock { props.all[Int(number)].bytes }
  }

  var location: String { "the stage" }

  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    let copy = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    let answer = try answer { .create(props.number(of: name, copy)) }
    guard case .creation(let creation) = answer else { throw .failed("off the script") }
    return creation
  }

  func barrier() throws(StoreError) { _ = try answer { .barrier } }

  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    let size = buffer.count
    let bytes = try content(
      { .read(props.number(of: name), offset: offset, count: size) }, name)
    let part = bytes.dropFirst(offset).prefix(size)
    unsafe buffer.copyBytes(from: part)
    return part.count
  }

  func size(of name: ObjectName) throws(StoreError) -> Int {
    try content({ .size(props.number(of: name)) }, name).count
  }

  func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    let listing = Props.Listing(prefix: prefix, after: after)
    guard case .listed(let list) = try answer({ .list(props.number(of: listing)) }) else {
      throw .failed("off the script")
    }
    let found = lock.withLock { props.lists[Int(list)].map { props.all[Int($0)] } }
    for prop in found where try !body(prop.name, prop.bytes.count) { return }
  }

  func delete(_ name: ObjectName) throws(StoreError) {
    _ = try answer { .delete(props.number(of: name)) }
  }
}
