// The states that were met: millions of fingerprints with a small number each, in two flat arrays.
// Fingerprints are spread evenly, so their own bits say where they stand.

/// Fingerprints with numbers.
struct FingerprintTable {
  private var keys = [UInt64](repeating: 0, count: 1 << 10)
  private var numbers = [UInt8](repeating: 0, count: 1 << 10)
  private(set) var count = 0

  /// Notes a fingerprint with a number; false where it is there with the same or a smaller one.
  mutating func improve(_ fingerprint: UInt64, _ number: UInt8) -> Bool {
    // Zero stands for nothing.
    let key = max(1, fingerprint)
    let place = place(of: key)
    if keys[place] == key {
      guard number < numbers[place] else { return false }
    } else {
      keys[place] = key
      count += 1
    }
    numbers[place] = number
    if count * 4 > keys.count * 3 { grow() }
    return true
  }

  /// Notes a fingerprint; false where it is there.
  mutating func insert(_ fingerprint: UInt64) -> Bool { improve(fingerprint, 0) }

  /// All fingerprints.
  var all: Set<UInt64> { Set(keys.lazy.filter { $0 != 0 }) }

  private func place(of key: UInt64) -> Int {
    let mask = keys.count - 1
    var place = Int(truncatingIfNeeded: key >> 8) & mask
    while keys[place] != 0 && keys[place] != key { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let old = (keys, numbers)
    keys = [UInt64](repeating: 0, count: old.0.count * 2)
    numbers = [UInt8](repeating: 0, count: keys.count)
    for (index, key) in old.0.enumerated() where key != 0 {
      let place = place(of: key)
      keys[place] = key
      numbers[place] = old.1[index]
    }
  }
}
