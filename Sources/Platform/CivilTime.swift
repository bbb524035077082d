// A date and a time of day with its offset from UTC: how clocks and calendars show a moment. The
// calendar is the proleptic Gregorian one; leap seconds do not exist.

/// Calendar fields of a moment.
package struct CivilTime: Hashable, Sendable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour: Int
  package var minute: Int
  package var second: Int
  package var nanosecond: UInt32 = 0
  /// Seconds east of UTC.
  package var offset = 0

  package init(
    year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0,
    nanosecond: UInt32 = 0, offset: Int = 0
  ) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
    self.nanosecond = nanosecond
    self.offset = offset
  }

  /// The moment as clocks show it that are so many seconds ahead of UTC; where nobody could count the
  /// days, at the ends of what an integer holds, another one near it.
  package init(_ moment: Timestamp, offset: Int) {
    let limit = Int.max - 1 << 41
    let seconds = min(max(Int(moment.seconds), -limit), limit) + offset
    let isBefore = seconds % 86400 < 0
    let second = seconds % 86400 + (isBefore ? 86400 : 0)
    let (year, month, day) = Self.date(seconds / 86400 - (isBefore ? 1 : 0))
    self.init(
      year: year, month: month, day: day, hour: second / 3600, minute: second / 60 % 60,
      second: second % 60, nanosecond: moment.nanoseconds, offset: offset)
  }

  /// The moment, taking the fields and the offset as they are; months and days beyond the calendar
  /// go on into the next year and month, and negative ones back.
  package var moment: Timestamp {
    let seconds = daysSinceEpoch * 86400 + hour * 3600 + minute * 60 + second - offset
    return Timestamp(seconds: Int64(seconds), nanoseconds: nanosecond)
  }

  /// False for the 30th of February and its like.
  package var isValid: Bool {
    (1...9999).contains(year) && (1...12).contains(month) && (1...daysInMonth).contains(day)
      && (0...23).contains(hour) && (0...59).contains(minute) && (0...59).contains(second)
      && nanosecond < 1_000_000_000 && abs(offset) < 86400
  }

  /// The year and the number of the week of ISO 8601: weeks begin on Monday and belong to the year
  /// of their Thursday.
  package var isoWeek: (year: Int, week: Int) {
    let days = daysSinceEpoch
    let thursday = days - Self.weekday(days) + 3
    let year = CivilTime(Timestamp(seconds: Int64(thursday * 86400)), offset: 0).year
    return (year, (thursday - CivilTime(year: year, month: 1, day: 1).daysSinceEpoch) / 7 + 1)
  }

  // From 0 for Monday; 1970 began on a Thursday.
  private static func weekday(_ days: Int) -> Int { ((days + 3) % 7 + 7) % 7 }

  private var isLeapYear: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private var daysInMonth: Int {
    month == 2 && isLeapYear ? 29 : [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
  }

  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days. The C library
  // reads the file that TZ names for that, whatever it is.
  private static func date(_ daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
    let days = daysSinceEpoch + 719468
    let era = (days >= 0 ? days : days - 146096) / 146097
    let dayOfEra = days - era * 146097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch + (monthFromMarch < 10 ? 3 : -9)
    let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
  private var daysSinceEpoch: Int {
    let monthsAfterJanuary = month - 1
    let yearsOver =
      monthsAfterJanuary >= 0 ? monthsAfterJanuary / 12 : (monthsAfterJanuary - 11) / 12
    let month = monthsAfterJanuary - yearsOver * 12 + 1
    let shifted = year + yearsOver - (month <= 2 ? 1 : 0)
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468
  }
}
