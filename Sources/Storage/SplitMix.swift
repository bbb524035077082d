// Random numbers that a seed decides, for faults and for the jitter between two attempts. Never for
// secrets.

/// SplitMix64, by Steele, Lea and Flood (OOPSLA 2014).
package struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }

  /// A number from 0 up to but not including 1.
  package mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// True with this probability; draws nothing where there is nothing to decide.
  package mutating func happens(_ probability: Double) -> Bool {
    probability > 0 && fraction() < probability
  }
}
