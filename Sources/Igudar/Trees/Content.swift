// The content of a file: a short list of extents in its entry, or a tree of nodes.

import Vault

/// The content of a file.
public enum Content: Hashable, Sendable {
  /// At most 64 extents, none for an empty file.
  case inline([Extent])
  /// A tree of content nodes.
  case nodes(TreeReference)

  /// The content of an empty file.
  public static var empty: Self { .inline([]) }
}

/// Adds up the extents of a file in order and refuses what no file can be.
struct ContentSum {
  private(set) var bytes: UInt64 = 0
  private var endsWithHole = false

  mutating func add(_ extent: Extent) throws(Damage) {
    if extent.isHole && endsWithHole { throw .malformed("two holes side by side") }
    endsWithHole = extent.isHole
    try add(extent.length)
  }

  mutating func add(_ length: UInt64) throws(Damage) {
    let (sum, overflow) = bytes.addingReportingOverflow(length)
    guard !overflow else { throw .malformed("content above 2^64 bytes") }
    bytes = sum
  }
}
