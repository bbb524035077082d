// The packs and segments that the store has, listed once.

import Storage

/// Names and sizes of what is in the store.
package struct StoreListing {
  package private(set) var packs: [ObjectHash: UInt32] = [:]
  package private(set) var segments: [ObjectHash: UInt32] = [:]

  /// Lists the store of a vault.
  package init(_ vault: Vault) throws(VaultError) {
    try vault.objects("packs/") { (name, size) throws(VaultError) in
      if let hash = ObjectHash(hex: name.lastPart) { packs[hash] = UInt32(clamping: size) }
    }
    try vault.objects("index/") { (name, size) throws(VaultError) in
      if let hash = ObjectHash(hex: name.lastPart) { segments[hash] = UInt32(clamping: size) }
    }
  }

  /// Whether a pack is there with this size.
  package func has(_ pack: ObjectHash, size: UInt32) -> Bool { packs[pack] == size }

  /// The bytes of a pack in the store; 0 if it is not there.
  package func size(of pack: ObjectHash) -> UInt64 { UInt64(packs[pack] ?? 0) }

  /// The bytes of a segment in the store; 0 if it is not there.
  package func size(ofSegment segment: ObjectHash) -> UInt64 { UInt64(segments[segment] ?? 0) }
}
