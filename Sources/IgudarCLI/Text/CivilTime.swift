// The local view of a moment, as the machine's time zone has it, and the text of dates and times:
// as listings show them, and RFC 3339.

import Platform

extension TimeZone {
  /// The zone of this process, for what people read and write; UTC where nothing names one that can be
  /// read.
  static let local = (try? TimeZone.system()) ?? .utc
}

extension CivilTime {
  /// The moment as the local time zone shows it.
  init(local moment: Timestamp) { self = TimeZone.local.civilTime(moment) }

  /// The moment when local clocks show these fields; the offset is ignored.
  var localMoment: Timestamp { TimeZone.local.moment(self) }
}

extension CivilTime: CustomStringConvertible {
  /// As listings show it: `2026-01-02 15:04:05`.
  package var description: String {
    var text = DigitText()
    add(to: &text, separator: UInt8(ascii: " "))
    return text.string
  }

  /// RFC 3339 as restic's JSON has it: nanoseconds without trailing zeros, `Z` for UTC.
  var rfc3339: String {
    var text = DigitText()
    add(to: &text, separator: UInt8(ascii: "T"))
    if nanosecond > 0 {
      text.add(UInt8(ascii: "."))
      text.add(Int(nanosecond), 9)
      text.removeTrailingZeros()
    }
    addZone(to: &text)
    return text.string
  }

  private func add(to text: inout DigitText, separator: UInt8) {
    text.add(year, 4)
    for (mark, number) in [
      (UInt8(ascii: "-"), month), (UInt8(ascii: "-"), day), (separator, hour),
      (UInt8(ascii: ":"), minute), (UInt8(ascii: ":"), second),
    ] {
      text.add(mark)
      text.add(number, 2)
    }
  }

  private func addZone(to text: inout DigitText) {
    guard offset != 0 else { return text.add(UInt8(ascii: "Z")) }
    let minutes = abs(offset) / 60
    text.add(offset < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
    text.add(minutes / 60, 2)
    text.add(UInt8(ascii: ":"))
    text.add(minutes % 60, 2)
  }
}

/// Numbers of fixed width as text: listings print three times for each of a million files.
private struct DigitText {
  private var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(36) }

  mutating func add(_ mark: UInt8) { bytes.append(mark) }

  /// Adds a number with zeros in front up to `width` digits.
  mutating func add(_ number: Int, _ width: Int) {
    var limit = 1
    for _ in 0..<width { limit *= 10 }
    guard number >= 0, number < limit else {
      bytes.append(contentsOf: padded(number, to: width).utf8)
      return
    }
    while limit > 1 {
      limit /= 10
      bytes.append(UInt8(ascii: "0") + UInt8(number / limit % 10))
    }
  }

  mutating func removeTrailingZeros() {
    while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
  }

  var string: String { String(decoding: bytes, as: UTF8.self) }
}

/// The number with zeros in front up to `width` digits.
func padded(_ number: Int, to width: Int = 2) -> String {
  let digits = String(number)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Timestamp {
  /// The moment in local time, RFC 3339, as restic's JSON has it.
  var rfc3339: String { CivilTime(local: self).rfc3339 }

  /// The moment as clocks showed it where it was recorded.
  func rfc3339(minutesEast minutes: Int) -> String {
    CivilTime(self, offset: minutes * 60).rfc3339
  }
}
