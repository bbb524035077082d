// Stretches of one file. A file with holes can have millions of them: above a few thousand they go
// to a map that leaves memory when it grows.

import Vault

/// Stretches that are gathered and then taken one by one; not shared.
struct StretchList {
  private var recent: [Range<UInt64>] = []
  private var older: TemporaryMap?
  private var nextOlder: UInt64 = 0
  private static let mostRecent = 4096

  var isEmpty: Bool { recent.isEmpty && older == nil }

  /// Adds a stretch; one that begins where the last ends becomes one with it.
  mutating func append(_ stretch: Range<UInt64>) throws(VaultError) {
    if let last = recent.last, last.upperBound == stretch.lowerBound {
      recent[recent.count - 1] = last.lowerBound..<stretch.upperBound
    } else {
      recent.append(stretch)
    }
    if recent.count > Self.mostRecent { try putAside() }
  }

  private mutating func putAside() throws(VaultError) {
    let map = older ?? TemporaryMap()
    older = map
    // The last can still grow.
    for stretch in recent.dropLast() {
      try map.set(TemporaryMap.key(stretch.lowerBound), to: TemporaryMap.key(stretch.upperBound))
    }
    recent.removeFirst(recent.count - 1)
  }

  /// Takes one of the stretches, in no order; nil when all were taken.
  mutating func take() throws(VaultError) -> Range<UInt64>? {
    if let last = recent.popLast() { return last }
    guard let item = try older?.first(from: TemporaryMap.key(nextOlder)) else { return nil }
    let start = TemporaryMap.number(item.key)
    nextOlder = start + 1
    return start..<TemporaryMap.number(item.value)
  }
}
