// A snapshot as ncdu's export format, version 1.2, for `ncdu -f-`: nested lists, each directory an
// object followed by what is in it. Only the depth of the walk is kept.

import Igudar
import Platform
import Vault

/// Prints entries in the order of a walk as nested lists.
final class NcduPrinter {
  private let output: Output
  private var lines: PatientLines
  /// Lists that are open inside the outermost one.
  private var depth = 1

  init(_ output: Output) {
    self.output = output
    lines = PatientLines(output)
  }

  /// Opens the list with what it is of.
  func begin(_ folder: Entry, in snapshot: SnapshotInfo) {
    var about = JSONObject()
    about.add("progname", "igudar")
    about.add("progver", Version.number)
    about.add("timestamp", snapshot.time.seconds)
    about.add(membersOf: snapshot.object)
    put("[1,2,")
    output.write(about.bytes)
    put(",\n[")
    output.write(object(folder, name: Array("/".utf8)).bytes)
  }

  /// Prints an entry that is this many folders deep, 1 at the top.
  func print(_ entry: Entry, depth: Int) {
    close(to: depth)
    put(",\n")
    if entry.type == .directory {
      put("[")
      self.depth += 1
    }
    output.write(object(entry, name: entry.name.bytes).bytes)
    lines.flushIfDue()
  }

  /// Closes all lists.
  func finish() {
    close(to: 0)
    put("]\n")
  }

  private func close(to depth: Int) {
    put(String(repeating: "]", count: self.depth - depth))
    self.depth = depth
  }

  private func put(_ text: String) { output.write(Array(text.utf8)) }

  private func object(_ entry: Entry, name: [UInt8]) -> JSONObject {
    var object = JSONObject()
    object.add("name", path: name)
    let size = entry.file?.size ?? 0
    object.add("asize", size)
    object.add("dsize", (size &+ 511) & ~511)
    if let link = entry.hardLink {
      object.add("dev", link.device)
      object.add("ino", entry.inode)
      object.add("nlink", link.count)
    }
    if entry.type != .file && entry.type != .directory { object.add("notreg", true) }
    object.add("uid", entry.uid)
    object.add("gid", entry.gid)
    object.add("mode", Int(entry.mode))
    object.add("mtime", entry.mtime.seconds)
    return object
  }
}
