// Sizes on the command line: 1024-based as in restic (`500k`, `1M`, `2GiB`, `100`). `MB` is refused
// because half of the readers take it for a million.

/// A number of bytes.
struct ByteSize: Parsable, Equatable, Sendable {
  let bytes: UInt64

  init(parsing text: String) throws(Malformed) {
    let digits = text.prefix { ("0"..."9").contains($0) }
    let unit = text[digits.endIndex...].lowercased()
    guard !digits.isEmpty else { throw Malformed("is not a size such as 500k, 1M or 2GiB") }
    if unit.hasPrefix(".") || unit.hasPrefix(",") {
      throw Malformed("has a point or a comma; write a whole number, as 1536k for 1.5M")
    }
    guard let shift = Self.shifts[unit] else { throw Self.wrongUnit(unit) }
    guard let number = UInt64(digits, radix: 10), number <= UInt64(Int64.max) >> shift else {
      throw Malformed("is too large")
    }
    bytes = number << shift
  }

  private static let shifts: [String: UInt64] = [
    "": 0, "b": 0, "k": 10, "kib": 10, "m": 20, "mib": 20, "g": 30, "gib": 30, "t": 40, "tib": 40,
  ]

  private static func wrongUnit(_ unit: String) -> Malformed {
    let ambiguous = ["kb", "mb", "gb", "tb"].contains(unit)
    guard ambiguous, let letter = unit.first?.uppercased() else {
      return Malformed("has an unknown unit; use k, M, G or T (1024-based)")
    }
    return Malformed("is ambiguous; write \(letter) or \(letter)iB for the 1024-based unit")
  }
}
