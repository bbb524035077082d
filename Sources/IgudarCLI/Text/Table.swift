// Tables as `snapshots` prints them: a heading, a rule, rows whose cells may have several lines, a
// rule and a last line. Cells are text that was already made printable.

import Platform

/// Rows and columns of text.
struct Table: Sendable {
  private let headings: [String]
  private let alignments: [Alignment]
  private var rows: [[[String]]] = []

  enum Alignment: Sendable { case left, right }

  /// Columns from left to right.
  init(_ columns: [(heading: String, alignment: Alignment)]) {
    headings = columns.map(\.heading)
    alignments = columns.map(\.alignment)
  }

  init(_ headings: String...) {
    self.init(headings.map { ($0, .left) })
  }

  /// Adds a row of one-line cells.
  mutating func add(_ cells: String...) { add(lines: cells.map { [$0] }) }

  /// Adds a row whose cells have any number of lines.
  mutating func add(lines: [[String]]) { rows.append(lines) }

  var isEmpty: Bool { rows.isEmpty }

  /// The lines of the table; `footer` stands below the closing rule.
  func lines(footer: String? = nil) -> [String] {
    let widths = self.widths
    let rule = String(repeating: "-", count: widths.reduce(0, +) + 2 * max(0, widths.count - 1))
    var lines = [line(headings, widths), rule]
    lines += rows.parallelMap { rows in rows.flatMap { self.lines(of: $0, widths) } }
    lines.append(rule)
    if let footer { lines.append(footer) }
    return lines
  }

  private var widths: [Int] {
    headings.indices.map { column in
      rows.reduce(displayWidth(headings[column])) { width, row in
        guard column < row.count else { return width }
        return row[column].reduce(width) { max($0, displayWidth($1)) }
      }
    }
  }

  private func lines(of row: [[String]], _ widths: [Int]) -> [String] {
    let height = max(1, row.map { $0.count }.max() ?? 1)
    return (0..<height).map { index in
      line(row.map { index < $0.count ? $0[index] : "" }, widths)
    }
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    var text: [UInt8] = []
    // Spaces are added when something follows them, so that no line ends with any.
    var gap = 0
    for (column, cell) in cells.enumerated() {
      let rest = max(0, widths[column] - displayWidth(cell))
      if column > 0 { gap += 2 }
      if alignments[column] == .right { gap += rest }
      if !cell.isEmpty {
        text += repeatElement(UInt8(ascii: " "), count: gap)
        text += cell.utf8
        gap = 0
      }
      if alignments[column] == .left { gap += rest }
    }
    return String(decoding: text, as: UTF8.self)
  }
}
