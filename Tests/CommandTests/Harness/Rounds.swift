// How long the tests that try many cases go on: a few in every run, as many as wanted when a person
// asks for it. Each prints the seed that repeats it.
//
//   IGUDAR_TEST_ROUNDS=500 swift test --disable-xctest --filter KillTests
//
// tries 500 cases in each of these tests; IGUDAR_TEST_SEED decides which.

import Glibc
import Storage

/// The cases of one test.
struct Rounds {
  let count: Int
  let seed: UInt64
  var random: SplitMix

  /// As many as IGUDAR_TEST_ROUNDS says, or the number given.
  init(_ usual: Int) {
    count = Self.number("IGUDAR_TEST_ROUNDS").map { Int(clamping: $0) } ?? usual
    seed = Self.number("IGUDAR_TEST_SEED") ?? UInt64.random(in: 0...UInt64.max)
    random = SplitMix(seed: seed)
  }

  private static func number(_ variable: String) -> UInt64? {
    unsafe getenv(variable).flatMap { unsafe UInt64(String(cString: $0)) }
  }
}
