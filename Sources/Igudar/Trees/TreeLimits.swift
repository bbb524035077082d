// The limits of FORMAT.md section 15 that concern trees, and the numbers of its cut rules.

/// Limits on trees, checked before memory is taken.
package enum TreeLimits {
  /// A chunk of data, in bytes.
  package static let chunk = 8 << 20
  /// A node, in bytes.
  package static let node = 1 << 20
  /// The highest level of a node.
  package static let level: UInt8 = 16
  /// A symbolic link's target, in bytes.
  package static let target = 4095
  /// Attributes of one entry.
  package static let attributeCount = 4096
  /// The value of an attribute, in bytes.
  package static let attribute = 65536
  /// How many directories deep a tree may be.
  package static let depth = 65536
  /// Entries that take fewer bytes than this stand in their directory's entry.
  package static let inlineDirectory = 4096
  /// Extents that stand in their file's entry.
  package static let inlineExtents = 64
  /// Extents or items of a content node, at most.
  package static let contentItems = 1024
  /// The fewest bytes that an entry takes with its length.
  static let entryMinimum = 12
}
