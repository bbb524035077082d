// `--group-by`: which snapshots belong together, with restic's words.

import Igudar
import Platform

/// What snapshots of one group have in common.
struct SnapshotGrouping: Parsable, Equatable, Sendable {
  var byHost = false
  var byPaths = false
  var byTags = false

  /// As `forget` and `snapshots --latest` group.
  static let usual = SnapshotGrouping(byHost: true, byPaths: true)

  init(byHost: Bool = false, byPaths: Bool = false, byTags: Bool = false) {
    self.byHost = byHost
    self.byPaths = byPaths
    self.byTags = byTags
  }

  init(parsing text: String) throws(Malformed) {
    guard !text.isEmpty else { return }
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      switch word {
      case "host", "hosts": byHost = true
      case "path", "paths": byPaths = true
      case "tag", "tags": byTags = true
      default: throw Malformed("must be host, paths or tags, joined by commas, or nothing")
      }
    }
  }

  /// What the snapshots of one group share; what is not grouped by stays empty.
  struct Key: Hashable, Comparable {
    let host: [UInt8]
    let paths: [FilePath]
    let tags: [[UInt8]]

    static func < (left: Key, right: Key) -> Bool {
      left.order.lexicographicallyPrecedes(right.order) { $0.lexicographicallyPrecedes($1) }
    }

    private var order: [[UInt8]] { [host] + paths.map(\.bytes) + tags }
  }

  private func key(of info: SnapshotInfo) -> Key {
    Key(
      host: byHost ? info.host : [], paths: byPaths ? info.paths : [],
      tags: byTags ? info.tags.sorted { $0.lexicographicallyPrecedes($1) } : [])
  }

  /// The groups by their keys; the order within each stays.
  func groups(of snapshots: [SnapshotInfo]) -> [(key: Key, snapshots: [SnapshotInfo])] {
    Dictionary(grouping: snapshots, by: key).sorted { $0.key < $1.key }
      .map { ($0.key, $0.value) }
  }

  /// As a heading says it: `host [a], paths [/b]`.
  func heading(_ key: Key) -> String {
    var parts: [String] = []
    if byHost { parts.append("host [\(printable(key.host))]") }
    if byTags { parts.append("tags [\(key.tags.map { printable($0) }.joined(separator: ", "))]") }
    if byPaths { parts.append("paths [\(key.paths.map(\.description).joined(separator: ", "))]") }
    return parts.joined(separator: ", ")
  }

  /// restic's `group_key`.
  func object(_ key: Key) -> JSONObject {
    var object = JSONObject()
    object.add("hostname", path: key.host)
    Self.add("paths", byPaths ? key.paths.map(\.bytes) : nil, to: &object)
    Self.add("tags", byTags ? key.tags : nil, to: &object)
    return object
  }

  private static func add(_ name: String, _ values: [[UInt8]]?, to object: inout JSONObject) {
    if let values { object.add(name, paths: values) } else { object.add(name, JSONNull()) }
  }
}
