// Names are made and parsed by one rule.

import Storage
import Testing

@Suite struct ObjectNameTests {
  @Test func everyKindIsParsedBack() {
    let digits = String(repeating: "0123456789abcdef", count: 4)
    let names: [(ObjectName, String, ObjectName.Kind)] = [
      (.format, "format", .format),
      (.slot(digits.prefix(32)), "slots/\(digits.prefix(32))", .slot(String(digits.prefix(32)))),
      (.keyring(0), "keyring/0000000000000000", .keyring(0)),
      (.journal(.max), "journal/ffffffffffffffff", .journal(.max)),
      (.pack(digits), "packs/01/\(digits)", .pack(digits)),
      (.segment(digits), "index/\(digits)", .segment(digits)),
    ]
    for (name, text, kind) in names {
      #expect(name.description == text)
      #expect(ObjectName(text) == name)
      #expect(name.kind == kind)
    }
  }

  @Test(arguments: [
    "", "/", "format/", "/format", "Format", "formats", "journal", "journal/", "journal/1",
    "journal/000000000000000G", "journal/00000000000000AA", "journal/0000000000000000/",
    "journal//0000000000000000", "keyring/00000000000000001", "slots/../format", "packs/ab",
    "packs/ab/cd", "index/\u{e9}", "parity/0123", "tmp/x", "journal/+000000000000001",
    "packs/00/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "packs/01-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "packs/01/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeg", "packs", "index",
    "slots/0123456789abcdef0123456789abcdef/", "reserve/", "formaT",
    "packs/0/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
  ])
  func otherNamesAreNone(_ text: String) { #expect(ObjectName(text) == nil) }
}
