// Randomness of the journal's property tests: a seed that is printed, and taken from
// IGUDAR_TEST_SEED to repeat a run.

import Glibc

@testable import Vault

/// SplitMix64 from a seed.
struct JournalChance: RandomNumberGenerator {
  let seed: UInt64
  private var state: UInt64

  init(_ seed: UInt64) {
    self.seed = seed
    state = seed
  }

  /// A seed of its own for every run unless the environment gives one; always printed.
  static func printed(_ test: String = #function) -> JournalChance {
    let given = unsafe getenv("IGUDAR_TEST_SEED").flatMap { unsafe UInt64(String(cString: $0)) }
    let seed = given ?? UInt64.random(in: 0..<1_000_000_000)
    print("\(test): IGUDAR_TEST_SEED=\(seed)")
    return JournalChance(seed)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }
  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
  }

  mutating func identifier<Kind>(_: Identifier32<Kind>.Type) -> Identifier32<Kind> {
    Identifier32(words: (next(), next(), next(), next()))
  }

  mutating func some<Item>(of items: [Item], atMost limit: Int) -> [Item] {
    Array(items.shuffled(using: &self).prefix(below(limit + 1)))
  }
}
