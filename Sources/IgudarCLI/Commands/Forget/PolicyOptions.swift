// The options that make a retention policy, with restic's names and letters.

import Igudar
import Platform
import Vault

/// `--keep-…`.
enum PolicyOptions {
  private static let last = count("keep-last", "l", "the newest N snapshots")
  private static let hourly = count("keep-hourly", "H", "the newest of each of N hours")
  private static let daily = count("keep-daily", "d", "the newest of each of N days")
  private static let weekly = count("keep-weekly", "w", "the newest of each of N weeks")
  private static let monthly = count("keep-monthly", "m", "the newest of each of N months")
  private static let quarterly = count(
    "keep-quarterly", nil, "the newest of each of N quarters of a year")
  private static let halfYearly = count(
    "keep-half-yearly", nil, "the newest of each of N halves of a year")
  private static let yearly = count("keep-yearly", "y", "the newest of each of N years")

  private static let within = Option(
    "keep-within", takes: "SPAN", help: "keep all in this time before the newest, such as 1y5m7d2h")
  private static let withinHourly = span("keep-within-hourly", "hour")
  private static let withinDaily = span("keep-within-daily", "day")
  private static let withinWeekly = span("keep-within-weekly", "week")
  private static let withinMonthly = span("keep-within-monthly", "month")
  private static let withinQuarterly = span("keep-within-quarterly", "quarter of a year")
  private static let withinHalfYearly = span("keep-within-half-yearly", "half of a year")
  private static let withinYearly = span("keep-within-yearly", "year")

  private static let tag = Option(
    "keep-tag", takes: "TAG[,TAG]", repeatable: true, help: "keep snapshots with all these tags")
  static let id = Option(
    "keep-id", takes: "SNAPSHOT", repeatable: true, help: "keep this snapshot in any case")

  private static let counts: [(RetentionPeriod, Option)] = [
    (.last, last), (.hourly, hourly), (.daily, daily), (.weekly, weekly), (.monthly, monthly),
    (.quarterly, quarterly), (.halfYearly, halfYearly), (.yearly, yearly),
  ]
  private static let windows: [(RetentionPeriod, Option)] = [
    (.hourly, withinHourly), (.daily, withinDaily), (.weekly, withinWeekly),
    (.monthly, withinMonthly), (.quarterly, withinQuarterly), (.halfYearly, withinHalfYearly),
    (.yearly, withinYearly),
  ]

  static let options = counts.map(\.1) + [within] + windows.map(\.1) + [tag, id]

  private static func count(_ name: StaticString, _ letter: Character?, _ what: String) -> Option {
    Option(name, letter, takes: "N", help: "keep \(what) (or 'unlimited')")
  }

  private static func span(_ name: StaticString, _ period: String) -> Option {
    Option(
      name, takes: "SPAN", help: "keep the newest of each \(period) in this time before the newest")
  }

  /// The policy without the snapshots of `--keep-id`, which only the repository knows.
  static func policy(_ given: OptionValues) throws(Failure) -> RetentionPolicy {
    var policy = RetentionPolicy()
    for (period, option) in counts {
      policy.counts[period] = try given.value(option, as: KeepCount.self)
    }
    policy.within = try given.value(within, as: CalendarSpan.self) ?? CalendarSpan()
    for (period, option) in windows {
      policy.withinByPeriod[period] = try given.value(option, as: CalendarSpan.self)
    }
    policy.tagLists = try given.values(tag, as: TagList.self).map(\.bytes)
    return policy
  }
}
