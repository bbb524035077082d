// Names and paths are bytes, and what is printed of them is harmless.

import Platform
import Testing

@Suite struct NameTests {
  @Test(
    arguments: [
      [0x61], [0x2e, 0x2e, 0x2e], [0xff, 0xfe], [0x0a], Array(repeating: 0x62, count: 255),
    ]
      as [[UInt8]])
  func namesAreAnyBytes(_ bytes: [UInt8]) { #expect(FileName(bytes)?.bytes == bytes) }

  @Test(
    arguments: [
      [], [0x2e], [0x2e, 0x2e], [0x61, 0x2f], [0x61, 0x00], Array(repeating: 0x62, count: 256),
    ] as [[UInt8]])
  func othersAreNone(_ bytes: [UInt8]) { #expect(FileName(bytes) == nil) }

  @Test func namesAreOrderedByBytes() throws {
    let names = try [[0x61], [0x61, 0x00 + 1], [0x61, 0xff], [0x62], [0xc3, 0xa9], [0xff]].map {
      try #require(FileName($0))
    }
    #expect(names.shuffled().sorted() == names)
  }

  @Test func pathsAreTakenApart() {
    let path: FilePath = "/home//me/./a/"
    #expect(path.components.map(\.description) == ["home", "me", "a"])
    #expect(path.isAbsolute)
    #expect(path.lastComponent?.description == "a")
    #expect(path.parent == "/home//me/.")
    #expect(FilePath("a").parent == ".")
    #expect(FilePath("/a").parent == "/")
    #expect(FilePath("/").lastComponent == nil)
    #expect(FilePath("/").appending("x") == "/x")
    #expect(FilePath("a").appending("b/c") == "a/b/c")
    #expect(FilePath("a/../b").components.map(\.description) == ["a", "..", "b"])
  }

  @Test func textStaysAsItIs() {
    #expect(printable("plain ~ text".utf8) == "plain ~ text")
    #expect(printable("Käse 日本 🧀".utf8) == "Käse 日本 🧀")
  }

  @Test(
    arguments: [
      ([0x61, 0x1b, 0x5b, 0x32, 0x4a], "a\\x1b[2J"), ([0x0a], "\\x0a"), ([0x7f], "\\x7f"),
      ([0x61, 0xff, 0x62], "a\\xffb"), ([0xc3], "\\xc3"), ([0xe2, 0x82, 0x61], "\\xe2\\x82a"),
      // A C1 control, a surrogate, an overlong slash, a mark that turns text around.
      ([0xc2, 0x9b], "\\xc2\\x9b"), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
      ([0xc0, 0xaf], "\\xc0\\xaf"), ([0xe2, 0x80, 0xae], "\\xe2\\x80\\xae"),
    ] as [([UInt8], String)])
  func whatCouldSteerATerminalIsEscaped(_ bytes: [UInt8], _ text: String) {
    #expect(printable(bytes) == text)
  }

  @Test func errorsNameThePathTheReasonAndTheCall() {
    #expect {
      _ = try Descriptor.open("/nowhere/\u{1b}x", 0)
    } throws: { error in
      "\(error)" == "/nowhere/\\x1bx: No such file or directory (open)"
    }
  }
}
