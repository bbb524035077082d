// One entry of a snapshot as a line: restic's texts and restic's JSON.

import Igudar
import Platform
import Vault

/// Prints entries, the first ones at once.
final class ListPrinter {
  let output: Output
  private let isLong: Bool
  private let isHuman: Bool
  private var lines: PatientLines

  init(_ invocation: Invocation) {
    output = invocation.output
    isLong = invocation.options.has(ListCommand.long)
    isHuman = invocation.options.has(ListCommand.humanReadable)
    lines = PatientLines(invocation.output)
  }

  var isClosed: Bool { output.isClosed }

  /// Prints which snapshot is listed.
  func begin(_ snapshot: SnapshotInfo, filteredBy folders: [FilePath]) {
    if output.isJSON {
      var line = JSONObject(message: "snapshot")
      line.add("struct_type", "snapshot")
      line.add(membersOf: snapshot.object)
      output.json(line)
    } else {
      let paths = snapshot.paths.map(\.description).joined(separator: " ")
      let names = folders.map(\.description).joined(separator: " ")
      let who = "\(printable(snapshot.snapshot.user))@\(printable(snapshot.host))"
      output.note(
        "snapshot \(snapshot.id.shortHex) of [\(paths)] at \(CivilTime(local: snapshot.time)) "
          + "by \(who) filtered by [\(names)]:")
    }
    output.flush()
  }

  func print(_ entry: Entry, at path: FilePath) {
    if output.isJSON {
      output.json(Self.object(entry, path))
    } else {
      output.line(line(entry, path))
    }
    lines.flushIfDue()
  }

  /// The line of an entry, with what the options ask for.
  func line(_ entry: Entry, _ path: FilePath) -> String {
    isLong ? longLine(entry, path) : "\(path)"
  }

  private func longLine(_ entry: Entry, _ path: FilePath) -> String {
    let size = entry.file?.size ?? 0
    let mode = GoFileMode(entry.type, mode: entry.mode).text
    let columns = [
      mode, aligned("\(entry.uid)", 5), aligned("\(entry.gid)", 5),
      isHuman ? humanSize(size) : aligned("\(size)", 6), "\(CivilTime(local: entry.mtime))",
      "\(path)",
    ]
    let line = columns.joined(separator: " ")
    guard case .symbolicLink(let target) = entry.kind else { return line }
    return "\(line) -> \(printable(target))"
  }

  private func aligned(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  /// restic's `node` object.
  static func object(_ entry: Entry, _ path: FilePath) -> JSONObject {
    let mode = GoFileMode(entry.type, mode: entry.mode)
    var object = JSONObject(message: "node")
    object.add("struct_type", "node")
    object.add("name", path: entry.name.bytes)
    object.add("type", entry.type.word)
    object.add("path", path: path.bytes)
    object.add("uid", entry.uid)
    object.add("gid", entry.gid)
    object.add("size", entry.file?.size)
    object.addUnlessZero("mode", mode.bits)
    object.add("permissions", mode.text)
    let mtime = entry.mtime.rfc3339
    object.add("mtime", mtime)
    object.add("atime", entry.atime?.rfc3339 ?? mtime)
    object.add("ctime", entry.ctime == entry.mtime ? mtime : entry.ctime?.rfc3339)
    object.addUnlessZero("inode", entry.inode)
    return object
  }
}
