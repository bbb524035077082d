// The periods of which a policy keeps one snapshot each, and in which of them a moment lies.

import Platform

/// A kind of period.
public enum RetentionPeriod: String, CaseIterable, Sendable {
  /// No period at all: every snapshot counts.
  case last
  /// Hours.
  case hourly
  /// Days.
  case daily
  /// Weeks of ISO 8601.
  case weekly
  /// Months.
  case monthly
  /// Quarters of a year.
  case quarterly
  /// Halves of a year.
  case halfYearly = "half-yearly"
  /// Years.
  case yearly

  /// A number that all moments of one period share, and those of the periods beside it do not.
  func bucket(of time: CivilTime, index: Int) -> Int {
    switch self {
    case .last: index
    case .hourly: Self.daily.bucket(of: time, index: index) * 100 + time.hour
    case .daily: Self.monthly.bucket(of: time, index: index) * 100 + time.day
    case .weekly: time.isoWeek.year * 100 + time.isoWeek.week
    case .monthly: time.year * 100 + time.month
    case .quarterly: time.year * 10 + (time.month - 1) / 3
    case .halfYearly: time.year * 10 + (time.month - 1) / 6
    case .yearly: time.year
    }
  }
}

/// How many snapshots a rule keeps.
public enum KeepCount: Hashable, Sendable {
  /// So many at most.
  case atMost(Int)
  /// All that the rule finds.
  case unlimited

  /// Whether the rule keeps nothing.
  public var isZero: Bool { self == .atMost(0) }
}
