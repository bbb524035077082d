// Spans of `--keep-within` and its like, as restic writes them: `1y5m7d2h`. Months and years follow
// the calendar, so a span is kept in its parts and never turned into seconds here.

/// A length of calendar time.
struct CalendarSpan: Parsable, Equatable, Sendable {
  var years = 0
  var months = 0
  var days = 0
  var hours = 0

  init(years: Int = 0, months: Int = 0, days: Int = 0, hours: Int = 0) {
    self.years = years
    self.months = months
    self.days = days
    self.hours = hours
  }

  init(parsing text: String) throws(Malformed) {
    var rest = text[...]
    guard !rest.isEmpty else { throw Self.malformed }
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      guard let number = Int(digits: digits), number <= Self.limit else { throw Self.malformed }
      rest = rest[digits.endIndex...]
      guard let unit = rest.popFirst() else { throw Self.malformed }
      try add(number, of: unit)
    }
  }

  var isZero: Bool { self == CalendarSpan() }

  private static let limit = 1_000_000
  private static let malformed = Malformed("must be a span such as 1y5m7d2h (y, m, d, h)")

  private mutating func add(_ number: Int, of unit: Character) throws(Malformed) {
    switch unit {
    case "y": years += number
    case "m": months += number
    case "d": days += number
    case "h": hours += number
    default: throw Self.malformed
    }
  }
}

/// How many snapshots a `--keep-…` rule keeps.
enum KeepCount: Parsable, Equatable, Sendable {
  case atMost(Int)
  case unlimited

  init(parsing text: String) throws(Malformed) {
    if text == "unlimited" || text == "-1" {
      self = .unlimited
    } else if let number = Int(digits: text) {
      self = .atMost(number)
    } else {
      throw Malformed("must be a whole number or 'unlimited'")
    }
  }
}
