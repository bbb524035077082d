// What is restored of a snapshot: all, what patterns choose, or what they do not. Patterns see paths
// from the folder that is restored.

import Platform

/// What is restored of a snapshot.
public enum RestoreSelection: Sendable {
  /// All of it.
  case everything
  /// What fits one of the patterns, with all below it.
  case including(PatternSet)
  /// What fits none of the patterns.
  case excluding(PatternSet)

  /// How a folder stands.
  enum Standing {
    case selected
    /// It is not itself, but something in it can be.
    case onTheWay
    case left
  }

  /// Where a folder stands in the patterns, if there are any.
  typealias State = PatternSet.State?

  var root: State {
    switch self {
    case .everything: nil
    case .including(let patterns), .excluding(let patterns): patterns.root
    }
  }

  /// The state of a folder in a folder.
  func enter(_ name: FileName, from state: State) -> State {
    guard let state else { return nil }
    switch self {
    case .everything: return nil
    case .including(let patterns), .excluding(let patterns):
      return unsafe patterns.enter(name.bytes.span.bytes, from: state)
    }
  }

  /// Whether what is no folder is selected.
  func selects(_ name: FileName, in state: State) -> Bool {
    guard let state else { return true }
    switch self {
    case .everything: return true
    case .including(let patterns):
      return unsafe patterns.matches(name.bytes.span.bytes, in: state)
    case .excluding(let patterns):
      return unsafe !patterns.matches(name.bytes.span.bytes, in: state)
    }
  }

  /// How a folder stands, by its own state.
  func standing(of state: State) -> Standing {
    guard let state else { return .selected }
    switch self {
    case .everything: return .selected
    case .including(let patterns):
      let match = patterns.match(of: state)
      return match.isMatched ? .selected : match.childMayMatch ? .onTheWay : .left
    case .excluding(let patterns):
      return patterns.match(of: state).isMatched ? .left : .selected
    }
  }
}
