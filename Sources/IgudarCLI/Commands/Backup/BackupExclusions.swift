// What a backup leaves out: patterns on the command line and in files, tags of folders, sizes.

import Igudar
import Platform

/// The options about leaving out.
enum BackupExclusions {
  static let exclude = Option(
    "exclude", "e", takes: "PATTERN", repeatable: true, help: "leave out what matches")
  static let excludeInsensitive = Option(
    "iexclude", takes: "PATTERN", repeatable: true, help: "the same, whatever the case")
  static let excludeFile = Option(
    "exclude-file", takes: "FILE", repeatable: true, help: "read patterns from FILE, one a line")
  static let excludeInsensitiveFile = Option(
    "iexclude-file", takes: "FILE", repeatable: true, help: "the same, whatever the case")
  static let excludeCaches = Option(
    "exclude-caches", help: "leave out the content of folders marked by a CACHEDIR.TAG")
  static let excludeIfPresent = Option(
    "exclude-if-present", takes: "NAME[:HEADER]", repeatable: true,
    help: "leave out the content of folders that hold such a file")
  static let excludeLargerThan = Option(
    "exclude-larger-than", takes: "SIZE", help: "leave out larger files (1024-based: k, M, G, T)")
  static let oneFileSystem = Option("one-file-system", "x", help: "stay on the file system")

  static let options = [
    exclude, excludeInsensitive, excludeFile, excludeInsensitiveFile, excludeCaches,
    excludeIfPresent, excludeLargerThan, oneFileSystem,
  ]

  /// What is left out, and the patterns as the snapshot records them.
  static func exclusion(
    _ given: OptionValues
  ) throws -> (exclusion: Exclusion, texts: [[UInt8]]) {
    let exact = given.all(exclude) + (try patterns(in: given.all(excludeFile)))
    let insensitive =
      given.all(excludeInsensitive) + (try patterns(in: given.all(excludeInsensitiveFile)))
    var exclusion = Exclusion()
    if !exact.isEmpty || !insensitive.isEmpty {
      exclusion.patterns = try PatternSet(exact, ignoringCase: insensitive)
    }
    exclusion.tags = try tags(given)
    exclusion.sizeLimit = try given.value(excludeLargerThan, as: ByteSize.self).map {
      SizeLimit(bytes: $0.bytes)
    }
    return (exclusion, exact + insensitive)
  }

  private static func patterns(in files: [[UInt8]]) throws(Failure) -> [[UInt8]] {
    var patterns: [[UInt8]] = []
    for file in files {
      patterns += PatternFile.patterns(in: try SmallFile.read(file)) { name in
        environment(String(decoding: name, as: UTF8.self))
      }
    }
    return patterns
  }

  private static func tags(_ given: OptionValues) throws(Failure) -> [ExclusionTag] {
    var tags: [ExclusionTag] = []
    for text in given.all(excludeIfPresent) {
      guard let tag = ExclusionTag(parsing: text) else {
        throw Failure.usage(
          "\(excludeIfPresent.flag) '\(printable(text))': is not a file name", of: "backup")
      }
      tags.append(tag)
    }
    return given.has(excludeCaches) ? tags + [.cacheDirectory] : tags
  }
}
