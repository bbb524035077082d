// Where objects rest. A store knows names and bytes, nothing else: no keys, no chunks.

/// What became of an object that was to be created.
public enum Creation: Hashable, Sendable {
  /// It was made.
  case created
  /// The name was taken already; nothing was changed.
  case existed
}

/// A place for immutable named byte strings.
///
/// All calls may be made from any thread.
public protocol ObjectStore: Sendable {
  /// Where it is, for messages.
  var location: String { get }

  /// Creates an object if its name is free: all of it appears at once, or nothing.
  ///
  /// The bytes are durable on return, the name only after `barrier`.
  /// - Throws: `StoreError`; nothing is left under the name then, unless the answer of a remote
  ///   store was lost.
  func create(_ name: ObjectName, _ bytes: borrowing RawSpan) throws(StoreError) -> Creation

  /// Makes every object created before survive a crash.
  func barrier() throws(StoreError)

  /// Reads from an offset until the buffer is full or the object ends, and answers the count.
  func read(
    _ name: ObjectName, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(StoreError) -> Int

  /// The size of an object in bytes.
  func size(of name: ObjectName) throws(StoreError) -> Int

  /// Lists the objects whose names begin with a prefix and come after a name, in byte order, with
  /// their sizes, until the closure answers false.
  ///
  /// Names that no object of a repository has are passed over. Something by the name of an object
  /// that has no bytes to read, as a folder, has the size 0.
  func list(
    prefix: String, after: String?, _ body: (ObjectName, Int) throws(StoreError) -> Bool
  ) throws(StoreError)

  /// Deletes an object, or what stands in its place; that nothing is there is as good.
  func delete(_ name: ObjectName) throws(StoreError)
}

extension ObjectStore {
  /// All bytes of an object of at most `limit` bytes.
  ///
  /// - Throws: `unreadable` when it is larger.
  public func read(_ name: ObjectName, limit: Int) throws(StoreError) -> [UInt8] {
    let size = try size(of: name)
    guard size <= limit else {
      throw .unreadable("\(location): \(name)", reason: "is larger than it may be")
    }
    var failure: StoreError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      do throws(StoreError) {
        count = try unsafe read(name, at: 0, into: UnsafeMutableRawBufferPointer(buffer))
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// The names and sizes of all objects with a prefix.
  public func list(prefix: String) throws(StoreError) -> [(name: ObjectName, size: Int)] {
    var found: [(name: ObjectName, size: Int)] = []
    try list(prefix: prefix, after: nil) { (name, size) throws(StoreError) in
      found.append((name, size))
      return true
    }
    return found
  }

  /// Creates an object from an array.
  public func create(_ name: ObjectName, _ bytes: [UInt8]) throws(StoreError) -> Creation {
    try unsafe create(name, bytes.span.bytes)
  }
}
