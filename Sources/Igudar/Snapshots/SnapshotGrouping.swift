// Which snapshots belong together: by host, by paths, by tags, as restic groups them.

public import Platform

/// What snapshots of one group have in common.
public struct SnapshotGrouping: Hashable, Sendable {
  /// Whether they have one host.
  public var byHost: Bool
  /// Whether they have the same paths.
  public var byPaths: Bool
  /// Whether they have the same tags.
  public var byTags: Bool

  /// As `forget` and `snapshots --latest` group.
  public static let usual = SnapshotGrouping(byHost: true, byPaths: true)

  /// A grouping; without anything all snapshots are one group.
  public init(byHost: Bool = false, byPaths: Bool = false, byTags: Bool = false) {
    self.byHost = byHost
    self.byPaths = byPaths
    self.byTags = byTags
  }

  /// What the snapshots of one group share; what is not grouped by stays empty.
  public struct Key: Hashable, Comparable, Sendable {
    /// Their host.
    public let host: [UInt8]
    /// Their paths, sorted.
    public let paths: [FilePath]
    /// Their tags, sorted.
    public let tags: [[UInt8]]

    /// An order for lists.
    public static func < (left: Key, right: Key) -> Bool {
      left.order.lexicographicallyPrecedes(right.order) { $0.lexicographicallyPrecedes($1) }
    }

    private var order: [[UInt8]] { [host] + paths.map(\.bytes) + tags }
  }

  private func key(of info: SnapshotInfo) -> Key {
    key(host: info.host, paths: info.paths, tags: info.tags)
  }

  private func key(host: [UInt8], paths: [FilePath], tags: [[UInt8]]) -> Key {
    Key(
      host: byHost ? host : [], paths: byPaths ? paths.sorted() : [],
      tags: byTags ? tags.sorted { $0.lexicographicallyPrecedes($1) } : [])
  }

  /// Whether a snapshot is of the group that one of this host, these paths and tags belongs to.
  func groups(
    _ info: SnapshotInfo, withHost host: [UInt8], paths: [FilePath], tags: [[UInt8]]
  ) -> Bool {
    key(of: info) == key(host: host, paths: paths, tags: tags)
  }

  /// The groups by their keys; the order within each stays.
  public func groups(
    of snapshots: [SnapshotInfo]
  ) -> [(key: Key, snapshots: [SnapshotInfo])] {
    Dictionary(grouping: snapshots, by: key).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// As a heading says it: `host [a], paths [/b]`; empty where nothing is grouped by.
  public func heading(_ key: Key) -> String {
    var parts: [String] = []
    if byHost { parts.append("host [\(printable(key.host))]") }
    if byTags { parts.append("tags [\(key.tags.map { printable($0) }.joined(separator: ", "))]") }
    if byPaths { parts.append("paths [\(key.paths.map(\.description).joined(separator: ", "))]") }
    return parts.joined(separator: ", ")
  }
}
