// Differences as restic prints them, and the numbers below them.

import Igudar
import Platform

/// Prints differences, the first ones at once.
final class DiffPrinter {
  private(set) var code = ExitCode.done
  private let output: Output
  private let showsMetadata: Bool
  private var lines: PatientLines
  private var changedCount: UInt64 = 0
  private var added = DiffCounts()
  private var removed = DiffCounts()

  init(_ invocation: Invocation) {
    output = invocation.output
    showsMetadata = invocation.options.has(DiffCommand.metadata)
    lines = PatientLines(invocation.output)
  }

  /// Whether nobody reads any more.
  var isClosed: Bool { output.isClosed }

  func begin(_ title: String) {
    output.note(title)
    output.note()
  }

  /// Prints a difference; false when nobody reads any more.
  func print(_ difference: Difference) -> Bool {
    count(difference)
    let modifier = modifier(of: difference)
    if modifier.isEmpty { return true }
    var path = difference.path.bytes
    if (difference.new ?? difference.old)?.type == .directory { path.append(0x2f) }
    if output.isJSON {
      var line = JSONObject(message: "change")
      line.add("path", path: path)
      line.add("modifier", modifier)
      output.json(line)
    } else {
      let gap = String(repeating: " ", count: max(1, 5 - modifier.utf8.count))
      output.line("\(modifier)\(gap)\(printable(path))")
    }
    lines.flushIfDue()
    return !output.isClosed
  }

  private func modifier(of difference: Difference) -> String {
    if difference.old == nil { return "+" }
    if difference.new == nil { return "-" }
    return difference.change.letters(withMetadata: showsMetadata)
  }

  private func count(_ difference: Difference) {
    if let old = difference.old, difference.new == nil { removed.add(old) }
    if let new = difference.new, difference.old == nil { added.add(new) }
    if difference.change.contains(.content) { changedCount += 1 }
  }

  /// A folder of the repository that cannot be compared.
  func unreadable(_ path: FilePath?, _ error: RepositoryError) {
    let failure = Failure.explaining(error)
    code = code.worse(of: failure.code)
    output.warning(
      "cannot be compared: \(failure.message)", item: path?.bytes ?? [], during: "diff")
  }

  /// A file or folder of this machine that cannot be read.
  func unreadableSource(_ path: FilePath, _ message: String) {
    code = code.worse(of: .incomplete)
    output.warning("cannot be compared: \(message)", item: path.bytes, during: "diff")
  }

  // MARK: Numbers

  /// Prints the numbers; chunks are nil where no second snapshot is.
  func finish(
    _ source: String, _ target: String?, chunks: (added: ChunkCounts, removed: ChunkCounts)?
  ) {
    if output.isJSON {
      var line = JSONObject(message: "statistics")
      line.add("source_snapshot", source)
      line.add("target_snapshot", target)
      line.add("changed_files", changedCount)
      line.add("added", added.object(chunks?.added))
      line.add("removed", removed.object(chunks?.removed))
      output.json(line)
    } else {
      printText(chunks)
    }
  }

  private func printText(_ chunks: (added: ChunkCounts, removed: ChunkCounts)?) {
    func row(_ name: String, _ new: UInt64, _ gone: UInt64, _ rest: String = "") {
      let gap = String(repeating: " ", count: 11 - name.utf8.count)
      output.note("\(name):\(gap)\(aligned(new)) new, \(aligned(gone)) removed\(rest)")
    }
    output.note()
    row("Files", added.files, removed.files, ", \(aligned(changedCount)) changed")
    row("Dirs", added.directories, removed.directories)
    row("Others", added.others, removed.others)
    guard let chunks else { return }
    row("Data Blobs", chunks.added.dataCount, chunks.removed.dataCount)
    row("Tree Blobs", chunks.added.treeCount, chunks.removed.treeCount)
    output.note("  Added:   \(humanSize(chunks.added.bytes))")
    output.note("  Removed: \(humanSize(chunks.removed.bytes))")
  }

  private func aligned(_ number: UInt64) -> String {
    let text = "\(number)"
    return String(repeating: " ", count: max(0, 5 - text.utf8.count)) + text
  }
}

/// Entries that are in one tree only.
private struct DiffCounts {
  var files: UInt64 = 0
  var directories: UInt64 = 0
  var others: UInt64 = 0

  mutating func add(_ entry: Entry) {
    switch entry.type {
    case .file: files += 1
    case .directory: directories += 1
    default: others += 1
    }
  }

  func object(_ chunks: ChunkCounts?) -> JSONObject {
    var object = JSONObject()
    object.add("files", files)
    object.add("dirs", directories)
    object.add("others", others)
    object.add("data_blobs", chunks?.dataCount ?? 0)
    object.add("tree_blobs", chunks?.treeCount ?? 0)
    object.add("bytes", chunks?.bytes ?? 0)
    return object
  }
}

extension EntryChange {
  /// restic's letters; metadata counts only where nothing else does.
  func letters(withMetadata: Bool) -> String {
    let type = contains(.type) ? "T" : ""
    if contains(.content) { return type + (contains(.bitRot) ? "M?" : "M") }
    return type + (withMetadata && contains(.metadata) ? "U" : "")
  }
}
