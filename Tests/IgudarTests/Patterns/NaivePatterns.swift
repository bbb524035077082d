// The meaning of restic's patterns, spelled out as slowly and plainly as possible: every `**` is
// replaced by every number of `*`, every window of the path is tried. The tests compare the
// compiled patterns with it.

@testable import Igudar

enum NaivePatterns {
  /// Whether a path and its children are chosen by a list of patterns.
  static func match(_ patterns: [String], _ path: String) -> PatternMatch {
    var isMatched = false
    var childMayMatch = false
    let names = split(path)
    for text in patterns where !text.isEmpty {
      let isNegated = text.hasPrefix("!")
      let pattern = split(clean(isNegated ? String(text.dropFirst()) : text))
      let fits = fits(pattern, names)
      if isNegated {
        isMatched = isMatched && !fits
        childMayMatch = childMayMatch && !fits
      } else {
        isMatched = isMatched || fits
        childMayMatch = childMayMatch || childFits(pattern, names)
      }
    }
    return PatternMatch(isMatched: isMatched, childMayMatch: childMayMatch)
  }

  private static func split(_ path: String) -> [String] {
    if path == "/" { return ["/"] }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    if parts[0].isEmpty { parts[0] = "/" }
    return parts
  }

  private static func clean(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != ".." {
        parts.removeLast()
      } else if part != ".." || !path.hasPrefix("/") {
        parts.append(part)
      }
    }
    let text = parts.joined(separator: "/")
    return path.hasPrefix("/") ? "/" + text : text.isEmpty ? "." : text
  }

  private static func fits(_ pattern: [String], _ names: [String]) -> Bool {
    if let place = pattern.firstIndex(of: "**") {
      var count = 0
      while count <= names.count - pattern.count + 1 {
        let stars = [String](repeating: "*", count: count)
        if fits(pattern[..<place] + stars + pattern[(place + 1)...], names) { return true }
        count += 1
      }
      return false
    }
    guard !pattern.isEmpty, pattern.count <= names.count else { return false }
    let first = pattern[0] == "/" ? 0 : 1
    let last = pattern[0] == "/" ? 0 : names.count - pattern.count
    guard first <= last else { return false }
    return (first...last).contains { start in
      zip(pattern, names[start...]).allSatisfy { glob, name in
        if glob == "/" || name == "/" { return glob == name }
        return fits(Array(glob.utf8)[...], Array(name.utf8)[...])
      }
    }
  }

  private static func fits(_ pattern: ArraySlice<String>, _ names: [String]) -> Bool {
    fits(Array(pattern), names)
  }

  private static func childFits(_ pattern: [String], _ names: [String]) -> Bool {
    guard pattern[0] == "/" else { return true }
    let end = pattern.firstIndex(of: "**") ?? pattern.count
    let length = min(end, names.count)
    return fits(Array(pattern[..<length]), Array(names[..<length]))
  }

  /// Globs of ASCII names with * ? and literal bytes.
  private static func fits(_ glob: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
    guard let first = glob.first else { return name.isEmpty }
    let rest = glob.dropFirst()
    if first == UInt8(ascii: "*") {
      return fits(rest, name) || (!name.isEmpty && fits(glob, name.dropFirst()))
    }
    guard let byte = name.first else { return false }
    return (first == UInt8(ascii: "?") || first == byte) && fits(rest, name.dropFirst())
  }
}
