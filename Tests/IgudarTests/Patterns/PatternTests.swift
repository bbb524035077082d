// Patterns choose what restic's patterns choose.

import Platform
import Testing

@testable import Igudar

@Suite struct PatternTests {
  private func set(_ patterns: String..., ignoringCase: [String] = []) throws -> PatternSet {
    try PatternSet(
      patterns.map { Array($0.utf8) }, ignoringCase: ignoringCase.map { Array($0.utf8) })
  }

  private func matches(_ pattern: String, _ path: String) throws -> Bool {
    try set(pattern).match(FilePath(path)).isMatched
  }

  @Test(arguments: [
    ("*.o", "/src/a.o"), ("*.o", "/src/a.o/below"), ("src", "/x/src"), ("src", "/x/src/y/z"),
    ("/src", "/src"), ("/src/", "/src/y"), ("/src//x/", "/src/x"), ("/src/../x", "/x"),
    ("/src/./x", "/src/x"), ("src/x", "/a/src/x/b"), ("src/*", "/src/x"), ("s*/x*", "/a/so/xy"),
    ("/a/**/d", "/a/d"), ("/a/**/d", "/a/b/c/d/e"), ("a/**/d", "/x/a/b/d"), ("**/d", "/a/d"),
    ("**", "/a"), ("/**", "/a"), ("/", "/a"), ("/a/**", "/a"), ("/a/**", "/a/b/c"),
    ("a**b", "/axxb"), ("?", "/a"), ("?", "/ü"), ("[a-c]x", "/bx"), ("[^a-c]x", "/dx"),
    ("[^a]", "/ü"), ("[à-ü]", "/é"), ("\\*", "/*"), ("[\\]]", "/]"), ("[[]", "/["),
    ("a]", "/a]"), ("*a*b*c", "/xaybzbc"), ("/*/b", "/a/b"), ("./a", "/x/a"), ("a/../b", "/b"),
  ])
  func fits(pattern: String, path: String) throws {
    #expect(try matches(pattern, path))
  }

  @Test(arguments: [
    ("*.o", "/src/a.c"), ("src", "/source"), ("src", "/asrc"), ("/src", "/x/src"),
    ("src/x", "/src/y/x"), ("src/*", "/src"), ("/a/**/d", "/a/b"), ("/a/**/d", "/x/a/d"),
    ("a/*/d", "/a/b/c/d"), ("/*", "/"), ("?", "/ab"), ("[a-c]", "/d"), ("[c-a]", "/b"),
    ("[^a-c]x", "/bx"), ("\\*", "/a"), ("A", "/a"), ("", "/a"), ("!", "/a"), ("../a", "/a"),
    (".", "/a"), ("*a*b*c", "/xaybz"), ("[^a]", "/a"),
    // restic's peculiarity: the first ** leaves one component for the second.
    ("/a/**/b/**", "/a/x/b"),
  ])
  func fitsNot(pattern: String, path: String) throws {
    #expect(try !matches(pattern, path))
  }

  @Test(arguments: ["[", "a/[b", "[]", "[]a]", "[a-]", "[-a]", "a\\", "[a", "[a\\", "/**/[^"])
  func malformedPatternsAreRefusedByName(pattern: String) {
    #expect(throws: PatternError(patterns: [pattern])) { try set("fine", pattern) }
  }

  @Test func namesAreBytes() throws {
    let set = try PatternSet([[0x61, 0xff], [0x3f, 0x62]])
    #expect(set.match(FilePath([0x2f, 0x61, 0xff])).isMatched)
    #expect(set.match(FilePath([0x2f, 0xfe, 0x62])).isMatched)
    #expect(!set.match(FilePath([0x2f, 0x61, 0xfe])).isMatched)
  }

  @Test func theLastPatternThatFitsDecides() throws {
    let patterns = try set("*.o", "!keep.o", "/x/**")
    #expect(patterns.match("/a/b.o").isMatched)
    #expect(!patterns.match("/a/keep.o").isMatched)
    #expect(patterns.match("/x/keep.o").isMatched)
    #expect(try !set("!a", "b").match("/a").isMatched)
  }

