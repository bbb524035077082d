// A store in memory, for tests and simulations. Names become durable at a barrier, so a simulated
// crash can take back what no barrier covered.

import Platform

/// A store in memory.
public final class MemoryStore: ObjectStore, @unchecked Sendable {
  private let lock = Lock()
  private var objects: [ObjectName: [UInt8]] = [:]
  private var unsettled: Set<ObjectName> = []

  /// An empty store.
  public init() {}

  /// Where it is, for messages.
  public var location: String { "memory" }

  /// Creates an object if its name is free.
  public func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation
  {
    let copy = unsafe bytes.withUnsafeBytes { unsafe [UInt8]($0) }
    return lock.withLock {
      guard objects[name] == nil else { return .existed }
      objects[name] = copy
      unsettled.insert(name)
      return .created
    }
  }

  /// Settles the names created so far.
  public func barrier() throws(StoreError) { lock.withLock { unsettled.removeAll() } }

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
    let found = lock.withLock {
      objects.filter { $0.key.description.hasPrefix(prefix) }.map { ($0.key, $0.value.count) }
    }
    for (name, size) in found.sorted(by: { $0.0 < $1.0 }) {
      if let after, !after.utf8.lexicographicallyPrecedes(name.description.utf8) { continue }
      guard try body(name, size) else { return }
    }
  }

  /// Deletes an object.
  public func delete(_ name: ObjectName) throws(StoreError) {
    lock.withLock { objects[name] = nil }
  }

  /// Puts bytes under a name whatever was there, as a broken or hostile store would.
  package func overwrite(_ name: ObjectName, with bytes: [UInt8]) {
    lock.withLock { objects[name] = bytes }
  }

  /// Forgets what no barrier has settled, as a power cut would.
  package func crash() {
    lock.withLock {
      for name in unsettled { objects[name] = nil }
      unsettled.removeAll()
    }
  }

  /// A store with the same objects now.
  package func copy() -> MemoryStore {
    let copy = MemoryStore()
    lock.withLock {
      copy.objects = objects
      copy.unsettled = unsettled
    }
    return copy
  }
}
