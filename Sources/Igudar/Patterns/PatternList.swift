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
    /// What a name in this directory can complete of the patterns begun.
    fileprivate var completing = NameTests([])
    /// The last pattern that fits the directory or one above it, and the last with !; -1 for none.
    fileprivate var newest = -1
    fileprivate var newestNegated = -1
    /// The names from the root down; kept only for patterns that need them.
    fileprivate var path: [[UInt8]] = []
  }

  private let patterns: [Pattern]
  /// Patterns that fit at any depth and are completed by one name; and those of them with !.
  private let completing: NameTests
  private let completingNegated: NameTests
  /// Patterns that fit at any depth and need several names.
  private let starts: [Place]
  /// Patterns with several `**`, matched against whole paths.
  private let wholePath: [Int]
  private let lastRelative: Int
  /// The state of the root directory.
  private(set) var root = State()

  /// Compiles patterns, none of them empty; the texts that are malformed are the error.
  init(_ texts: [[UInt8]]) throws(PatternError) {
    let parsed = texts.map { Pattern($0) }
    let malformed = zip(texts, parsed).filter { $1 == nil }.map { printable($0.0) }
    guard malformed.isEmpty else { throw PatternError(patterns: malformed) }
    let patterns = parsed.compactMap(\.self)
    self.patterns = patterns
    let simple = patterns.indices.filter { patterns[$0].depthCount < 2 }
    let relative = simple.filter { !patterns[$0].isAnchored }
    let short = relative.compactMap { index in
      patterns[index].completion(at: 0).map { (pattern: index, glob: $0) }
    }
    completing = NameTests(short)
    completingNegated = NameTests(short.filter { patterns[$0.pattern].isNegated })
    starts = relative.filter { patterns[$0].completion(at: 0) == nil }.map {
      Place(pattern: $0, part: 0)
    }
    wholePath = patterns.indices.filter { patterns[$0].depthCount > 1 }
    lastRelative = patterns.lastIndex { !$0.isAnchored && !$0.isNegated } ?? -1
    for index in simple where patterns[index].isAnchored {
      add(Place(pattern: index, part: 0), to: &root)
    }
    root.completing = completing(of: root)
  }

  var isEmpty: Bool { patterns.isEmpty }

  /// How a directory itself stands, by its state.
  func match(of state: State) -> PatternMatch {
    let isMatched = state.newest >= 0 && !patterns[state.newest].isNegated
    return PatternMatch(isMatched: isMatched, childMayMatch: childMayMatch(state))
  }

  /// Whether a name in a directory is chosen.
  func matches(_ name: RawSpan, in state: State) -> Bool {
    var last = completing.newest(name, above: state.newest)
    last = state.completing.newest(name, above: last)
    if let newest = wholePath.last, newest > last {
      let path = state.path + [Array(copying: name)]
      for index in wholePath where index > last && patterns[index].matches(path) { last = index }
    }
    return last >= 0 && !patterns[last].isNegated
  }

  /// The state of a directory in a directory.
  func enter(_ name: RawSpan, from state: State) -> State {
    var below = State()
    below.newest = completing.newest(name, above: state.newest)
    below.newestNegated = completingNegated.newest(name, above: state.newestNegated)
    for place in state.begun { advance(place, name, &below) }
    for place in starts { advance(place, name, &below) }
    if !wholePath.isEmpty {
      below.path = state.path + [Array(copying: name)]
      for index in wholePath where patterns[index].matches(below.path) { fit(index, &below) }
    }
    if !below.begun.isEmpty { below.completing = completing(of: below) }
    return below
  }

  /// Moves a place over a name.
  private func advance(_ place: Place, _ name: RawSpan, _ state: inout State) {
    switch patterns[place.pattern].parts[place.part] {
    case .anyDepth: add(place, to: &state)
    case .glob(let glob):
      guard glob.matches(name) else { return }
      add(Place(pattern: place.pattern, part: place.part + 1), to: &state)
    }
  }

  /// Adds a place, or the pattern if nothing is left of it; `**` can stand for nothing.
  private func add(_ place: Place, to state: inout State) {
    let parts = patterns[place.pattern].parts
    if place.part == parts.count {
      fit(place.pattern, &state)
      return
    }
    if !state.begun.contains(place) { state.begun.append(place) }
    if case .anyDepth = parts[place.part] {
      add(Place(pattern: place.pattern, part: place.part + 1), to: &state)
    }
  }

  private func fit(_ pattern: Int, _ state: inout State) {
    state.newest = max(state.newest, pattern)
    if patterns[pattern].isNegated { state.newestNegated = max(state.newestNegated, pattern) }
  }

  private func completing(of state: State) -> NameTests {
    NameTests(
      state.begun.compactMap { place in
        patterns[place.pattern].completion(at: place.part).map { (place.pattern, $0) }
      })
  }

  private func childMayMatch(_ state: State) -> Bool {
    let negated = state.newestNegated
    if lastRelative > negated || state.newest > negated { return true }
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
