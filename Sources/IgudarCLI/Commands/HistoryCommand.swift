// `igudar history`: when a file changed, from snapshot to snapshot.

import Igudar
import Platform
import Vault

/// Shows the versions of a file.
enum HistoryCommand {
  static let command = Command(
    "history", summary: "Show the versions of a file through the snapshots", operands: "PATH",
    operandCount: 1...1,
    details: """
      One line for each version, oldest first: the time and ID of the first snapshot that has it,
      what happened (+ it came, - it went, -? it went or could not be read, M other content, T
      another type, U other metadata, ? bit rot), its size, when it was modified, and the host. A
      backup that was interrupted says of nothing that it went.

      PATH is a path of this machine or in the snapshots. `igudar dump SNAPSHOT PATH` brings a
      version back.
      """,
    options: Selection.options
  ) { invocation in
    let filter = try invocation.filter()
    let repository = try invocation.openRepository()
    let path = FilePath(invocation.operands[0])
    let output = invocation.output
    let snapshots = try repository.snapshots().filter { filter.matches($0) }
    var (code, isKnown) = (ExitCode.done, false)
    try repository.history(
      of: path, in: snapshots,
      unreadable: { snapshot, error in
        let failure = Failure.explaining(error)
        code = code.worse(of: failure.code)
        output.warning(
          "cannot be looked up in snapshot \(snapshot.id.shortHex): \(failure.message)",
          item: path.bytes, during: "history")
      }
    ) { version in
      isKnown = true
      print(version, of: path, output)
      return !output.isClosed
    }
    guard isKnown || code != .done else {
      throw Failure.selector("no snapshot has “\(path)”")
    }
    return code
  }

  private static func print(_ version: FileVersion, of path: FilePath, _ output: Output) {
    if output.isJSON {
      output.jsonNow(object(version, path))
      return
    }
    let modifier = version.modifier
    let gap = String(repeating: " ", count: max(1, 4 - modifier.utf8.count))
    var line =
      "\(CivilTime(local: version.snapshot.time))  \(version.snapshot.id.shortHex)  "
      + modifier + gap
    if let entry = version.entry {
      let size = entry.file.map { humanSize($0.size) } ?? entry.type.word
      line += String(repeating: " ", count: max(0, 11 - size.utf8.count)) + size
      line += "  \(CivilTime(local: entry.mtime))"
    } else {
      line += String(repeating: " ", count: 32)
    }
    output.line(line + "  \(printable(version.snapshot.host))")
    output.flush()
  }

  private static func object(_ version: FileVersion, _ path: FilePath) -> JSONObject {
    var object = JSONObject(message: "version")
    object.add("path", path: path.bytes)
    object.add("modifier", version.modifier)
    object.add("snapshot", version.snapshot.id.hex)
    object.add("time", version.snapshot.time.rfc3339(minutesEast: version.snapshot.snapshot.zone))
    object.add("hostname", path: version.snapshot.host)
    guard let entry = version.entry else { return object }
    object.add("type", entry.type.word)
    object.add("size", entry.file?.size)
    object.add("permissions", GoFileMode(entry.type, mode: entry.mode).text)
    object.add("mtime", entry.mtime.rfc3339)
    return object
  }
}

extension FileVersion {
  fileprivate var modifier: String {
    if entry == nil { return mayBeUnread ? "-?" : "-" }
    if previous == nil { return "+" }
    return change.letters(withMetadata: true)
  }
}
