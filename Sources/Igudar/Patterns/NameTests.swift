// Many globs against one name: the loop that runs for every file of a backup. The globs lie in one
// flat table, newest pattern first, so that the first that fits decides.

/// Globs of patterns that a single name can complete.
struct NameTests: Sendable {
  private enum Shape {
    case literal
    case ends
    case begins
    case other
  }

  private struct Test {
    let pattern: Int32
    let shape: Shape
    /// The byte that rules most names out: the last one, or the first of `begins`.
    let telling: UInt8
    let start: Int32
    let count: Int32
  }

  private var tests: [Test] = []
  private var bytes: [UInt8] = []
  private var others: [Glob] = []

  /// A table of globs with the numbers of their patterns.
  init(_ globs: [(pattern: Int, glob: Glob)]) {
    for (pattern, glob) in globs.sorted(by: { $0.pattern > $1.pattern }) { add(glob, of: pattern) }
  }

  private mutating func add(_ glob: Glob, of pattern: Int) {
    let (shape, text): (Shape, [UInt8]) =
      switch glob.shape {
      case .literal(let text): (.literal, text)
      case .ends(let text): (.ends, text)
      case .begins(let text): (.begins, text)
      case .everything, .tokens: (.other, [])
      }
    let isOther = shape == .other
    if isOther { others.append(glob) }
    tests.append(
      Test(
        pattern: Int32(pattern), shape: shape,
        telling: (shape == .begins ? text.first : text.last) ?? 0,
        start: Int32(isOther ? others.count - 1 : bytes.count), count: Int32(text.count)))
    bytes += text
  }

  /// The newest pattern above `last` that the name completes; `last` if there is none.
  func newest(_ name: RawSpan, above last: Int) -> Int {
    guard !name.isEmpty else { return last }
    let first = name.byte(at: 0)
    let final = name.byte(at: name.byteCount - 1)
    for index in tests.indices {
      let test = tests[index]
      guard test.pattern > last else { return last }
      switch test.shape {
      case .literal:
        if final != test.telling || name.byteCount != test.count { continue }
      case .ends:
        if final != test.telling || name.byteCount < test.count { continue }
      case .begins:
        if first != test.telling || name.byteCount < test.count { continue }
      case .other: break
      }
      if matches(test, name) { return Int(test.pattern) }
    }
    return last
  }

  private func matches(_ test: Test, _ name: RawSpan) -> Bool {
    let start = Int(test.start)
    let count = Int(test.count)
    switch test.shape {
    case .other: return others[start].matches(name)
    case .literal, .begins:
      return name.extracting(first: count).equals(bytes.rawSpan.extracting(start..<start + count))
    case .ends:
      return name.extracting(last: count).equals(bytes.rawSpan.extracting(start..<start + count))
    }
  }
}
