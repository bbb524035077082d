// A snapshot in restic's JSON.

import Igudar
import Platform
import Vault

extension SnapshotInfo {
  /// The object that `snapshots`, `ls`, `forget` and others print.
  var object: JSONObject {
    var object = JSONObject()
    addWhatWasSaved(to: &object)
    addWhoSavedIt(to: &object)
    if let summary { object.add("summary", summary) }
    if isPartial { object.add("partial", true) }
    if isForgotten { object.add("forgotten", true) }
    if let pin { object.add("pin", Self.object(pin)) }
    object.add("id", id.hex)
    object.add("short_id", id.shortHex)
    return object
  }

  private func addWhatWasSaved(to object: inout JSONObject) {
    object.add("time", time.rfc3339(minutesEast: snapshot.zone))
    object.add("parent", snapshot.parent?.hex)
    object.add("tree", tree)
    object.add("paths", paths: paths.map(\.bytes))
    if !snapshot.excludes.isEmpty { object.add("excludes", paths: snapshot.excludes) }
    if !tags.isEmpty { object.add("tags", paths: tags) }
    if !description.isEmpty { object.add("description", path: description) }
    object.add("original", snapshot.original?.hex)
  }

  private static func object(_ pin: Pin) -> JSONObject {
    var object = JSONObject()
    object.add("reason", path: pin.reason)
    object.add("until", pin.until?.rfc3339)
    return object
  }

  // The root directory always has nodes.
  private var tree: String? {
    guard case .nodes(let reference) = snapshot.root.children else { return nil }
    return reference.id.hex
  }

  private func addWhoSavedIt(to object: inout JSONObject) {
    if !host.isEmpty { object.add("hostname", path: host) }
    if !snapshot.user.isEmpty { object.add("username", path: snapshot.user) }
    object.addUnlessZero("uid", snapshot.uid ?? 0)
    object.addUnlessZero("gid", snapshot.gid ?? 0)
    if !snapshot.program.isEmpty { object.add("program_version", path: snapshot.program) }
  }

  private var summary: JSONObject? {
    guard let start = snapshot.start, let end = snapshot.end else { return nil }
    var summary = JSONObject()
    summary.add("backup_start", start.rfc3339(minutesEast: snapshot.zone))
    summary.add("backup_end", end.rfc3339(minutesEast: snapshot.zone))
    summary.add(snapshot.counts)
    return summary
  }
}
