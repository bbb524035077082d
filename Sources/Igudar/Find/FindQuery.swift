// What a search looks for: patterns of paths, and what entries must be like beside.

public import Platform

/// What entries must be like to be found; what is not said does not matter.
public struct FindQuery: Sendable {
  /// Patterns that must choose the path.
  public var patterns: PatternSet?
  /// Types of which it must be one.
  public var types: Set<EntryType> = []
  /// Files only, of at least this many bytes.
  public var leastSize: UInt64?
  /// Files only, of at most this many bytes.
  public var mostSize: UInt64?
  /// Not changed before this time.
  public var oldest: Timestamp?
  /// Not changed after this time.
  public var newest: Timestamp?

  /// Everything.
  public init() {}

  /// Whether everything is found.
  public var isEmpty: Bool {
    patterns == nil && types.isEmpty && leastSize == nil && mostSize == nil && oldest == nil
      && newest == nil
  }

  /// Whether an entry is like this, its path aside.
  func matches(_ entry: borrowing EntryView) -> Bool {
    guard types.isEmpty || types.contains(entry.type) else { return false }
    if leastSize != nil || mostSize != nil {
      guard entry.type == .file, entry.size >= leastSize ?? 0, entry.size <= mostSize ?? .max
      else { return false }
    }
    if let oldest, entry.mtime < oldest { return false }
    if let newest, entry.mtime > newest { return false }
    return true
  }
}
