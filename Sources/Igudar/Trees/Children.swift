// The entries of a directory: in the directory's own entry while they are few, else in nodes.

package import Vault

/// The entries of a directory.
public enum Children: Hashable, Sendable {
  /// Fewer than 4,096 bytes of entries, as the list that FORMAT.md section 12 describes.
  case inline(EntryList)
  /// A tree of directory nodes.
  case nodes(TreeReference)

  /// An empty directory.
  public static var none: Self { .inline(EntryList()) }
}

/// An encoded list of entries: a count, then each entry with its length before it.
public struct EntryList: Hashable, Sendable {
  package let bytes: [UInt8]

  /// The empty list.
  public init() { bytes = [0] }

  /// A list that is known to be valid.
  package init(trusted bytes: [UInt8]) { self.bytes = bytes }

  /// Checks a list of unknown origin, with the directories inside it.
  package init(checking bytes: [UInt8]) throws(Damage) {
    try EntryScan.checkList(bytes.rawSpan)
    self.bytes = bytes
  }
}
