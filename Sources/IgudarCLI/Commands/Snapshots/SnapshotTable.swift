// Snapshots as a table for people. Reasons to keep, descriptions and pins have columns where there
// are any.

import Igudar
import Platform
import Vault

/// A table of snapshots in the making.
struct SnapshotTable: Sendable {
  private let isCompact: Bool
  private let time: @Sendable (Timestamp) -> CivilTime

  /// `zone` is the one that times are shown in; nil for the local one.
  init(isCompact: Bool, zone: TimeZone? = nil) {
    self.isCompact = isCompact
    time = { moment in zone?.civilTime(moment) ?? CivilTime(local: moment) }
  }

  /// A snapshot, and why it is kept.
  typealias Row = (snapshot: SnapshotInfo, reasons: [String])

  /// Prints the table.
  func print(_ rows: [Row], to output: Output) {
    let hasReasons = !isCompact && rows.contains { !$0.reasons.isEmpty }
    let hasNotes = !isCompact && rows.contains { !Self.notes(on: $0.snapshot).isEmpty }
    var table = Table(columns(hasReasons: hasReasons, hasNotes: hasNotes))
    let cells = rows.parallelMap { rows in
      rows.map { row in
        var cells = self.cells(of: row.snapshot)
        if hasReasons { cells.append(row.reasons) }
        if !isCompact { cells.append(row.snapshot.paths.map { $0.description }) }
        if hasNotes { cells.append(Self.notes(on: row.snapshot)) }
        cells.append([humanSize(row.snapshot.snapshot.counts.bytesProcessed)])
        return cells
      }
    }
    for row in cells { table.add(lines: row) }
    for line in table.lines(footer: counted(rows.count, "snapshot")) { output.line(line) }
  }

  private func columns(hasReasons: Bool, hasNotes: Bool) -> [(String, Table.Alignment)] {
    var names = ["ID", "Time", "Host", "Tags"]
    if hasReasons { names.append("Reasons") }
    if !isCompact { names.append("Paths") }
    if hasNotes { names.append("Notes") }
    return names.map { ($0, .left) } + [("Size", .right)]
  }

  private func cells(of info: SnapshotInfo) -> [[String]] {
    var marks = info.isPartial ? ["(partial)"] : []
    if info.isPinned(at: .now()) { marks.append("(pinned)") }
    marks += info.tags.map { printable($0) }
    return [
      [info.id.shortHex], ["\(time(info.time))"], [printable(info.host)],
      isCompact ? [marks.joined(separator: ",")] : marks,
    ]
  }

  private static func notes(on info: SnapshotInfo) -> [String] {
    var notes = info.description.isEmpty ? [] : [printable(info.description)]
    if let pin = info.pin, info.isPinned(at: .now()) {
      let until = pin.until.map { " until \(CivilTime(local: $0))" } ?? ""
      let reason = pin.reason.isEmpty ? "" : ": \(printable(pin.reason))"
      if !until.isEmpty || !reason.isEmpty { notes.append("pinned\(until)\(reason)") }
    }
    return notes
  }
}
