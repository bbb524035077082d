// How many terminal columns a text takes: good enough for aligning and shortening, never for
// deciding anything. East Asian wide characters and emoji count two, combining marks nothing.

/// Terminal columns of the text.
func displayWidth(_ text: String) -> Int {
  // Of ASCII every byte is a column.
  if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
  return text.unicodeScalars.reduce(0) { $0 + displayWidth($1) }
}

/// The text cut to `width` columns, its middle replaced by `…`: both ends of a path say most.
func shortened(_ text: String, to width: Int) -> String {
  guard displayWidth(text) > width else { return text }
  guard width > 1 else { return width == 1 ? "…" : "" }
  let head = prefix(text.unicodeScalars, width: (width - 1) / 2)
  let tail = prefix(text.unicodeScalars.reversed(), width: width - 1 - (width - 1) / 2)
  return string(head) + "…" + string(tail.reversed())
}

private func prefix(_ scalars: some Sequence<Unicode.Scalar>, width: Int) -> [Unicode.Scalar] {
  var left = width
  var taken: [Unicode.Scalar] = []
  for scalar in scalars {
    left -= displayWidth(scalar)
    if left < 0 { break }
    taken.append(scalar)
  }
  return taken
}

private func string(_ scalars: [Unicode.Scalar]) -> String {
  var text = String.UnicodeScalarView()
  text.append(contentsOf: scalars)
  return String(text)
}

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
  switch scalar.value {
  case 0x0300...0x036F, 0x200B...0x200F, 0x20D0...0x20FF, 0xFE00...0xFE0F: 0
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3: 2
  case 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6: 2
  case 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD: 2
  default: 1
  }
}
