// What the environment says of tests that try many cases.

import Glibc

/// A variable of the environment.
enum Setting {
  static func text(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
  }

  static func number(_ name: String) -> UInt64? { text(name).flatMap { UInt64($0) } }

  /// IGUDAR_TEST_SEED, or a seed of its own for every run.
  static func seed() -> UInt64 { number("IGUDAR_TEST_SEED") ?? .random(in: 0...UInt64.max) }
}
