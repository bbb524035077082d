// The sizes at which a domain's chunker cuts. They belong to the domain for good: other sizes
// would find no chunk again.

/// Sizes of chunks in bytes: 64 ≤ minimum ≤ target ≤ maximum ≤ 8 MiB, target a power of two.
public struct ChunkerParameters: Hashable, Sendable {
  /// No chunk but the last of a file is smaller.
  public let minimum: Int
  /// Where most chunks end.
  public let target: Int
  /// No chunk is larger.
  public let maximum: Int

  /// 32 KiB, 128 KiB and 512 KiB.
  public static let standard = ChunkerParameters(
    unchecked: 32 << 10, target: 128 << 10, maximum: 512 << 10)

  private init(unchecked minimum: Int, target: Int, maximum: Int) {
    self.minimum = minimum
    self.target = target
    self.maximum = maximum
  }

  /// Nil for sizes that break the rules above.
  public init?(minimum: Int, target: Int, maximum: Int) {
    guard
      minimum >= 64, minimum <= target, target <= maximum, maximum <= 8 << 20,
      target & (target - 1) == 0
    else { return nil }
    self.init(unchecked: minimum, target: target, maximum: maximum)
  }
}
