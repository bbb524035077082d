// Which snapshots a command is about, by host, tags and paths, with restic's meaning: repeated
// hosts and tag lists are alternatives, the tags of one list and all paths must be there together.

public import Platform

/// A choice of snapshots by host, tags and paths; an empty filter chooses all.
public struct SnapshotFilter: Hashable, Sendable {
  /// Hosts, any of which will do.
  public var hosts: [[UInt8]]
  /// Lists of tags, any of which will do; an empty tag stands for a snapshot without tags.
  public var tagLists: [[[UInt8]]]
  /// Paths that the snapshot must all have been made of.
  public var paths: [FilePath]

  /// A filter.
  public init(hosts: [[UInt8]] = [], tagLists: [[[UInt8]]] = [], paths: [FilePath] = []) {
    self.hosts = hosts
    self.tagLists = tagLists
    self.paths = paths
  }

  /// Whether the filter chooses everything.
  public var isEmpty: Bool { hosts.isEmpty && tagLists.isEmpty && paths.isEmpty }

  /// Whether a snapshot is chosen.
  public func matches(_ info: SnapshotInfo) -> Bool {
    (hosts.isEmpty || hosts.contains(info.host))
      && (tagLists.isEmpty || tagLists.contains { Self.holds($0, in: info.tags) })
      && paths.allSatisfy { info.paths.contains($0) }
  }

  /// Tags separated by commas, as one `--tag` option gives them; white space around them goes.
  public static func tagList(parsing text: [UInt8]) -> [[UInt8]] {
    text.split(separator: 0x2c, omittingEmptySubsequences: false).map { trimmed($0) }
  }

  /// Whether all tags of a list are among these; an empty one is when there are none.
  static func holds(_ list: [[UInt8]], in tags: [[UInt8]]) -> Bool {
    for tag in list {
      if tag.isEmpty && tags.isEmpty { return true }
      guard tags.contains(tag) else { return false }
    }
    return true
  }
}

extension SnapshotFilter: CustomStringConvertible {
  /// What it asks for, in words; empty for one that chooses everything.
  public var description: String {
    let tags = tagLists.map { list in
      list == [[]] ? "none" : list.map { printable($0) }.joined(separator: ",")
    }
    let parts = [
      ("host", hosts.map { printable($0) }, " or "), ("tag", tags, " or "),
      ("path", paths.map { printable($0.bytes) }, " and "),
    ]
    return parts.filter { !$0.1.isEmpty }
      .map { "\($0.0) \($0.1.joined(separator: $0.2))" }.joined(separator: ", ")
  }
}

/// The bytes without ASCII white space at both ends.
func trimmed(_ bytes: some BidirectionalCollection<UInt8>) -> [UInt8] {
  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0d ~= byte }
  guard let first = bytes.firstIndex(where: { !isSpace($0) }),
    let last = bytes.lastIndex(where: { !isSpace($0) })
  else { return [] }
  return Array(bytes[first...last])
}
