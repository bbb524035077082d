// The patterns of a command, some of them without regard to case. A path is chosen if either kind
// chooses it. The same engine serves exclusion in backups and choice in restores.

public import Platform

/// Patterns that choose paths.
public struct PatternSet: Sendable {
  private let exact: PatternList
  private let ignoringCase: PatternList

  /// Where a directory stands in all patterns; a walk keeps one for each directory it is in.
  package struct State: Sendable {
    fileprivate var exact: PatternList.State
    fileprivate var ignoringCase: PatternList.State
  }

  /// Compiles patterns; empty ones are left out.
  public init(
    _ patterns: [[UInt8]] = [], ignoringCase insensitive: [[UInt8]] = []
  ) throws(PatternError) {
    exact = try PatternList(patterns.filter { !$0.isEmpty })
    ignoringCase = try PatternList(
      insensitive.filter { !$0.isEmpty }.map { $0.rawSpan.lowerCased })
  }

  /// Whether there are no patterns.
  public var isEmpty: Bool { exact.isEmpty && ignoringCase.isEmpty }

  /// How an absolute path stands; nothing is remembered.
  public func match(_ path: FilePath) -> PatternMatch { match(of: state(of: path)) }

  /// The state of the root directory.
  package var root: State { State(exact: exact.root, ignoringCase: ignoringCase.root) }

  /// The state of a directory by its absolute path.
  package func state(of path: FilePath) -> State {
    path.components.reduce(root) { enter($1.bytes.rawSpan, from: $0) }
  }

  /// The state of a directory in a directory.
  package func enter(_ name: RawSpan, from state: State) -> State {
    var below = State(exact: exact.root, ignoringCase: ignoringCase.root)
    if !exact.isEmpty { below.exact = exact.enter(name, from: state.exact) }
    if !ignoringCase.isEmpty {
      if name.isPlainLowerCase {
        below.ignoringCase = ignoringCase.enter(name, from: state.ignoringCase)
      } else {
        let lower = name.lowerCased
        below.ignoringCase = ignoringCase.enter(lower.rawSpan, from: state.ignoringCase)
      }
    }
    return below
  }

  /// How a directory itself stands, by its state.
  package func match(of state: State) -> PatternMatch {
    let first = exact.match(of: state.exact)
    let second = ignoringCase.match(of: state.ignoringCase)
    return PatternMatch(
      isMatched: first.isMatched || second.isMatched,
      childMayMatch: first.childMayMatch || second.childMayMatch)
  }

  /// Whether a name in a directory is chosen.
  package func matches(_ name: RawSpan, in state: State) -> Bool {
    if !exact.isEmpty && exact.matches(name, in: state.exact) { return true }
    guard !ignoringCase.isEmpty else { return false }
    if name.isPlainLowerCase { return ignoringCase.matches(name, in: state.ignoringCase) }
    let lower = name.lowerCased
    return ignoringCase.matches(lower.rawSpan, in: state.ignoringCase)
  }
}
