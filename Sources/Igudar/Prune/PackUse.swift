// What one pack holds and how much of it is needed.

import Vault

/// A pack with what it holds.
struct PackUse: Sendable {
  let number: UInt32
  let name: ObjectHash
  /// Stored bytes.
  let size: UInt32
  let state: PackState
  /// Whether the store has it, with its size.
  let isPresent: Bool
  /// Whether it holds chunks of a kind: data, tree.
  private(set) var holds = [false, false]
  private(set) var chunkCount: UInt32 = 0
  private(set) var neededCount: UInt32 = 0
  /// Plain bytes of all chunks, and of those that are needed.
  private(set) var plainBytes: UInt64 = 0
  private(set) var neededBytes: UInt64 = 0

  init(_ pack: IndexedPack, _ state: PackState, isPresent: Bool) {
    number = pack.number
    name = pack.hash
    size = pack.size
    self.state = state
    self.isPresent = isPresent
  }

  var unusedCount: UInt32 { chunkCount - neededCount }
  var isLive: Bool { state == .live }

  /// Stored bytes for what is needed, taking all chunks of a pack as equally compressible.
  var usedSize: UInt64 {
    if unusedCount == 0 { return UInt64(size) }
    if neededCount == 0 { return 0 }
    return UInt64(Double(size) * (Double(neededBytes) / Double(max(1, plainBytes))))
  }

  var unusedSize: UInt64 { UInt64(size) - min(UInt64(size), usedSize) }

  mutating func add(_ place: Placement) {
    chunkCount += 1
    plainBytes += UInt64(place.length)
    holds[Int(place.kind.rawValue)] = true
  }

  mutating func need(_ place: Placement) {
    neededCount += 1
    neededBytes += UInt64(place.length)
  }

  mutating func unneed(_ place: Placement) {
    neededCount -= 1
    neededBytes -= UInt64(place.length)
  }
}
