// Patterns that are filled in with the files that are there, as `--files-from` has them: the syntax
// of Go's filepath.Glob, where a hidden file is matched like any other.

import Glibc
public import Platform

/// Finds the paths that a pattern stands for.
public enum PathPattern {
  /// The existing paths that match, sorted; a pattern that is malformed matches only itself.
  public static func paths(matching pattern: [UInt8]) -> [FilePath] {
    var found: [FilePath] = [FilePath(pattern.first == 0x2f ? [0x2f] : [])]
    for part in pattern.split(separator: 0x2f) {
      switch Glob(part)?.shape {
      case nil: found = found.map { $0.appending(Array(part)) }
      case .literal(let name): found = found.map { $0.appending(name) }
      case .some: found = found.flatMap { names(in: $0, matching: part) }
      }
    }
    return found.filter { (try? FileStatus.of($0)) != nil }.sorted()
  }

  private static func names(
    in directory: FilePath, matching pattern: ArraySlice<UInt8>
  ) -> [FilePath] {
    let path: FilePath = directory.bytes.isEmpty ? "." : directory
    guard let glob = Glob(pattern), let open = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY),
      let listing = try? DirectoryListing(of: open)
    else { return [] }
    return (0..<listing.count).map(listing.name).filter { glob.matches($0.bytes) }
      .map { directory.appending($0) }
  }
}
