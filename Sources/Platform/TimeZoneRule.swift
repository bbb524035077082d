// The rule of a time zone as POSIX writes it in `TZ`, with the extensions of RFC 9636: a standard
// offset, and from when to when in each year clocks are ahead of it. `CET-1CEST,M3.5.0,M10.5.0/3`.

/// When clocks change in every year.
struct TimeZoneRule: Hashable, Sendable {
  /// Seconds ahead of UTC in standard time.
  let standardOffset: Int
  private var summer: Summer?

  private struct Summer: Hashable {
    let offset: Int
    let start: Change
    let end: Change
  }

  private struct Change: Hashable {
    enum Day: Hashable {
      /// 1 to 365; the 29th of February is never counted.
      case withoutLeapDay(Int)
      /// 0 to 365.
      case ofYear(Int)
      case ofWeek(month: Int, week: Int, weekday: Int)
    }

    let day: Day
    /// Seconds after midnight on the clocks before the change.
    let time: Int
  }

  /// Nil for what is no such rule.
  init?(parsing text: String) {
    var reader = RuleReader(text)
    guard reader.name(), let west = reader.time(hours: 24) else { return nil }
    standardOffset = -west
    if reader.isAtEnd { return }
    guard reader.name() else { return nil }
    var offset = standardOffset + 3600
    if !reader.isAtEnd, !reader.isAtComma {
      guard let west = reader.time(hours: 24) else { return nil }
      offset = -west
    }
    if reader.isAtEnd {
      // What the C library takes where nothing is said.
      summer = Summer(
        offset: offset,
        start: Change(day: .ofWeek(month: 3, week: 2, weekday: 0), time: 7200),
        end: Change(day: .ofWeek(month: 11, week: 1, weekday: 0), time: 7200))
      return
    }
    guard let start = Self.change(&reader), let end = Self.change(&reader), reader.isAtEnd else {
      return nil
    }
    summer = Summer(offset: offset, start: start, end: end)
  }

  private static func change(_ reader: inout RuleReader) -> Change? {
    guard reader.take(","), let day = day(&reader) else { return nil }
    guard reader.take("/") else { return Change(day: day, time: 7200) }
    guard let time = reader.time(hours: 167) else { return nil }
    return Change(day: day, time: time)
  }

  private static func day(_ reader: inout RuleReader) -> Change.Day? {
    if reader.take("J") { return reader.number(1...365).map { .withoutLeapDay($0) } }
    guard reader.take("M") else { return reader.number(0...365).map { .ofYear($0) } }
    guard let month = reader.number(1...12), reader.take("."), let week = reader.number(1...5),
      reader.take("."), let weekday = reader.number(0...6)
    else { return nil }
    return .ofWeek(month: month, week: week, weekday: weekday)
  }

  /// Seconds by which clocks are ahead of UTC at a moment.
  func offset(at seconds: Int64) -> Int {
    guard let summer else { return standardOffset }
    let year = CivilTime(Timestamp(seconds: seconds), offset: standardOffset).year
    let start = Self.moment(of: summer.start, in: year) - Int64(standardOffset)
    let end = Self.moment(of: summer.end, in: year) - Int64(summer.offset)
    let isSummer =
      start < end
      ? start <= seconds && seconds < end : !(end <= seconds && seconds < start)
    return isSummer ? summer.offset : standardOffset
  }

  // In seconds since 1970 on the clocks before the change.
  private static func moment(of change: Change, in year: Int) -> Int64 {
    midnight(of: change.day, in: year) + Int64(change.time)
  }

  private static func midnight(of day: Change.Day, in year: Int) -> Int64 {
    let newYear = CivilTime(year: year, month: 1, day: 1)
    switch day {
    case .ofYear(let number):
      return newYear.moment.seconds + Int64(number) * 86400
    case .withoutLeapDay(let number):
      let march = CivilTime(year: year, month: 3, day: 1).moment.seconds
      let place = newYear.moment.seconds + Int64(number - 1) * 86400
      let isLeap = march - newYear.moment.seconds == 60 * 86400
      return isLeap && number > 59 ? place + 86400 : place
    case .ofWeek(let month, let week, let weekday):
      let first = CivilTime(year: year, month: month, day: 1).moment.seconds / 86400
      let next = CivilTime(year: year, month: month + 1, day: 1).moment.seconds / 86400
      // 1970 began on a Thursday; Sunday is 0.
      let firstWeekday = ((first + 4) % 7 + 7) % 7
      var place = first + (Int64(weekday) - firstWeekday + 7) % 7 + Int64(week - 1) * 7
      while place >= next { place -= 7 }
      return place * 86400
    }
  }
}

/// Reads the parts of a rule.
private struct RuleReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }
  var isAtComma: Bool { rest.first == UInt8(ascii: ",") }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard let byte = rest.first, byte == UInt8(ascii: scalar) else { return false }
    rest.removeFirst()
    return true
  }

  /// Passes over the abbreviation of a zone: three letters or more, or anything in brackets.
  mutating func name() -> Bool {
    if take("<") {
      rest = rest.drop { $0 != UInt8(ascii: ">") }
      return take(">")
    }
    let letters = rest.prefix { (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) }
    rest = rest.dropFirst(letters.count)
    return letters.count >= 3
  }

  /// `[+-]h[h[h]][:mm[:ss]]` in seconds.
  mutating func time(hours limit: Int) -> Int? {
    let isNegative = take("-")
    if !isNegative { _ = take("+") }
    guard var seconds = number(0...limit).map({ $0 * 3600 }) else { return nil }
    for unit in [60, 1] where take(":") {
      guard let part = number(0...59) else { return nil }
      seconds += part * unit
    }
    return isNegative ? -seconds : seconds
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int? {
    let digits = rest.prefix { (0x30...0x39).contains($0) }
    guard 1...4 ~= digits.count, let number = Int(String(decoding: digits, as: UTF8.self)),
      range.contains(number)
    else { return nil }
    rest = rest.dropFirst(digits.count)
    return number
  }
}
