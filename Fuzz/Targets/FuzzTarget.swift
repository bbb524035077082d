// What the fuzzer and the tests share: named decoders that take bytes from anybody. A target lives
// in the main package, because a nested package sees no `package` declarations; the nested package
// `Fuzz` gets it as a product, which nobody else needs.
//
// Invariant: a target runs the same for the same bytes, and keeps nothing from one run to the next.

/// A decoder under attack.
public struct FuzzTarget: Sendable, CustomStringConvertible {
  /// What `IGUDAR_FUZZ_TARGET` and the folder of its corpus are called.
  public let name: String
  /// Inputs that the decoder accepts, to begin with.
  public let seeds: @Sendable () -> [[UInt8]]
  /// Whether the input was accepted; throws when the decoder breaks a promise.
  public let run: @Sendable ([UInt8]) throws(Finding) -> Bool

  init(
    _ name: String, seeds: @escaping @Sendable () -> [[UInt8]],
    run: @escaping @Sendable ([UInt8]) throws(Finding) -> Bool
  ) {
    self.name = name
    self.seeds = seeds
    self.run = run
  }

  /// The name.
  public var description: String { name }

  /// All targets.
  public static let all: [FuzzTarget] =
    [canary] + encoding + keys + packs + [segment, cache] + journal + trees + snapshots + names
    + archives
}

/// A promise that a decoder broke.
public struct Finding: Error, CustomStringConvertible {
  /// The promise, and how it was broken.
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Throws a finding unless the promise is kept.
func promise(_ isKept: Bool, _ text: @autoclosure () -> String) throws(Finding) {
  if !isKept { throw Finding(text()) }
}

extension FuzzTarget {
  // Proves that the fuzzer searches: it must find this within seconds. The comparisons are nested
  // so that each byte that fits is new coverage.
  static let canary = FuzzTarget("canary", seeds: { [Array("agadir".utf8)] }) {
    (input) throws(Finding) in
    guard input.count >= 4 else { return true }
    if input[0] == UInt8(ascii: "f") {
      if input[1] == UInt8(ascii: "u") {
        if input[2] == UInt8(ascii: "z") {
          if input[3] == UInt8(ascii: "z") { throw Finding("the canary") }
        }
      }
    }
    return true
  }
}
