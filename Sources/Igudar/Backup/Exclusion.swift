// What a backup leaves out, as restic's users say it.

import Platform

/// What a backup leaves out.
public struct Exclusion: Sendable {
  /// Paths that match are left out.
  public var patterns: PatternSet?
  /// Directories that hold one of these are left empty but for it.
  public var tags: [ExclusionTag] = []
  /// Larger files are left out.
  public var sizeLimit: SizeLimit?

  /// Nothing.
  public init() {}

  /// The tag in a directory, if there is one.
  func tag(in directory: OpenDirectory) -> FileName? {
    tags.first { isPresent($0, in: directory) }?.name
  }

  private func isPresent(_ tag: ExclusionTag, in directory: OpenDirectory) -> Bool {
    guard let status = try? FileStatus.of(tag.name, at: directory.descriptor.raw) else {
      return false
    }
    if tag.header.isEmpty { return true }
    // Fifos and the like are never opened.
    guard status.type == .regular else { return false }
    return (try? beginning(of: tag, in: directory)) == tag.header
  }

  private func beginning(
    of tag: ExclusionTag, in directory: OpenDirectory
  ) throws(Errno) -> [UInt8] {
    let file = try Descriptor.openSource(tag.name, at: directory.descriptor.raw)
    let buffer = OwnedBuffer(capacity: tag.header.count)
    let target = unsafe UnsafeMutableRawBufferPointer(
      start: buffer.pointer, count: tag.header.count)
    let count = try unsafe file.read(at: 0, into: target)
    return unsafe Array(target.prefix(count))
  }
}
