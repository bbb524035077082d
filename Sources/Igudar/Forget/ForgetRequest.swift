// What `forget` is asked to do: by a policy, or by name; and the limits that it must not pass.

public import Platform
public import Vault

/// What is to be forgotten.
public struct ForgetRequest: Sendable {
  /// How snapshots are chosen.
  public enum Choice: Sendable {
    /// Those that a policy does not keep, group by group.
    case policy(RetentionPolicy, SnapshotGrouping)
    /// These, whatever any policy says.
    case named([SnapshotID])
  }

  /// How snapshots are chosen.
  public var choice: Choice
  /// Which snapshots a policy looks at.
  public var filter = SnapshotFilter()
  /// The zone in which days and other periods begin.
  public var zone = TimeZone.utc
  /// Whether a policy may leave nothing of a group.
  public var mayEmptyGroups = false
  /// How much may be forgotten; nil for any number.
  public var limit: RemovalLimit?
  /// The moment that counts as now.
  public var now = Timestamp.now()

  /// A request.
  public init(_ choice: Choice) { self.choice = choice }
}

/// How much one run of `forget` may forget.
public enum RemovalLimit: Hashable, Sendable {
  /// So many snapshots.
  case count(Int)
  /// Such a part of the snapshots looked at, in percent.
  case percentage(Double)

  /// Whether removing so many of all passes the limit.
  func isPassed(byRemoving count: Int, of total: Int) -> Bool {
    switch self {
    case .count(let most): count > most
    case .percentage(let share): Double(count) * 100 > share * Double(total)
    }
  }
}

extension RemovalLimit: CustomStringConvertible {
  /// As it is typed: `5`, `10%`.
  public var description: String {
    switch self {
    case .count(let count): "\(count)"
    case .percentage(let share):
      share == share.rounded() ? "\(Int(share))%" : "\(share)%"
    }
  }
}
