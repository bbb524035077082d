// A folder or file that was opened for changes, as its mode or flags forbade them: what it was before
// is given back when nothing else decides what it is to be.

import Platform

/// What a folder or file was before it was opened for changes.
struct FolderOpening {
  private let mode: UInt16
  private let flags: UInt32

  /// Of a folder that was opened by its mode alone.
  init(mode: UInt16) { self.init(mode: mode, flags: 0) }

  private init(mode: UInt16, flags: UInt32) {
    self.mode = mode
    self.flags = flags
  }

  /// Takes away what forbids to change a folder; nil if nothing does, or that may not be taken away.
  init?(_ place: MetadataPlace) {
    guard let status = try? place.status() else { return nil }
    mode = status.mode
    flags = ((try? place.flags()) ?? nil) ?? 0
    guard place.unlock() else { return nil }
  }

  /// Does something to a name that flags of what has it forbid; they are given back unless what had
  /// the name has none any more.
  ///
  /// - Throws: `notPermitted` if nothing is in the way that may be taken away.
  static func opening(
    _ name: FileName, in directory: Int32, _ change: () throws(Errno) -> Void
  ) throws(Errno) {
    // A device could take the question for its flags for something else.
    guard let type = try? FileStatus.of(name, at: directory).type,
      type == .regular || type == .directory,
      let file = try? Descriptor.openSource(name, at: directory),
      let opening = FolderOpening(.descriptor(file.raw))
    else { throw .notPermitted }
    defer {
      let isLeft = (try? FileStatus.of(file.raw).links).map { $0 > 0 } ?? true
      if isLeft { opening.close(.descriptor(file.raw)) }
    }
    try change()
  }

  /// One that gives back the flags of a later one too.
  func with(_ later: FolderOpening?) -> FolderOpening {
    FolderOpening(mode: mode, flags: flags | (later?.flags ?? 0))
  }

  /// Gives back what was taken away.
  func close(_ place: MetadataPlace) {
    try? place.setMode(mode)
    if flags & InodeFlags.protecting != 0 { try? place.protect(flags) }
  }
}
