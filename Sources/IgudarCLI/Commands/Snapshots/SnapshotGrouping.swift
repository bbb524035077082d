// `--group-by`, with restic's words.

import Igudar
import Platform

extension SnapshotGrouping: Parsable {
  init(parsing text: String) throws(Malformed) {
    self.init()
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

  /// restic's `group_key`.
  func object(_ key: Key) -> JSONObject {
    var object = JSONObject()
    object.add("hostname", path: key.host)
    addPaths(of: key, to: &object)
    addTags(of: key, to: &object)
    return object
  }

  /// The paths of a key; null when they are not grouped by.
  func addPaths(of key: Key, to object: inout JSONObject) {
    if byPaths {
      object.add("paths", paths: key.paths.map(\.bytes))
    } else {
      object.add("paths", JSONNull())
    }
  }

  /// The tags of a key; null when they are not grouped by.
  func addTags(of key: Key, to object: inout JSONObject) {
    if byTags { object.add("tags", paths: key.tags) } else { object.add("tags", JSONNull()) }
  }
}
