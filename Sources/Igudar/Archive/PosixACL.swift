// POSIX access control lists: the binary form in which Linux keeps them as extended attributes
// (`struct posix_acl_xattr_header` and `…_entry` of linux/posix_acl_xattr.h), and the entries that
// archives write as text.

/// An access control list.
package struct PosixACL: Hashable {
  /// Whom an entry is about; the numbers are those of the kernel.
  package enum Tag: UInt16 {
    case owner = 1
    case user = 2
    case owningGroup = 4
    case group = 8
    case mask = 16
    case others = 32
  }

  /// What somebody may do.
  package struct Entry: Hashable {
    package var tag: Tag
    /// Read 4, write 2, execute 1.
    package var permissions: UInt16
    /// The user or group; only for `user` and `group`.
    package var id: UInt32

    package init(tag: Tag, permissions: UInt16, id: UInt32) {
      self.tag = tag
      self.permissions = permissions
      self.id = id
    }
  }

  static let accessName = Array("system.posix_acl_access".utf8)
  static let defaultName = Array("system.posix_acl_default".utf8)

  private static let version: [UInt8] = [2, 0, 0, 0]
  private static let nobody = UInt32.max

  package var entries: [Entry]

  /// A list in the order in which the kernel wants it.
  package init(_ entries: [Entry]) {
    self.entries = entries.sorted { ($0.tag.rawValue, $0.id) < ($1.tag.rawValue, $1.id) }
  }

  /// Reads the value of an attribute; nil for what is none.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count > 4, bytes.count % 8 == 4, bytes.starts(with: Self.version) else {
      return nil
    }
    var entries: [Entry] = []
    for start in stride(from: 4, to: bytes.count, by: 8) {
      func number(_ offset: Int, _ count: Int) -> UInt32 {
        (0..<count).reduce(0) { $0 | UInt32(bytes[start + offset + $1]) << UInt32(8 * $1) }
      }
      guard let tag = Tag(rawValue: UInt16(number(0, 2))), number(2, 2) <= 7 else { return nil }
      let hasID = tag == .user || tag == .group
      entries.append(
        Entry(tag: tag, permissions: UInt16(number(2, 2)), id: hasID ? number(4, 4) : 0))
    }
    self.entries = entries
  }

  /// The value of the attribute.
  package var bytes: [UInt8] {
    var bytes = Self.version
    for entry in entries {
      let id = entry.tag == .user || entry.tag == .group ? entry.id : Self.nobody
      for (value, count) in [
        (UInt32(entry.tag.rawValue), 2), (UInt32(entry.permissions), 2), (id, 4),
      ] {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
      }
    }
    return bytes
  }
}
