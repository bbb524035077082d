// What the command prints: JSON that any reader takes, sizes, times, tables and status lines.

import Platform
import Testing

@testable import IgudarCLI

@Suite struct JSONTests {
  private func text(_ value: some JSONWritable) -> String {
    var bytes: [UInt8] = []
    value.write(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func membersKeepTheirOrder() {
    var object = JSONObject(message: "summary")
    object.add("files", 3)
    object.add("share", 0.25)
    object.add("nothing", Int?.none)
    object.addUnlessZero("zero", 0)
    object.addUnlessEmpty("tags", [String]())
    object.add("tags", ["a", "b"])
    object.add("dry_run", true)
    object.add("reason", JSONNull())
    #expect(
      text(object)
        == #"{"message_type":"summary","files":3,"share":0.25,"tags":["a","b"],"dry_run":true,"#
        + #""reason":null}"#)
    #expect(text(JSONObject()) == "{}")
  }

  @Test func textIsEscaped() {
    #expect(text("a/b\"\\\n\t\r\u{1}\u{7F}é😀") == #""a/b\"\\\n\t\r\u0001\u007fé😀""#)
  }

  @Test(
    arguments: [
      (0, "0"), (1, "1"), (0.1, "0.1"), (1e300, "1e+300"), (.nan, "0"), (.infinity, "0"),
      (-2.5, "-2.5"), (1.5e-7, "1.5e-07"),
    ] as [(Double, String)])
  func numbers(_ number: Double, _ expected: String) {
    #expect(text(number) == expected)
  }

  @Test func largestIntegersAreExact() {
    #expect(text([UInt64.max]) == "[18446744073709551615]")
    #expect(text(Int64.min) == "-9223372036854775808")
  }

  @Test func namesThatAreNotUTF8KeepTheirBytes() {
    var object = JSONObject()
    object.add("path", path: [0x61, 0xFF])
    object.add("good", path: Array("é".utf8))
    object.add("all", paths: [[0x62], [0xFE]])
    #expect(
      text(object)
        == #"{"path":"a\#u{FFFD}","path_base64":"Yf8=","good":"é","all":["b","\#u{FFFD}"],"#
        + #""all_base64":["Yg==","/g=="]}"#)
  }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
  func base64IsRFC4648(_ plain: String, _ expected: String) {
    #expect(base64(Array(plain.utf8)) == expected)
  }
}

@Suite struct AmountTests {
  @Test(
    arguments: [
      (0, "0 B"), (1023, "1023 B"), (1024, "1.000 KiB"), (1536, "1.500 KiB"),
      (3_266_000_000, "3.042 GiB"), (UInt64.max, "16.000 EiB"),
    ] as [(UInt64, String)])
  func sizes(_ bytes: UInt64, _ text: String) {
    #expect(humanSize(bytes) == text)
  }

  @Test(arguments: [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03"), (-1, "0:00")])
  func durations(_ seconds: Double, _ text: String) {
    #expect(humanDuration(seconds) == text)
  }

  @Test func sharesNeverPassTheWhole() {
    #expect(humanShare(1, of: 3) == "33.33%")
    #expect(humanShare(5, of: 3) == "100.00%")
    #expect(humanShare(0, of: 0) == "100.00%")
  }

  @Test func times() {
    let time = CivilTime(
      year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5, nanosecond: 120_000_000,
      offset: -5400)
    #expect(time.rfc3339 == "2026-01-02T03:04:05.12-01:30")
    #expect(time.description == "2026-01-02 03:04:05")
    #expect(CivilTime(year: 2026, month: 1, day: 2).rfc3339 == "2026-01-02T00:00:00Z")
  }
}

@Suite struct TableTests {
  @Test func columnsLineUp() {
    var table = Table([("ID", .left), ("Paths", .left), ("Size", .right)])
    table.add(lines: [["a1"], ["/home/é", "/srv"], ["1 B"]])
    table.add("b22", "/日本", "12 KiB")
    #expect(
      table.lines(footer: "2 snapshots") == [
        "ID   Paths      Size",
        "--------------------",
        "a1   /home/é     1 B",
        "     /srv",
        "b22  /日本    12 KiB",
        "--------------------",
        "2 snapshots",
      ])
  }

  @Test func longTextIsShortenedInItsMiddle() {
    #expect(shortened("/home/someone/file", to: 9) == "/hom…file")
    #expect(shortened("/home", to: 5) == "/home")
    #expect(displayWidth(shortened("/日本日本日本", to: 6)) <= 6)
    #expect(shortened("abc", to: 0).isEmpty)
  }
}

@Suite struct ProgressTests {
  private var sample: ProgressSample {
    ProgressSample(
      filesDone: 120, filesTotal: 300, bytesDone: 1 << 30, bytesTotal: 4 << 30, errorCount: 1,
      current: [Array("/home/a\u{1B}b".utf8)])
  }

  @Test func theSummarySaysHowFarHowFastAndHowLong() {
    #expect(
      StatusLines(sample, 8).summary
        == "[0:08] 25.00%  120 / 300 files  1.000 GiB / 4.000 GiB  128.000 MiB/s  1 error  ETA 0:24"
    )
  }

  @Test func nothingIsGuessedWhileTheWholeIsUnknown() {
    let sample = ProgressSample(filesDone: 1, bytesDone: 512)
    #expect(StatusLines(sample, 0.5).summary == "[0:00]  1 file  512 B")
  }

  @Test(arguments: [1, 20, 80, 140, 200])
  func drawnLinesNeverWrap(_ width: Int) {
    let lines = StatusLines(sample, 8).drawn(width: width)
    #expect(lines.count == 2)
    #expect(lines.allSatisfy { displayWidth($0) < max(2, width) })
    #expect(!lines.joined().contains("\u{1B}"))
  }

  @Test func statusLinesInJSONAreAsResticsAre() {
    #expect(
      String(decoding: backupStatus(sample, 8).bytes, as: UTF8.self)
        == #"{"message_type":"status","seconds_elapsed":8,"seconds_remaining":24,"#
        + #""percent_done":0.25,"total_files":300,"files_done":120,"total_bytes":4294967296,"#
        + #""bytes_done":1073741824,"error_count":1,"current_files":["/home/a\u001bb"]}"#)
  }

  @Test func progressIsShownWhereSomebodyLooks() {
    func style(
      json: Bool = false, quiet: Bool = false, terminal: Bool = false, frames: String? = nil
    ) -> ProgressPace.Style {
      ProgressPace(json: json, quiet: quiet, terminal: terminal, frames: frames).style
    }
    #expect(style(terminal: true) == .drawn)
    #expect(style() == .none)
    #expect(style(frames: "1") == .plain)
    #expect(style(frames: "nonsense") == .none)
    #expect(style(json: true) == .json)
    #expect(style(json: true, quiet: true, terminal: true, frames: "1") == .none)
    let pace = ProgressPace(json: false, quiet: false, terminal: true, frames: "1000")
    #expect(pace.milliseconds == 16)
  }
}
