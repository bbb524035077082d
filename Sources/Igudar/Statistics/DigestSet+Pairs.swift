// Pairs of numbers in sets of digests.

package import Vault

extension DigestSet {
  /// Adds a pair of numbers; true if it was not there.
  package func insert(_ first: UInt64, _ second: UInt64) throws(VaultError) -> Bool {
    let place = mixed(first ^ mixed(second))
    return try insert(ChunkID(words: (place, mixed(first), mixed(second), mixed(place))))
  }
}

/// The finaliser of MurmurHash3: every bit of the number moves every bit of the result, and no two
/// numbers have the same.
private func mixed(_ number: UInt64) -> UInt64 {
  var value = (number ^ number >> 33) &* 0xff51_afd7_ed55_8ccd
  value = (value ^ value >> 33) &* 0xc4ce_b9fe_1a85_ec53
  return value ^ value >> 33
}
