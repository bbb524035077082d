// A list of patterns, compiled so that a walk matches each name once against what can still fit
// there: a directory's state says which patterns are begun, and how far. The last pattern that fits
// decides, so that ! takes back what stands before it.

import Platform
import Vault

/// How a path stands to a list of patterns.
public struct PatternMatch: Hashable, Sendable {
  /// Whether the path is chosen.
  public var isMatched: Bool
  /// Whether something below it can be chosen, if it is a directory.
  public var childMayMatch: Bool
}

/// A list of patterns of one kind of case.
struct PatternList: Sendable {
  /// A pattern of which the parts before this one have matched.
  fileprivate struct Place: Hashable, Sendable {
    let pattern: Int
    let part: Int
  }

  /// Where a directory stands in all patterns.
  struct State: Sendable {
    fileprivate var begun: [Place] = []
    /// The patterns that fit the directory or one above it, ascending.
    fileprivate var matched: [Int] = []
    /// The names from the root down; kept only for patterns that need them.
    fileprivate var path: [[UInt8]] = []
  }

  private let patterns: [Pattern]
  /// Patterns that fit at any depth: those that begin with a plain name by its length, and others.
  private var literalStarts = [[Int]](repeating: [], count: 256)
  private var otherStarts: [Int] = []
  /// Patterns with several `**`, matched against whole paths.
  private var wholePath: [Int] = []
  private let lastRelative: Int
  /// The state of the root directory.
  let root: State

  /// Compiles patterns, none of them empty; the texts that are malformed are the error.
  init(_ texts: [[UInt8]]) throws(PatternError) {
    let parsed = texts.map { Pattern($0) }
    let malformed = zip(texts, parsed).filter { $1 == nil }.map { printable($0.0) }
    guard malformed.isEmpty else { throw PatternError(patterns: malformed) }
    patterns = parsed.compactMap(\.self)
    lastRelative = patterns.lastIndex { !$0.isAnchored && !$0.isNegated } ?? -1
    var root = State()
    for (index, pattern) in patterns.enumerated() {
      if pattern.depthCount > 1 {
        wholePath.append(index)
      } else if pattern.isAnchored {
        Self.add(Place(pattern: index, part: 0), of: pattern, to: &root)
      } else {
        Self.addStart(index, pattern, &literalStarts, &otherStarts)
      }
    }
    root.matched.sort()
    self.root = root
  }

  var isEmpty: Bool { patterns.isEmpty }

  /// How a directory itself stands, by its state.
  func match(of state: State) -> PatternMatch {
    let isMatched = state.matched.last.map { !patterns[$0].isNegated } ?? false
    return PatternMatch(isMatched: isMatched, childMayMatch: childMayMatch(state))
  }

  /// Whether a name in a directory is chosen; costs no memory.
  func matches(_ name: RawSpan, in state: State) -> Bool {
    var last = state.matched.last ?? -1
    for place in state.begun where place.pattern > last && completes(place, name) {
      last = place.pattern
    }
    if name.byteCount < 256 {
      for index in literalStarts[name.byteCount] where index > last && completes(index, name) {
        last = index
      }
    }
    for index in otherStarts where index > last && completes(index, name) { last = index }
    if let newest = wholePath.last, newest > last {
      let path = state.path + [Array(copying: name)]
      for index in wholePath where index > last && patterns[index].matches(path) { last = index }
    }
    return last >= 0 && !patterns[last].isNegated
  }

  /// The state of a directory in a directory.
  func enter(_ name: RawSpan, from state: State) -> State {
    var below = State()
    below.matched = state.matched
    for place in state.begun { advance(place, name, &below) }
    if name.byteCount < 256 {
      for index in literalStarts[name.byteCount] {
        advance(Place(pattern: index, part: 0), name, &below)
      }
    }
    for index in otherStarts { advance(Place(pattern: index, part: 0), name, &below) }
    if !wholePath.isEmpty {
      below.path = state.path + [Array(copying: name)]
      for index in wholePath where patterns[index].matches(below.path) {
        below.matched.append(index)
      }
    }
    if below.matched.count > state.matched.count {
      below.matched = Set(below.matched).sorted()
      let matched = Set(below.matched)
      below.begun.removeAll { matched.contains($0.pattern) }
    }
    return below
  }

