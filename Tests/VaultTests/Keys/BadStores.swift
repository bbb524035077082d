// Stores that break one promise of the protocol each.

import Storage
import Synchronization

/// Passes everything on to a store in memory.
protocol Wrapping: ObjectStore {
  var memory: MemoryStore { get }
}

extension Wrapping {
  var location: String { "bad memory" }
  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    try memory.create(name, bytes)
  }
  func barrier() throws(StoreError) { try memory.barrier() }
  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    try unsafe memory.read(name, at: offset, into: buffer)
  }
  func size(of name: ObjectName) throws(StoreError) -> Int { try memory.size(of: name) }
  func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    try memory.list(prefix: prefix, after: after, body)
  }
  func delete(_ name: ObjectName) throws(StoreError) { try memory.delete(name) }
}

/// Lacks create-if-absent.
final class Overwriting: Wrapping {
  let memory = MemoryStore()

  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    try memory.delete(name)
    return try memory.create(name, bytes)
  }
}

/// Flips a bit of what is created while it is forgetting.
final class Forgetful: Wrapping {
  let memory = MemoryStore()
  let isForgetting = Mutex(false)

  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation {
    var copy = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    if isForgetting.withLock({ $0 }) { copy[copy.count - 1] ^= 1 }
    return try memory.create(name, copy)
  }
}

/// Deletes a victim together with the first object that somebody deletes.
final class Racing: Wrapping {
  let memory = MemoryStore()
  let victim = Mutex<ObjectName?>(nil)

  func delete(_ name: ObjectName) throws(StoreError) {
    let other = victim.withLock { victim in
      defer { victim = nil }
      return victim
    }
    if let other { try memory.delete(other) }
    try memory.delete(name)
  }
}

/// Has one object that cannot be read.
final class Unreadable: Wrapping {
  let memory: MemoryStore
  private let object: ObjectName

  init(_ memory: MemoryStore, _ object: ObjectName) {
    self.memory = memory
    self.object = object
  }

  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    if name == object { throw .unreadable(name.description, reason: "a bad sector") }
    return try unsafe memory.read(name, at: offset, into: buffer)
  }
}
