// Paths that were told before. A restore can have millions of troubles; they are remembered by hash,
// in a map that leaves memory when it grows.

public import Platform
import Vault

/// A set of paths that stays small in memory; safe on any thread.
///
/// Where it cannot be written, paths count as not in it.
public final class PathMemory: @unchecked Sendable {
  private let lock = Lock()
  // Guarded by the lock.
  private let paths = TemporaryMap()

  /// An empty set.
  public init() {}

  /// Adds a path.
  public func insert(_ path: FilePath) {
    lock.withLock { try? paths.set(Self.key(path), to: [1]) }
  }

  /// Whether a path was added.
  public func contains(_ path: FilePath) -> Bool {
    lock.withLock { (try? paths.get(Self.key(path))) ?? nil } != nil
  }

  private static func key(_ path: FilePath) -> [UInt8] {
    var key = ByteWriter()
    key.id(Hash.name(of: path.bytes) as ObjectHash)
    return key.bytes
  }
}
