// Names and patterns: what a store lists, and what people write into files and onto command lines.

import Igudar
import Platform
import Storage
import Vault

extension FuzzTarget {
  static let names = [
    FuzzTarget("object-name", seeds: nameSeeds, run: runName),
    FuzzTarget("patterns", seeds: patternSeeds, run: runPatterns),
    FuzzTarget("pattern-file", seeds: patternFileSeeds, run: runPatternFile),
  ]

  // MARK: object-name

  private static func nameSeeds() -> [[UInt8]] {
    let hash = Fixed.id(0xab, as: ObjectHash.self)
    let names: [ObjectName] = [
      .format, .reserve, .slot(SlotID(bytes: Array(0..<16))), .keyring(0), .pack(hash),
      .segment(hash),
      .journal(.max),
    ]
    return names.map { Array($0.description.utf8) }
  }

  private static func runName(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let name = ObjectName(String(decoding: input, as: UTF8.self)) else { return false }
    let again: ObjectName =
      switch name.kind {
      case .format: .format
      case .reserve: .reserve
      case .slot(let id): .slot(id)
      case .keyring(let number): .keyring(number)
      case .pack(let hash): .pack(hash)
      case .segment(let hash): .segment(hash)
      case .journal(let number): .journal(number)
      }
    try promise(again == name, "a name has two forms")
    return true
  }

  // MARK: patterns: lines with patterns, those with a tab in front without regard to case; the
  // last line is a path

  private static func patternSeeds() -> [[UInt8]] {
    [
      "*.o\n!keep.o\n/home/*/cache\n/home/user/cache/file.o",
      "\tREADME*\n**/[a-c]?[^x]/**\n/a/**/b\n/a/x/y/b/aBz/readme.txt",
      "**/a/**/b/**\n!/a/b\n\\*\n/a/b/c", "",
    ].map { Array($0.utf8) }
  }

  private static func runPatterns(_ input: [UInt8]) throws(Finding) -> Bool {
    // Patterns that restic's users write are short; long ones only take long.
    guard input.count <= 256 else { return false }
    var lines = input.split(separator: 0x0a, omittingEmptySubsequences: false).map { Array($0) }
    let path = FilePath([0x2f] + (lines.popLast() ?? []))
    let insensitive = lines.filter { $0.first == 0x09 }.map { Array($0.dropFirst()) }
    let exact = lines.filter { $0.first != 0x09 }
    guard let set = try? PatternSet(exact, ignoringCase: insensitive) else { return false }
    var state = set.root
    var mayMatch = true
    for name in path.components {
      let matches = set.matches(name.bytes.rawSpan, in: state)
      state = set.enter(name.bytes.rawSpan, from: state)
      let match = set.match(of: state)
      try promise(match.isMatched == matches, "a name and its directory are chosen differently")
      try promise(!matches || mayMatch, "chosen where nothing could be")
      mayMatch = mayMatch && match.childMayMatch
    }
    try promise(set.match(path) == set.match(of: state), "a walk and a path differ")
    return true
  }

  // MARK: pattern-file

  private static func patternFileSeeds() -> [[UInt8]] {
    [Array("# comment\n *.o \n\n$HOME/x$$\n${HOME}/${\n".utf8), [0xef, 0xbb, 0xbf, 0x61]]
  }

  private static func runPatternFile(_ input: [UInt8]) throws(Finding) -> Bool {
    let patterns = PatternFile.patterns(in: input) { $0.isEmpty ? nil : Array("/value".utf8) }
    try promise(
      patterns.count <= input.split(separator: 0x0a).count, "more patterns than lines")
    return true
  }
}
