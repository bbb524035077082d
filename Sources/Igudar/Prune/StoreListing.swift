// The packs and segments that the store has, listed once.

import Storage
import Vault

/// Names and sizes of what is in the store.
struct StoreListing {
  private(set) var packs: [ObjectHash: UInt32] = [:]
  private(set) var segments: [ObjectHash: UInt32] = [:]

  init(_ vault: Vault) throws(VaultError) {
    try vault.objects("packs/") { (name, size) throws(VaultError) in
      if let hash = ObjectHash(hex: name.lastPart) { packs[hash] = UInt32(clamping: size) }
    }
    try vault.objects("index/") { (name, size) throws(VaultError) in
      if let hash = ObjectHash(hex: name.lastPart) { segments[hash] = UInt32(clamping: size) }
    }
  }

  /// Whether a pack is there with this size.
  func has(_ pack: ObjectHash, size: UInt32) -> Bool { packs[pack] == size }

  /// What is swept and still there.
  func leftovers(
    _ state: JournalState
  ) -> (packs: [ObjectHash: UInt64], segments: [ObjectHash: UInt64]) {
    (
      packs.filter { state.isSwept($0.key) }.mapValues(UInt64.init),
      segments.filter { state.isSwept(segment: $0.key) }.mapValues(UInt64.init)
    )
  }

  /// The bytes of a pack in the store; 0 if it is not there.
  func size(of pack: ObjectHash) -> UInt64 { UInt64(packs[pack] ?? 0) }

  /// The bytes of a segment in the store; 0 if it is not there.
  func size(ofSegment segment: ObjectHash) -> UInt64 { UInt64(segments[segment] ?? 0) }
}
