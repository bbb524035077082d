// Sets of digests that stay small in memory however many they hold: what is above the limit goes to
// a temporary file that has no name. What is put in are hashes, or numbers mixed well enough to be
// taken for hashes.

package import Vault

/// A set of 32-byte digests that only grows.
package final class DigestSet: Sendable {
  private let table: PendingTable

  /// An empty set that keeps about this many bytes in memory.
  package init(memoryLimit: Int = 16 << 20) {
    table = PendingTable(memoryLimit: memoryLimit)
  }

  /// Adds a digest; true if it was not there.
  package func insert(_ digest: ChunkID) throws(VaultError) -> Bool { try table.claim(digest) }

  /// Whether a digest is in the set.
  package func contains(_ digest: ChunkID) throws(VaultError) -> Bool {
    try table.find(digest) != nil
  }

  /// Adds a pair of numbers; true if it was not there.
  package func insert(_ first: UInt64, _ second: UInt64) throws(VaultError) -> Bool {
    let place = mixed(first ^ mixed(second))
    return try table.claim(ChunkID(words: (place, first, second, mixed(place))))
  }

  /// How many digests are in the set.
  package var count: Int { table.count }

  /// Forgets all digests.
  package func removeAll() throws(VaultError) { try table.removeAll() }
}

/// The finaliser of MurmurHash3: every bit of the number moves every bit of the result.
private func mixed(_ number: UInt64) -> UInt64 {
  var value = (number ^ number >> 33) &* 0xff51_afd7_ed55_8ccd
  value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
  return value ^ value >> 33
}
