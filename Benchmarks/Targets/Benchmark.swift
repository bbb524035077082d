// What is measured: named pieces of work. They live in the main package, because a nested package
// sees no `package` declarations; the nested package `Benchmarks` runs and times them.

/// A piece of work with a name.
public struct Benchmark: Sendable {
  /// Parts with slashes between them.
  public let name: String
  /// Makes what the work needs; none of it is timed.
  public let prepare: @Sendable () throws -> Round
  /// Whether it takes minutes and GiB, and so runs only when it is named.
  public let isLarge: Bool

  init(_ name: String, isLarge: Bool = false, prepare: @escaping @Sendable () throws -> Round) {
    self.name = name
    self.isLarge = isLarge
    self.prepare = prepare
  }

  /// All benchmarks.
  public static let all: [Benchmark] =
    chunks + frames + index + trees + repository + large
}

/// Work that can be done again and again.
public struct Round {
  /// What is counted per second.
  public enum Unit: String, Sendable {
    /// Bytes of plain text.
    case bytes
    /// Rows, entries, look-ups.
    case items
  }

  /// How much one round handles.
  public let amount: Int
  /// Of what.
  public let unit: Unit
  /// What has to be done before each round; not timed.
  public let before: () throws -> Void
  /// One round; the answer is counts that are the same in every round, by name.
  public let run: () throws -> [String: Int]

  init(
    _ amount: Int, _ unit: Unit, before: @escaping () throws -> Void = {},
    run: @escaping () throws -> [String: Int]
  ) {
    self.amount = amount
    self.unit = unit
    self.before = before
    self.run = run
  }
}
