// Time zones and calendars: offsets around changes of clocks, weeks of ISO 8601, dates beyond months.

import Glibc
import Testing

@testable import Platform

@Suite struct TimeZoneTests {
  // What `TZ=… date -d @… +%z` says.
  @Test(
    arguments: [
      ("Europe/Berlin", 1_774_745_999, 3600), ("Europe/Berlin", 1_774_746_000, 7200),
      ("Europe/Berlin", 1_792_889_999, 7200), ("Europe/Berlin", 1_792_890_000, 3600),
      // Beyond the last transition of the file, by its rule.
      ("Europe/Berlin", 4_102_444_800, 3600), ("Europe/Berlin", 4_118_083_200, 7200),
      ("Australia/Sydney", 1_767_225_600, 39600), ("Australia/Sydney", 1_782_864_000, 36000),
      ("Africa/Casablanca", 1_782_864_000, 3600), ("Asia/Kolkata", 0, 19800),
      ("America/New_York", -2_717_650_800, -18000), ("America/New_York", -2_717_650_801, -17762),
    ] as [(String, Int64, Int)])
  func clocksChange(_ name: String, _ moment: Int64, _ offset: Int) throws {
    #expect(try TimeZone(named: name).offset(at: moment) == offset)
  }

  @Test(
    arguments: [
      ("CET-1CEST,M3.5.0,M10.5.0/3", 1_774_746_000, 7200), ("<+0330>-3:30", 0, 12600),
      ("AEST-10AEDT,M10.1.0,M4.1.0/3", 1_767_225_600, 39600), ("EST5EDT", 1_782_864_000, -14400),
      ("XXX3EDT4,0/0,J365/23", 1_782_864_000, -14400), ("AAA0BBB,J60,J300", 1_709_251_199, 0),
      ("AAA0BBB,J60/0,J300", 1_709_251_200, 3600),
    ] as [(String, Int64, Int)])
  func rulesOfPOSIX(_ text: String, _ moment: Int64, _ offset: Int) throws {
    #expect(try #require(TimeZoneRule(parsing: text)).offset(at: moment) == offset)
  }

  @Test(arguments: [
    "", "CET", "CE-1", "CET-25", "CET-1CEST,M13.1.0,M1.1.0", "CET-1CEST,M3.5.0", "<+1",
  ])
  func whatIsNoRuleIsRefused(_ text: String) {
    #expect(TimeZoneRule(parsing: text) == nil)
  }

  @Test(arguments: [("+02:00", 7200), ("-0330", -12600), ("+9", 32400), ("UTC", 0)])
  func fixedOffsets(_ name: String, _ offset: Int) throws {
    #expect(try TimeZone(named: name).offset(at: 0) == offset)
  }

  @Test(arguments: [
    "", "Nowhere", "Europe", "../etc/passwd", "/etc/passwd", "+25", "Europe/../UTC",
  ])
  func unknownZonesAreErrors(_ name: String) {
    #expect(throws: TimeZoneError.self) { try TimeZone(named: name) }
  }

  @Test func damagedFilesAreNone() {
    let header: [UInt8] = Array("TZif2".utf8) + [UInt8](repeating: 0, count: 39)
    #expect(ZoneInformation(header) == nil)
    #expect(ZoneInformation(Array("TZif".utf8)) == nil)
    var counts = header
    counts[35] = 0xFF
    #expect(ZoneInformation(counts + header) == nil)
  }

  @Test(arguments: [
    (2026, 1, 1, 2026, 1), (2027, 1, 3, 2026, 53), (2027, 1, 4, 2027, 1), (2024, 12, 30, 2025, 1),
    (2021, 1, 3, 2020, 53), (1969, 12, 29, 1970, 1),
  ])
  func weeks(_ year: Int, _ month: Int, _ day: Int, _ weekYear: Int, _ week: Int) {
    #expect(CivilTime(year: year, month: month, day: day).isoWeek == (weekYear, week))
  }

  @Test func datesBeyondTheCalendarGoOn() {
    let day = { (year: Int, month: Int, day: Int) in
      CivilTime(year: year, month: month, day: day).moment
    }
    #expect(day(2026, 2, 31) == day(2026, 3, 3))
    #expect(day(2026, 0, 1) == day(2025, 12, 1))
    #expect(day(2026, -23, 1) == day(2024, 1, 1))
    #expect(day(2026, 13, 0) == day(2026, 12, 31))
  }

  // The C library knows the calendar too.
  @Test func momentsHaveTheDatesOfTheCalendar() {
    var random = SystemRandomNumberGenerator()
    let known: [Int64] = [-62_167_219_201, -1, 0, 951_782_399, 951_782_400, 253_402_300_800]
    let others = (0..<20_000).map { _ in
      Int64.random(in: -1 << 40...1 << 40, using: &random) >> Int64.random(in: 0...30)
    }
    for seconds in known + others {
      var (moment, fields) = (time_t(seconds), unsafe tm())
      unsafe gmtime_r(&moment, &fields)
      let time = CivilTime(Timestamp(seconds: seconds, nanoseconds: 7), offset: 0)
      let expected = unsafe CivilTime(
        year: Int(fields.tm_year) + 1900, month: Int(fields.tm_mon) + 1, day: Int(fields.tm_mday),
        hour: Int(fields.tm_hour), minute: Int(fields.tm_min), second: Int(fields.tm_sec),
        nanosecond: 7)
      #expect(time == expected, "\(seconds)")
      #expect(time.moment.seconds == seconds)
    }
    _ = CivilTime(Timestamp(seconds: .min, nanoseconds: 0), offset: 0)
    _ = CivilTime(Timestamp(seconds: .max, nanoseconds: 0), offset: 0)
  }
}
