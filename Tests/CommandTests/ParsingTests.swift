// What users may write behind a flag, and what is refused.

import Igudar
import Platform
import Testing

@testable import IgudarCLI

@Suite struct ParsingTests {
  @Test(
    arguments: [
      ("0", 0), ("100", 100), ("500k", 512_000), ("1M", 1 << 20), ("2GiB", 2 << 30),
      ("3g", 3 << 30),
      ("1T", 1 << 40), ("7B", 7), ("4kib", 4096),
    ] as [(String, UInt64)])
  func sizes(_ text: String, _ bytes: UInt64) throws {
    #expect(try ByteSize(parsing: text).bytes == bytes)
  }

  @Test(arguments: ["", "M", "-1", "1.5G", "1X", "1MB", "1 M", "99999999999999999999", "9999999T"])
  func badSizes(_ text: String) {
    #expect(throws: Malformed.self) { try ByteSize(parsing: text) }
  }

  @Test(arguments: ["1.5G", "1.0", "1,000k"]) func fractionsAreToldAsSuch(_ text: String) {
    let error = #expect(throws: Malformed.self) { try ByteSize(parsing: text) }
    #expect(error?.reason.contains("a point or a comma") == true)
  }

  @Test(
    arguments: [
      ("1/1", .group(part: 1, whole: 1)), ("3/256", .group(part: 3, whole: 256)),
      ("2.5%", .percentage(2.5)), ("100%", .percentage(100)), ("50M", .size(50 << 20)),
    ] as [(String, DataSubset)])
  func dataSubsets(_ text: String, _ subset: DataSubset) throws {
    #expect(try DataSubset(parsing: text) == subset)
  }

  @Test(arguments: [
    "", "0/5", "6/5", "1/257", "1/", "/5", "1/2/3", "0%", "101%", "%", "-1%", "nan%", "1e1%", "0",
    "abc",
  ])
  func badDataSubsets(_ text: String) {
    #expect(throws: Malformed.self) { try DataSubset(parsing: text) }
  }

  @Test(
    arguments: [
      ("off", .off), ("auto", .auto), ("fastest", .level(1)), ("better", .level(9)),
      ("max", .level(19)), ("1", .level(1)), ("19", .level(19)), ("zstd,7", .level(7)),
      ("zstd", .auto),
    ] as [(String, CompressionChoice)])
  func compressions(_ text: String, _ choice: CompressionChoice) throws {
    #expect(try CompressionChoice(parsing: text) == choice)
  }

  @Test(arguments: ["", "0", "20", "-3", "lz4", "zstd,", "zstd,20", "Max"])
  func badCompressions(_ text: String) {
    #expect(throws: Malformed.self) { try CompressionChoice(parsing: text) }
  }

  @Test(arguments: [
    ("1y5m7d2h", CalendarSpan(years: 1, months: 5, days: 7, hours: 2)),
    ("14d", CalendarSpan(days: 14)), ("5d3h", CalendarSpan(days: 5, hours: 3)),
    ("0h", CalendarSpan()),
  ])
  func spans(_ text: String, _ span: CalendarSpan) throws {
    #expect(try CalendarSpan(parsing: text) == span)
  }

  @Test(arguments: ["", "5", "d", "-1d", "1w", "1.5d", "99999999999999999999d"])
  func badSpans(_ text: String) {
    #expect(throws: Malformed.self) { try CalendarSpan(parsing: text) }
  }

  @Test func keepCounts() throws {
    #expect(try KeepCount(parsing: "7") == .atMost(7))
    #expect(try KeepCount(parsing: "unlimited") == .unlimited)
    #expect(try KeepCount(parsing: "-1") == .unlimited)
    #expect(throws: Malformed.self) { try KeepCount(parsing: "-2") }
  }

  @Test(arguments: [("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ", ["a", "b"]), ("", [])])
  func tags(_ text: String, _ tags: [String]) throws {
    let list = try TagList(parsing: text)
    #expect(list.tags == tags)
    #expect(list.isUntagged == tags.isEmpty)
  }

  @Test(arguments: ["a,,b", ",", "a,", "a\u{1B}b"])
  func badTags(_ text: String) {
    #expect(throws: Malformed.self) { try TagList(parsing: text) }
  }

  @Test(arguments: [
    ("pass show backup", ["pass", "show", "backup"]), ("  a   b ", ["a", "b"]),
    (#"cat "my file" 'it''s'"#, ["cat", "my file", "its"]), (#"a\ b"#, ["a b"]),
    (#"echo "$HOME" *"#, ["echo", "$HOME", "*"]), (#"a "" b"#, ["a", "", "b"]),
    (#"'a\b'"#, [#"a\b"#]),
  ])
  func commandWords(_ text: String, _ words: [String]) throws {
    #expect(try CommandWords(parsing: text).words == words)
  }

  @Test(arguments: ["", "   ", "'open", "\"open", "end\\"])
  func badCommandWords(_ text: String) {
    #expect(throws: Malformed.self) { try CommandWords(parsing: text) }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0, 0), ("2000-02-29T12:00:00Z", 951_825_600, 0),
    ("2026-01-02T15:04:05.123456789+01:30", 1_767_360_845, 123_456_789),
    ("2026-01-02t15:04:05.5-08:00", 1_767_395_045, 500_000_000),
    ("1969-12-31 23:59:59Z", -1, 0), ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
  ])
  func moments(_ text: String, _ seconds: Int64, _ nanoseconds: UInt32) throws {
    let expected = PointInTime.moment(Timestamp(seconds: seconds, nanoseconds: nanoseconds))
    #expect(try PointInTime(parsing: text) == expected)
  }

  @Test func localMomentsReadBackAsTheyWereWritten() throws {
    for text in ["2026-01-02 15:04:05", "2026-07-02 00:00:00", "1999-12-31 23:59:59"] {
      let moment = try PointInTime(parsing: text).timestamp
      #expect(CivilTime(local: moment).description == text)
    }
    #expect(try PointInTime(parsing: "now") == .now)
    #expect(
      try PointInTime(parsing: "2026-03-04") == PointInTime(parsing: "2026-03-04 00:00:00"))
  }

  @Test(arguments: [
    "", "yesterday", "2026-02-30", "2026-13-01", "2026-1-2", "2026-01-02 24:00:00",
    "2026-01-02 15:04", "2026-01-02T15:04:05+1", "2026-01-02T15:04:05.Z", "2026-01-02 15:04:05x",
    "0000-01-01",
  ])
  func badMoments(_ text: String) {
    #expect(throws: Malformed.self) { try PointInTime(parsing: text) }
  }
}
