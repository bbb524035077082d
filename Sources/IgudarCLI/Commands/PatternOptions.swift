// Patterns on the command line and in files, for what commands leave out and what they choose.

import Igudar
import Platform

/// The four options that name patterns of one purpose.
struct PatternOptions: Sendable {
  let exact: Option
  let insensitive: Option
  let file: Option
  let insensitiveFile: Option

  /// Those that choose a part.
  static func including(help: String) -> PatternOptions {
    PatternOptions(
      exact: Option("include", "i", takes: "PATTERN", repeatable: true, help: help),
      insensitive: Option(
        "iinclude", takes: "PATTERN", repeatable: true, help: "the same, whatever the case"),
      file: Option(
        "include-file", takes: "FILE", repeatable: true, help: "read patterns from FILE, one a line"
      ),
      insensitiveFile: Option(
        "iinclude-file", takes: "FILE", repeatable: true, help: "the same, whatever the case"))
  }

  var all: [Option] { [exact, insensitive, file, insensitiveFile] }

  /// The patterns as given, and compiled; nil if there are none.
  func patterns(
    _ given: OptionValues
  ) throws -> (set: PatternSet?, texts: [[UInt8]]) {
    let sensitive = given.all(exact) + (try Self.patterns(from: file, given))
    let others = given.all(insensitive) + (try Self.patterns(from: insensitiveFile, given))
    let texts = sensitive + others
    return (texts.isEmpty ? nil : try PatternSet(sensitive, ignoringCase: others), texts)
  }

  private static func patterns(
    from option: Option, _ given: OptionValues
  ) throws(Failure) -> [[UInt8]] {
    var patterns: [[UInt8]] = []
    for file in given.all(option) {
      let text = try Failure.naming(option.flag) { () throws(Failure) in try SmallFile.read(file) }
      patterns += PatternFile.patterns(in: text) { name in
        environment(String(decoding: name, as: UTF8.self))
      }
    }
    return patterns
  }
}
