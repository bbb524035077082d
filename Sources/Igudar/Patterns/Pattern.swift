// A path pattern with restic's meaning. Components are globs, `**` stands for any number of
// components, a leading / binds the pattern to the root, otherwise it fits at any depth. What fits
// a directory fits everything below it. A leading ! takes back what earlier patterns chose.

import Platform

/// A pattern for paths.
struct Pattern: Sendable {
  /// A component of a pattern.
  enum Part: Hashable, Sendable {
    case glob(Glob)
    /// `**`.
    case anyDepth
  }

  let isNegated: Bool
  /// Whether the pattern begins at the root.
  let isAnchored: Bool
  let parts: [Part]

  /// Reads a pattern that is not empty; nil if it is malformed.
  init?(_ text: [UInt8]) {
    isNegated = text.first == UInt8(ascii: "!")
    let path = isNegated ? text[1...] : text[...]
    isAnchored = path.first == UInt8(ascii: "/")
    var parts: [Part] = []
    for component in Self.components(of: path, isAnchored: isAnchored) {
      if Array(component) == Array("**".utf8) {
        parts.append(.anyDepth)
      } else {
        guard let glob = Glob(component) else { return nil }
        parts.append(.glob(glob))
      }
    }
    self.parts = isAnchored ? parts : Self.withoutLeadingDepth(parts)
  }

  /// How many times `**` occurs.
  var depthCount: Int { parts.filter { $0 == .anyDepth }.count }

  /// What a name must be like to complete the pattern from this part on; nil if more is left.
  func completion(at part: Int) -> Glob? {
    guard case .glob(let glob) = parts[part] else { return nil }
    let rest = parts[(part + 1)...]
    return rest.isEmpty || (rest.count == 1 && rest.first == .anyDepth) ? glob : nil
  }

  /// A single `**` before a pattern that fits at any depth says nothing; alone it is a star.
  private static func withoutLeadingDepth(_ parts: [Part]) -> [Part] {
    guard parts.first == .anyDepth, parts.filter({ $0 == .anyDepth }).count == 1 else {
      return parts
    }
    return parts.count == 1 ? [.glob(.everything)] : Array(parts[1...])
  }

  /// Whether a path from the root fits, or a directory above it does.
  ///
  /// Several `**` in one pattern share restic's peculiarity: the first ones take at most as many
  /// components as leave one for each `**` behind them.
  func matches(_ path: [[UInt8]]) -> Bool {
    isAnchored ? matches(path, from: 0) : path.indices.contains { matches(path, from: $0) }
  }

  /// Whether something below a directory can fit, as far as the parts before the first `**` say.
  func mayMatch(below path: [[UInt8]]) -> Bool {
    guard isAnchored else { return true }
    for (part, name) in zip(parts, path) {
      guard case .glob(let glob) = part else { return true }
      guard glob.matches(name) else { return false }
    }
    return true
  }

  private func matches(_ path: [[UInt8]], from start: Int) -> Bool {
    // The places behind what the parts so far have taken. The path's root counts as a component,
    // the pattern's only if it is written.
    let spare = path.count + 1 - (parts.count + (isAnchored ? 1 : 0))
    var places = [start]
    var depthCount = 0
    var fixedCount = 0
    for part in parts {
      switch part {
      case .glob(let glob):
        fixedCount += 1
        places = places.compactMap { place in
          place < path.count && glob.matches(path[place]) ? place + 1 : nil
        }
      case .anyDepth:
        depthCount += 1
        guard let first = places.first else { return false }
        let last = min(path.count, start + fixedCount + spare + depthCount)
        places = first <= last ? Array(first...last) : []
      }
    }
    let isEmpty = fixedCount == 0 && !isAnchored
    return places.contains { !isEmpty || $0 > start }
  }

  /// The components of a cleaned path: no empty ones, no `.`, `..` resolved where it can be.
  private static func components(
    of path: ArraySlice<UInt8>, isAnchored: Bool
  ) -> [ArraySlice<UInt8>] {
    var components: [ArraySlice<UInt8>] = []
    let up = Array("..".utf8)[...]
    for component in path.split(separator: UInt8(ascii: "/")) {
      if component.elementsEqual(".".utf8) { continue }
      if !component.elementsEqual(up) {
        components.append(component)
      } else if let last = components.last, !last.elementsEqual(up) {
        components.removeLast()
      } else if !isAnchored {
        components.append(component)
      }
    }
    if components.isEmpty && !isAnchored { components = [Array(".".utf8)[...]] }
    return components
  }
}
