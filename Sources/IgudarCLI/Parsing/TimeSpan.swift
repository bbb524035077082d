// Spans of clock time on the command line: `90s`, `30m`, `2h`, `1d12h`, and `0`.

/// A number of seconds.
struct TimeSpan: Parsable, Equatable, Sendable {
  let seconds: Int64

  init(seconds: Int64) { self.seconds = seconds }

  init(parsing text: String) throws(Malformed) {
    guard text != "0" else {
      seconds = 0
      return
    }
    var sum: Int64 = 0
    var rest = text[...]
    guard !rest.isEmpty else { throw Self.malformed }
    while !rest.isEmpty {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      rest = rest[digits.endIndex...]
      guard let number = Int64(digits, radix: 10), number <= Self.limit,
        let unit = rest.popFirst().flatMap({ Self.units[$0] })
      else { throw Self.malformed }
      sum += number * unit
    }
    seconds = sum
  }

  private static let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
  private static let limit: Int64 = 1_000_000_000
  private static let malformed = Malformed("must be a span such as 90s, 30m, 2h or 1d12h, or 0")
}

extension TimeSpan: CustomStringConvertible {
  var description: String {
    var parts: [String] = []
    var rest = seconds
    for (size, unit) in [(Int64(86_400), "d"), (3600, "h"), (60, "m"), (1, "s")] where rest >= size
    {
      parts.append("\(rest / size)\(unit)")
      rest %= size
    }
    return parts.isEmpty ? "0" : parts.joined()
  }
}
