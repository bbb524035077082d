// How people name a snapshot: its ID, a unique beginning of it, `latest`, `latest~N`, each with
// `:path` behind it where a command works on a part of the tree.

public import Platform
public import Vault

/// The name of a snapshot as it was typed.
public struct SnapshotSelector: Hashable, Sendable {
  /// What names the snapshot.
  public enum Base: Hashable, Sendable {
    /// The newest of those chosen by the filters, or the N-th before it.
    case latest(back: Int)
    /// The first hex digits of the ID, lower case; 64 are the whole.
    case prefix(String)
  }

  /// What names the snapshot.
  public let base: Base
  /// The part of the tree, from the root down; nil for all of it.
  public let path: [FileName]?
  /// What was typed.
  public let text: String

  /// Reads a selector.
  public init(parsing bytes: [UInt8]) throws(SelectorError) {
    text = printable(bytes)
    let parts = bytes.split(separator: 0x3a, maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = Self.base(String(decoding: parts[0], as: UTF8.self)) else {
      throw .malformed(text)
    }
    self.base = base
    guard parts.count > 1, !parts[1].isEmpty else {
      path = nil
      return
    }
    guard let path = Self.names(of: parts[1]) else { throw .malformed(text) }
    self.path = path
  }

  /// The snapshot that is meant, which can be forgotten only if it is named by its ID.
  ///
  /// `latest` obeys the filter and passes over partial and forgotten snapshots; an ID obeys
  /// neither. Forgotten snapshots are found by ID only if `forgotten` says so.
  public func resolve(
    among snapshots: some Sequence<SnapshotInfo>, filter: SnapshotFilter = SnapshotFilter(),
    forgotten: Bool = false
  ) throws(SelectorError) -> SnapshotInfo {
    switch base {
    case .latest(let back):
      let matching = snapshots.filter { !$0.isForgotten && filter.matches($0) }
      let chosen = matching.filter { !$0.isPartial }
      guard back < chosen.count else {
        if chosen.isEmpty, let newest = matching.sortedByTime().last {
          throw .partial(text, filter, newest.id)
        }
        throw .notFound(text, filter)
      }
      return chosen.sortedByTime()[chosen.count - 1 - back]
    case .prefix(let digits):
      let named = snapshots.filter { $0.id.hex.hasPrefix(digits) }
      let found = forgotten ? named : named.filter { !$0.isForgotten }
      guard let first = found.first else {
        throw named.isEmpty ? .notFound(text) : .forgotten(named.map(\.id).sorted())
      }
      guard found.count == 1 else { throw .ambiguous(text, found.map(\.id).sorted()) }
      return first
    }
  }

  private static func base(_ text: String) -> Base? {
    if text == "latest" { return .latest(back: 0) }
    if text.hasPrefix("latest~") {
      let digits = text.dropFirst(7)
      guard !digits.isEmpty, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
      return Int(digits).map { .latest(back: $0) }
    }
    guard 1...64 ~= text.utf8.count, text.utf8.allSatisfy(\.isHexDigit) else { return nil }
    return .prefix(text.lowercased())
  }

  /// The names on the way from the root, without `.` and with `..` taken literally upwards.
  private static func names(of path: ArraySlice<UInt8>) -> [FileName]? {
    var names: [FileName] = []
    for part in path.split(separator: 0x2f) {
      if part == [0x2e] { continue }
      if part == [0x2e, 0x2e] {
        _ = names.popLast()
        continue
      }
      guard let name = FileName(Array(part)) else { return nil }
      names.append(name)
    }
    return names
  }
}

/// Why a selector names no snapshot.
public enum SelectorError: Error, Hashable, Sendable {
  /// It is neither hex digits nor `latest`, or its path cannot be.
  case malformed(String)
  /// No snapshot has this ID, or the filter leaves none.
  case notFound(String, SnapshotFilter = SnapshotFilter())
  /// Those that could be meant are all partial, this one the newest, and have to be named by ID.
  case partial(String, SnapshotFilter, SnapshotID)
  /// The snapshots whose IDs begin like this are forgotten.
  case forgotten([SnapshotID])
  /// Several IDs begin like this.
  case ambiguous(String, [SnapshotID])
}

extension SelectorError: CustomStringConvertible {
  /// What is wrong, with the snapshots that could be meant.
  public var description: String {
    switch self {
    case .malformed(let text): "“\(text)” is neither a snapshot ID nor “latest”"
    case .notFound(let text, let filter):
      "no snapshot “\(text)”\(Self.among(filter))"
    case .partial(let text, let filter, let newest):
      "no whole snapshot “\(text)”\(Self.among(filter)); the newest partial one is "
        + "\(newest.shortHex), by which it can be named"
    case .forgotten(let ids): Self.forgotten(ids.map(\.shortHex))
    case .ambiguous(let text, let ids):
      "“\(text)” could be any of \(ids.map(\.shortHex).joined(separator: ", "))"
    }
  }
}

extension SelectorError {
  private static func among(_ filter: SnapshotFilter) -> String {
    filter.isEmpty ? "" : " among those of \(filter)"
  }

  private static func forgotten(_ ids: [String]) -> String {
    let (noun, verb, pronoun) =
      ids.count == 1 ? ("snapshot", "is", "it") : ("snapshots", "are", "them")
    return "\(noun) \(ids.joined(separator: ", ")) \(verb) forgotten; "
      + "`igudar unforget \(ids.joined(separator: " "))` brings \(pronoun) back"
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    0x30...0x39 ~= self || 0x41...0x46 ~= self || 0x61...0x66 ~= self
  }
}
