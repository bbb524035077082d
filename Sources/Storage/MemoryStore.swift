// A store in memory, for tests and simulations. What was created or deleted since the last barrier
// is not settled, so a simulated crash can take back any part of it.

import Platform

/// A store in memory.
public final class MemoryStore: ObjectStore, @unchecked Sendable {
  private let lock = Lock()
  private var objects: [ObjectName: [UInt8]] = [:]
  // Ascending.
  private var names: [ObjectName] = []
  // What a crash goes back to, nil for no object, of the names changed since the last barrier.
  private var settled: [ObjectName: [UInt8]?] = [:]

  /// An empty store.
  public init() {}

  /// Where it is, for messages.
  public var location: String { "memory" }

  /// The number of objects.
  package var count: Int { lock.withLock { names.count } }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    let copy = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    return lock.withLock {
      guard objects[name] == nil else { return .existed }
      change(name, to: copy)
      return .created
    }
  }

  // With the lock.
  private func change(_ name: ObjectName, to bytes: [UInt8]?) {
    if settled[name] == nil { settled[name] = .some(objects[name]) }
    put(name, bytes)
  }

  private func put(_ name: ObjectName, _ bytes: [UInt8]?) {
    let place = position(of: name)
    let isThere = place < names.count && names[place] == name
    objects[name] = bytes
    if bytes == nil {
      if isThere { names.remove(at: place) }
    } else if !isThere {
      names.insert(name, at: place)
    }
  }

  // The first place whose name is not below.
  private func position(of name: ObjectName) -> Int {
    firstPlace { names[$0] >= name }
  }

  private func firstPlace(where holds: (Int) -> Bool) -> Int {
    var low = 0
    var high = names.count
    while low < high {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Settles the names created and deleted so far.
  public func barrier() throws(StoreError) { lock.withLock { settled.removeAll() } }

  /// Reads a range of an object.
  public func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int {
    try lock.withLock { () throws(StoreError) in
      guard let bytes = objects[name] else { throw .notFound("memory: no \(name)") }
      guard offset < bytes.count else { return 0 }
      let count = min(buffer.count, bytes.count - offset)
      unsafe buffer.copyBytes(from: bytes[offset..<offset + count])
      return count
    }
  }

  /// The size of an object.
  public func size(of name: ObjectName) throws(StoreError) -> Int {
    try lock.withLock { () throws(StoreError) in
      guard let bytes = objects[name] else { throw .notFound("memory: no \(name)") }
      return bytes.count
    }
  }

  /// Lists objects in byte order of their names.
  public func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError) {
    for (name, size) in found(prefix: prefix, after: after) {
      guard try body(name, size) else { return }
    }
  }

  private func found(prefix: String, after: String?) -> [(ObjectName, Int)] {
    lock.withLock {
      let first = firstPlace {
        let text = names[$0].description
        return text >= prefix && after.map { $0 < text } ?? true
      }
      return names[first...].prefix { $0.description.hasPrefix(prefix) }.map {
        ($0, objects[$0]?.count ?? 0)
      }
    }
  }

  /// Deletes an object.
  public func delete(_ name: ObjectName) throws(StoreError) {
    lock.withLock {
      if objects[name] != nil { change(name, to: nil) }
    }
  }

  /// Puts bytes under a name whatever was there, as a broken or hostile store would.
  package func overwrite(_ name: ObjectName, with bytes: [UInt8]) {
    lock.withLock { put(name, bytes) }
  }

  /// Goes back to what the last barrier settled, as a power cut would, except for the names whose
  /// change had made it to the disk already.
  package func crash(keeping isKept: (ObjectName) -> Bool = { _ in false }) {
    lock.withLock {
      for name in settled.keys.sorted() where !isKept(name) {
        if let bytes = settled[name] { put(name, bytes) }
      }
      settled.removeAll()
    }
  }

  /// A store with the same objects now.
  package func copy() -> MemoryStore {
    let copy = MemoryStore()
    lock.withLock {
      copy.objects = objects
      copy.names = names
      copy.settled = settled
    }
    return copy
  }
}
