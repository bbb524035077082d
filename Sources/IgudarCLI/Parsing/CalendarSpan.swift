// Spans of `--keep-within` and its like, as restic writes them: `1y5m7d2h`; and counts of `--keep-last`
// and its like.

import Igudar

extension CalendarSpan: Parsable {
  init(parsing text: String) throws(Malformed) {
    self.init()
    var rest = text[...]
    guard !rest.isEmpty else { throw Self.malformed }
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      guard let number = Int(digits: digits), number <= Self.limit else { throw Self.malformed }
      rest = rest[digits.endIndex...]
      guard let unit = rest.popFirst() else { throw Self.malformed }
      try add(number, of: unit)
    }
    guard [years, months, days, hours].allSatisfy({ $0 <= Self.limit }) else {
      throw Self.malformed
    }
  }

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

extension KeepCount: Parsable {
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
