// A length of time as people plan with it. Months and years follow the calendar, so a span is kept in
// its parts and never turned into seconds.

package import Platform

/// A length of calendar time.
public struct CalendarSpan: Hashable, Sendable {
  /// Whole years.
  public var years: Int
  /// Months beside the years.
  public var months: Int
  /// Days beside the months.
  public var days: Int
  /// Hours beside the days.
  public var hours: Int

  /// A span; none of its parts is negative.
  public init(years: Int = 0, months: Int = 0, days: Int = 0, hours: Int = 0) {
    self.years = years
    self.months = months
    self.days = days
    self.hours = hours
  }

  /// Whether it is no time at all.
  public var isZero: Bool { self == CalendarSpan() }

  /// The moment so long before another: years, months and days on the calendar of the zone, where
  /// days that a month does not have go on into the next (a month before 31 March is 3 March), then
  /// hours.
  package func before(_ moment: Timestamp, in zone: TimeZone) -> Timestamp {
    var fields = zone.civilTime(moment)
    fields.year -= years
    fields.month -= months
    fields.day -= days
    var earlier = zone.moment(fields)
    earlier.seconds -= Int64(hours) * 3600
    return earlier
  }

  /// The moment so long after another, on the same terms.
  package func after(_ moment: Timestamp, in zone: TimeZone) -> Timestamp {
    CalendarSpan(years: -years, months: -months, days: -days, hours: -hours)
      .before(moment, in: zone)
  }
}

extension CalendarSpan: CustomStringConvertible {
  /// As restic writes it: `1y5m7d2h`, without parts that are zero.
  public var description: String {
    [(years, "y"), (months, "m"), (days, "d"), (hours, "h")]
      .filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
  }
}
