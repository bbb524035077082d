// `--time`: `now`, RFC 3339, or restic's `2006-01-02 15:04:05` in local time.

import Platform

/// A moment given on the command line.
enum PointInTime: Parsable, Equatable, Sendable {
  case now
  case moment(Timestamp)

  init(parsing text: String) throws(Malformed) {
    if text == "now" {
      self = .now
      return
    }
    var reader = DigitReader(text)
    guard let (time, isLocal) = reader.time(), time.isValid else {
      throw Malformed(
        "is not a time; use now, 2006-01-02, '2006-01-02 15:04:05' (local) or "
          + "2006-01-02T15:04:05+02:00")
    }
    self = .moment(isLocal ? time.localMoment : time.moment)
  }

  /// The moment meant, with `now` being this very moment.
  var timestamp: Timestamp {
    switch self {
    case .now: Timestamp.now()
    case .moment(let moment): moment
    }
  }
}

private struct DigitReader {
  private var rest: Substring.UTF8View

  init(_ text: String) {
    rest = text[...].utf8
  }

  /// Fields, and whether they are local time; nil when the text is anything else.
  mutating func time() -> (CivilTime, isLocal: Bool)? {
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2)
    else { return nil }
    var time = CivilTime(year: year, month: month, day: day)
    if rest.isEmpty { return (time, true) }
    let isStrict = take("T") || take("t")
    guard isStrict || take(" ") else { return nil }
    guard let hour = number(2), take(":"), let minute = number(2), take(":"),
      let second = number(2), let nanosecond = fraction()
    else { return nil }
    (time.hour, time.minute, time.second) = (hour, minute, second)
    time.nanosecond = nanosecond
    if rest.isEmpty { return (time, true) }
    guard let offset = offset(), rest.isEmpty else { return nil }
    time.offset = offset
    return (time, false)
  }

  private mutating func offset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let isWest = take("-")
    guard isWest || take("+"), let hours = number(2), take(":"), let minutes = number(2),
      minutes < 60
    else { return nil }
    return (hours * 3600 + minutes * 60) * (isWest ? -1 : 1)
  }

  private mutating func fraction() -> UInt32? {
    guard take(".") else { return 0 }
    var value: UInt32 = 0
    var count = 0
    while let digit = digit() {
      if count < 9 { value = value * 10 + UInt32(digit) }
      count += 1
    }
    guard count > 0 else { return nil }
    for _ in min(count, 9)..<9 { value *= 10 }
    return value
  }

  private mutating func number(_ count: Int) -> Int? {
    var value = 0
    for _ in 0..<count {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  private mutating func digit() -> Int? {
    guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
    rest.removeFirst()
    return Int(byte) - 0x30
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard let byte = rest.first, byte == UInt8(ascii: scalar) else { return false }
    rest.removeFirst()
    return true
  }
}