  @Test func caseIsIgnoredOnRequest() throws {
    let patterns = try set("a", ignoringCase: ["MIX/Ünder*", "\u{130}x"])
    #expect(patterns.match("/a").isMatched)
    #expect(!patterns.match("/A").isMatched)
    #expect(patterns.match("/mIx/üNDERscore").isMatched)
    #expect(patterns.match("/IX").isMatched)
    #expect(!patterns.match("/mix/other").isMatched)
  }

  @Test func childrenAreLookedAtWhereTheyMayFit() throws {
    let patterns = try set("/a/*/c", "/x/**/z")
    #expect(patterns.match("/").childMayMatch)
    #expect(patterns.match("/a/b").childMayMatch)
    #expect(patterns.match("/x/y").childMayMatch)
    #expect(!patterns.match("/a/b/d").childMayMatch)
    #expect(!patterns.match("/b").childMayMatch)
    #expect(try set("c").match("/b").childMayMatch)
    #expect(try !set().match("/b").childMayMatch)
  }

  private static let pieces = ["a", "b", "ab", "*", "a*", "*b", "?", "**", "a?", "..", "."]

  private func random(_ generator: inout SeededGenerator) -> String {
    let count = 1 + generator.number(below: 5)
    let parts = (0..<count).map { _ in Self.pieces[generator.number(below: Self.pieces.count)] }
    let text = parts.joined(separator: "/")
    return (generator.chance(20) ? "!" : "") + (generator.chance(50) ? "/" : "") + text
  }

  @Test func compiledPatternsMeanWhatTheyMeanSpelledOut() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let names = ["a", "b", "ab", "abb", "c"]
    for _ in 0..<2000 {
      let patterns = (0..<generator.number(below: 4)).map { _ in random(&generator) }
      let set = try PatternSet(patterns.map { Array($0.utf8) })
      for _ in 0..<8 {
        let depth = 1 + generator.number(below: 6)
        let parts = (0..<depth).map { _ in names[generator.number(below: names.count)] }
        let path = "/" + parts.joined(separator: "/")
        let expected = NaivePatterns.match(patterns, path)
        try #require(set.match(FilePath(path)) == expected, "\(patterns) \(path) seed \(seed)")
        let parent = FilePath("/" + parts.dropLast().joined(separator: "/"))
        let name = Array(parts[depth - 1].utf8)
        let isMatched = set.matches(name.rawSpan, in: set.state(of: parent))
        try #require(isMatched == expected.isMatched, "\(patterns) \(path) seed \(seed)")
      }
    }
  }

  @Test func filesOfPatternsAreReadAsResticReadsThem() {
    let text =
      "\u{feff} *.o \r\n\n# comment\n  # too\n$HOME/x\n${HOME}y\n$$a\na$\n$NONE-b\n${}c\n${d\n"
    let home = Array("HOME".utf8)
    let patterns = PatternFile.patterns(in: Array(text.utf8)) { name in
      name == home ? Array("/home/u".utf8) : nil
    }
    let expected = ["*.o", "/home/u/x", "/home/uy", "$a", "a$", "-b", "c", "d"]
    #expect(patterns.map { String(decoding: $0, as: UTF8.self) } == expected)
  }

  @Test func tagsHaveANameAndPerhapsAHeader() {
    #expect(ExclusionTag(parsing: Array(".nobackup".utf8))?.header == [])
    let tag = ExclusionTag(parsing: Array("a:b:c".utf8))
    #expect(tag?.name.description == "a")
    #expect(tag?.header == Array("b:c".utf8))
    #expect(ExclusionTag(parsing: Array(":b".utf8)) == nil)
    #expect(ExclusionTag(parsing: []) == nil)
    #expect(ExclusionTag.cacheDirectory.header.count == 43)
    #expect(SizeLimit(bytes: 10).excludes(11))
    #expect(!SizeLimit(bytes: 10).excludes(10))
  }
}
