// A file of the zoneinfo database, version 1 to 4 (RFC 9636): transitions with their offsets, and the
// rule that holds after the last. Everything is checked before it is used.

/// The content of a compiled zoneinfo file.
struct ZoneInformation {
  private(set) var transitions: [Int64] = []
  private(set) var offsets: [Int] = []
  private(set) var firstOffset = 0
  private(set) var rule: TimeZoneRule?

  /// Nil if the bytes are no such file, or count leap seconds.
  init?(_ bytes: [UInt8]) {
    guard let first = Header(bytes, at: 0) else { return nil }
    guard first.version >= 0x32 else {
      guard read(bytes, first, timeSize: 4) != nil else { return nil }
      return
    }
    // Newer files begin with data for readers of version 1.
    guard let header = Header(bytes, at: first.end(timeSize: 4)),
      let end = read(bytes, header, timeSize: 8)
    else { return nil }
    guard end < bytes.count, bytes[end] == 0x0a, bytes.last == 0x0a, end + 1 < bytes.count else {
      return nil
    }
    let text = String(decoding: bytes[(end + 1)..<(bytes.count - 1)], as: UTF8.self)
    guard !text.isEmpty else { return }
    guard let rule = TimeZoneRule(parsing: text) else { return nil }
    self.rule = rule
  }

  // Answers where the data ends; nil if something is wrong.
  private mutating func read(_ bytes: [UInt8], _ header: Header, timeSize: Int) -> Int? {
    let end = header.end(timeSize: timeSize)
    guard end <= bytes.count, header.leapCount == 0, header.typeCount > 0 else { return nil }
    let numbers = header.start + header.timeCount * timeSize
    let types = numbers + header.timeCount
    func offset(_ type: Int) -> Int? {
      guard type < header.typeCount else { return nil }
      let seconds = number(bytes, at: types + type * 6, size: 4)
      return abs(seconds) < 26 * 3600 ? Int(seconds) : nil
    }
    guard let first = offset(0) else { return nil }
    firstOffset = first
    for index in 0..<header.timeCount {
      let time = number(bytes, at: header.start + index * timeSize, size: timeSize)
      guard let offset = offset(Int(bytes[numbers + index])),
        transitions.last.map({ $0 < time }) ?? true
      else { return nil }
      transitions.append(time)
      offsets.append(offset)
    }
    return end
  }

  private struct Header {
    let version: UInt8
    let start: Int
    let timeCount: Int
    let typeCount: Int
    let leapCount: Int
    private let characterCount: Int
    private let indicatorCount: Int

    static let size = 44

    init?(_ bytes: [UInt8], at place: Int) {
      guard place >= 0, bytes.count >= place + Self.size,
        bytes[place..<place + 4].elementsEqual("TZif".utf8)
      else { return nil }
      version = bytes[place + 4]
      var counts: [Int] = []
      for index in 0..<6 {
        let count = Int(number(bytes, at: place + 20 + index * 4, size: 4))
        guard 0...bytes.count ~= count else { return nil }
        counts.append(count)
      }
      indicatorCount = counts[0] + counts[1]
      leapCount = counts[2]
      timeCount = counts[3]
      typeCount = counts[4]
      characterCount = counts[5]
      start = place + Self.size
    }

    func end(timeSize: Int) -> Int {
      start + timeCount * (timeSize + 1) + typeCount * 6 + characterCount
        + leapCount * (timeSize + 4) + indicatorCount
    }
  }
}

// A signed number, big-endian; the place was checked.
private func number(_ bytes: [UInt8], at place: Int, size: Int) -> Int64 {
  var value = Int64(Int8(bitPattern: bytes[place]))
  for byte in bytes[(place + 1)..<(place + size)] { value = value << 8 | Int64(byte) }
  return value
}