  // MARK: - Places

  /// Files a pattern that fits at any depth under its first part; `**` before it says nothing more.
  private static func addStart(
    _ index: Int, _ pattern: Pattern, _ literals: inout [[Int]], _ others: inout [Int]
  ) {
    if case .glob(let glob)? = pattern.parts.first, let name = glob.literal {
      if name.count < 256 { literals[name.count].append(index) }
    } else {
      others.append(index)
    }
  }

  /// Adds a place, or the pattern if nothing is left of it; `**` can stand for nothing.
  private static func add(_ place: Place, of pattern: Pattern, to state: inout State) {
    if place.part == pattern.parts.count {
      state.matched.append(place.pattern)
      return
    }
    if !state.begun.contains(place) { state.begun.append(place) }
    if case .anyDepth = pattern.parts[place.part] {
      add(Place(pattern: place.pattern, part: place.part + 1), of: pattern, to: &state)
    }
  }

  /// Moves a place over a name.
  private func advance(_ place: Place, _ name: RawSpan, _ state: inout State) {
    let pattern = patterns[place.pattern]
    switch pattern.parts[place.part] {
    case .anyDepth:
      if place.part == 0 && !pattern.isAnchored {
        advanceStart(place, pattern, name, &state)
      } else {
        Self.add(place, of: pattern, to: &state)
      }
    case .glob(let glob):
      guard glob.matches(name) else { return }
      Self.add(Place(pattern: place.pattern, part: place.part + 1), of: pattern, to: &state)
    }
  }

  /// Begins a pattern with `**` in front: the next part may fit here, or the name is the whole.
  private func advanceStart(
    _ place: Place, _ pattern: Pattern, _ name: RawSpan, _ state: inout State
  ) {
    let next = Place(pattern: place.pattern, part: 1)
    if next.part == pattern.parts.count {
      Self.add(next, of: pattern, to: &state)
    } else {
      advance(next, name, &state)
    }
  }

  /// Whether a pattern that fits at any depth begins and ends with this name.
  private func completes(_ index: Int, _ name: RawSpan) -> Bool {
    let pattern = patterns[index]
    if case .anyDepth = pattern.parts[0] {
      return pattern.parts.count == 1 || completes(Place(pattern: index, part: 1), name)
    }
    return completes(Place(pattern: index, part: 0), name)
  }

  /// Whether a pattern ends with this name, `**` behind it standing for nothing.
  private func completes(_ place: Place, _ name: RawSpan) -> Bool {
    let parts = patterns[place.pattern].parts
    guard case .glob(let glob) = parts[place.part] else { return false }
    let left = parts.count - place.part - 1
    guard left == 0 || (left == 1 && parts[place.part + 1] == .anyDepth) else { return false }
    return glob.matches(name)
  }

  private func childMayMatch(_ state: State) -> Bool {
    let negated = state.matched.last { patterns[$0].isNegated } ?? -1
    if lastRelative > negated { return true }
    if state.matched.contains(where: { $0 > negated }) { return true }
    return state.begun.contains { $0.pattern > negated && !patterns[$0.pattern].isNegated }
      || wholePath.contains { index in
        index > negated && !patterns[index].isNegated
          && patterns[index].mayMatch(below: state.path)
      }
  }
}

/// Patterns that cannot be understood.
public struct PatternError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The malformed patterns, as texts for people.
  public let patterns: [String]

  /// The patterns in one line.
  public var description: String {
    "malformed pattern: " + patterns.map { "“\($0)”" }.joined(separator: ", ")
  }
}
