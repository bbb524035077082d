// Text that is broken at spaces to fit between margins.

/// Breaks text into lines.
enum TextWrap {
  /// Paragraphs between empty lines, each broken anew where it is too wide.
  ///
  /// A paragraph with a gap of several spaces in it is a table: each of its rows is broken alone, and
  /// goes on below what stands behind the gap. One that is indented is an example and stays as it is.
  static func lines(of text: String, width: Int) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    return lines.split(separator: "", omittingEmptySubsequences: false).flatMap { paragraph in
      [""] + broken(Array(paragraph), width)
    }.dropFirst().map { $0 }
  }

  private static func broken(_ paragraph: [Substring], _ width: Int) -> [String] {
    let isExample = paragraph.first?.hasPrefix(" ") ?? true
    guard !isExample, paragraph.contains(where: { $0.count > width }) else {
      return paragraph.map(String.init)
    }
    guard paragraph.contains(where: { gap(in: $0) != nil }) else {
      return lines(paragraph.flatMap { $0.split(separator: " ") }, to: width)
    }
    return rows(paragraph).flatMap { row in
      let words = row.text.split(separator: " ")
      let wrapped = lines(words, to: max(20, width - row.head.count))
      let indent = String(repeating: " ", count: row.head.count)
      return wrapped.enumerated().map { ($0.offset == 0 ? row.head : indent) + $0.element }
    }
  }

  // A row's line with those that continue it.
  private static func rows(_ paragraph: [Substring]) -> [(head: String, text: String)] {
    var rows: [(head: String, text: String)] = []
    for line in paragraph {
      if line.hasPrefix(" "), !rows.isEmpty {
        rows[rows.count - 1].text += " " + line
      } else {
        let start = gap(in: line) ?? line.startIndex
        rows.append((String(line[..<start]), String(line[start...])))
      }
    }
    return rows
  }

  // Where the text behind the first gap begins.
  private static func gap(in line: Substring) -> Substring.Index? {
    guard let first = line.firstIndex(where: { $0 != " " }) else { return nil }
    var isSpace = false
    for index in line[first...].indices {
      if isSpace && line[index] == " " {
        return line[index...].firstIndex { $0 != " " }
      }
      isSpace = line[index] == " "
    }
    return nil
  }

  /// Words in as few lines as hold them.
  static func lines(_ words: [Substring], to width: Int) -> [String] {
    var lines = [""]
    for word in words {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = String(word)
      } else if last.count + 1 + word.count <= width {
        lines[lines.count - 1] = "\(last) \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
