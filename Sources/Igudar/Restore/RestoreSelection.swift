// What is restored of a snapshot: all, what patterns choose, or what they do not. Patterns see paths
// from the folder that is restored.

import Platform
import Vault

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

  /// Whether anything in a folder that is on the way is selected; what cannot be read may be.
  func selectsAny(in children: Children, at state: State, from source: any NodeSource) -> Bool {
    let levels = [SelectionLevel(children, state, source)]
    return (try? selectsAny(in: levels, from: source)) ?? true
  }

  private func selectsAny(
    in first: [SelectionLevel], from source: any NodeSource
  ) throws(VaultError) -> Bool {
    var levels = first
    while let level = levels.last {
      guard let entry = try level.reader.next() else {
        levels.removeLast()
        continue
      }
      guard let children = entry.children else {
        if selects(entry.name, in: level.state) { return true }
        continue
      }
      let state = enter(entry.name, from: level.state)
      switch standing(of: state) {
      case .selected: return true
      case .onTheWay where levels.count < TreeLimits.depth:
        levels.append(SelectionLevel(children, state, source))
      case .onTheWay, .left: break
      }
    }
    return false
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

/// A folder on the way through what may be selected.
private final class SelectionLevel {
  let state: RestoreSelection.State
  var reader: DirectoryReader

  init(_ children: Children, _ state: RestoreSelection.State, _ source: any NodeSource) {
    self.state = state
    reader = DirectoryReader(children, from: source)
  }
}
