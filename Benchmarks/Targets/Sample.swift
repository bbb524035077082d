// Data to measure with, always the same: bytes that no compressor shrinks, and text that looks to
// one like source code.

import Vault

/// SplitMix64.
struct SampleGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func id<Kind>(as _: Identifier32<Kind>.Type) -> Identifier32<Kind> {
    Identifier32(words: (next(), next(), next(), next()))
  }
}

/// Bytes to measure with.
enum Sample {
  static func random(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SampleGenerator(seed: seed)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      unsafe withUnsafeBytes(of: generator.next()) { unsafe bytes.append(contentsOf: $0) }
    }
    return Array(bytes.prefix(count))
  }

  /// Lines of words, of which a few are frequent and most rare; zstd -3 makes about a quarter of it.
  static func source(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var generator = SampleGenerator(seed: seed)
    let words = (0..<4000).map { _ in word(&generator) }
    let marks = ["(", ");", " = ", ".", ", ", " ", "[", "]", " + ", ": ", " {", "->"]
      .map { Array($0.utf8) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 256)
    while bytes.count < count {
      bytes.append(contentsOf: repeatElement(0x20, count: generator.below(5) * 2))
      for _ in 0..<(2 + generator.below(8)) {
        // The product of two uniform numbers favours the first words.
        bytes += words[generator.below(4000) * generator.below(4000) / 4000]
        bytes += marks[generator.below(marks.count)]
      }
      bytes.append(0x0a)
    }
    return Array(bytes.prefix(count))
  }

  private static func word(_ generator: inout SampleGenerator) -> [UInt8] {
    (0..<(2 + generator.below(9))).map { _ in UInt8(0x61 + generator.below(26)) }
  }
}
