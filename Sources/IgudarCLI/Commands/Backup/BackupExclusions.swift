// What a backup leaves out: patterns on the command line and in files, tags of folders, sizes.

import Igudar
import Platform

/// The options about leaving out.
enum BackupExclusions {
  static let patterns = PatternOptions(
    exact: Option(
      "exclude", "e", takes: "PATTERN", repeatable: true, help: "leave out what matches"),
    insensitive: Option(
      "iexclude", takes: "PATTERN", repeatable: true, help: "the same, whatever the case"),
    file: Option(
      "exclude-file", takes: "FILE", repeatable: true, help: "read patterns from FILE, one a line"),
    insensitiveFile: Option(
      "iexclude-file", takes: "FILE", repeatable: true, help: "the same, whatever the case"))
  static let excludeCaches = Option(
    "exclude-caches", help: "leave out the content of folders marked by a CACHEDIR.TAG")
  static let excludeIfPresent = Option(
    "exclude-if-present", takes: "NAME[:HEADER]", repeatable: true,
    help: "leave out the content of folders that hold such a file")
  static let excludeLargerThan = Option(
    "exclude-larger-than", takes: "SIZE", help: "leave out larger files (1024-based: k, M, G, T)")
  static let oneFileSystem = Option("one-file-system", "x", help: "stay on the file system")

  static let options =
    patterns.all + [excludeCaches, excludeIfPresent, excludeLargerThan, oneFileSystem]

  /// What is left out, and the patterns as the snapshot records them.
  static func exclusion(
    _ given: OptionValues
  ) throws -> (exclusion: Exclusion, texts: [[UInt8]]) {
    var exclusion = Exclusion()
    let texts: [[UInt8]]
    (exclusion.patterns, texts) = try patterns.patterns(given)
    exclusion.tags = try tags(given)
    exclusion.sizeLimit = try given.value(excludeLargerThan, as: ByteSize.self).map {
      SizeLimit(bytes: $0.bytes)
    }
    return (exclusion, texts)
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
