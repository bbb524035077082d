// What `find` finds, in restic's texts and restic's JSON.

import Igudar
import Platform
import Vault

/// Prints entries under the snapshot in which they are; the first ones at once.
final class FindPrinter {
  private let output: Output
  private let entries: ListPrinter
  private var lines: PatientLines
  private var current: SnapshotID?
  private var hitCount = 0

  init(_ invocation: Invocation) {
    output = invocation.output
    entries = ListPrinter(invocation)
    lines = PatientLines(invocation.output)
    if output.isJSON { output.write(Array("[".utf8)) }
  }

  /// Prints an entry; false when nobody reads any more.
  func print(_ entry: Entry, at path: FilePath, in snapshot: SnapshotInfo) -> Bool {
    let isFirst = current != snapshot.id
    if isFirst { begin(snapshot) }
    hitCount += 1
    if output.isJSON {
      var text: [UInt8] = isFirst ? [] : [UInt8(ascii: ",")]
      object(entry, path).write(to: &text)
      output.write(text)
    } else {
      output.line(entries.line(entry, path))
    }
    lines.flushIfDue()
    return !output.isClosed
  }

  private func begin(_ snapshot: SnapshotInfo) {
    endSnapshot(more: true)
    current = snapshot.id
    hitCount = 0
    if output.isJSON {
      output.write(Array(#"{"matches":["#.utf8))
    } else {
      output.note(
        "Found matching entries in snapshot \(snapshot.id.shortHex) "
          + "from \(CivilTime(local: snapshot.time))")
    }
  }

  private func endSnapshot(more: Bool) {
    guard let current else { return }
    if output.isJSON {
      output.write(
        Array(#"],"hits":\#(hitCount),"snapshot":"\#(current.hex)"}\#(more ? "," : "")"#.utf8))
    } else if more {
      output.note()
    }
  }

  /// Ends the list.
  func finish() {
    endSnapshot(more: false)
    if output.isJSON { output.write(Array("]\n".utf8)) }
  }

  /// Tells of a folder that cannot be searched, and answers what that means.
  func unreadable(
    _ path: FilePath, _ snapshot: SnapshotInfo, _ error: RepositoryError
  ) -> ExitCode {
    let failure = Failure.explaining(error)
    output.warning(
      "cannot be searched in snapshot \(snapshot.id.shortHex): \(failure.message)",
      item: path.bytes, during: "find")
    return failure.code
  }

  /// restic's keys.
  private func object(_ entry: Entry, _ path: FilePath) -> JSONObject {
    let mode = GoFileMode(entry.type, mode: entry.mode)
    var object = JSONObject()
    object.add("path", path: path.bytes)
    object.add("permissions", mode.text)
    object.add("name", path: entry.name.bytes)
    object.add("type", entry.type.word)
    object.addUnlessZero("mode", mode.bits)
    let mtime = entry.mtime.rfc3339
    object.add("mtime", mtime)
    object.add("atime", entry.atime?.rfc3339 ?? mtime)
    object.add("ctime", entry.ctime?.rfc3339 ?? mtime)
    object.add("uid", entry.uid)
    object.add("gid", entry.gid)
    if !entry.user.isEmpty { object.add("user", path: entry.user) }
    if !entry.group.isEmpty { object.add("group", path: entry.group) }
    object.addUnlessZero("inode", entry.inode)
    object.addUnlessZero("device_id", entry.hardLink?.device ?? 0)
    object.addUnlessZero("size", entry.file?.size ?? 0)
    object.addUnlessZero("links", entry.hardLink?.count ?? (entry.type == .directory ? 0 : 1))
    if case .symbolicLink(let target) = entry.kind { object.add("linktarget", path: target) }
    return object
  }
}
