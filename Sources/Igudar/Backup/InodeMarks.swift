// What the file system keeps of an open file beside its status.

import Platform

/// Inode flags and project ID of a file, as an entry records them.
struct InodeMarks: Sendable {
  /// The flags that can be restored.
  let flags: UInt32
  let projectID: UInt32

  /// Of an open file; where they cannot be read, there is nothing to restore.
  init(of descriptor: Int32) {
    let flags = (try? InodeFlags.flags(of: descriptor)) ?? nil
    self.flags = (flags ?? 0) & InodeFlags.restorable
    projectID = ((try? InodeFlags.project(of: descriptor)) ?? nil) ?? 0
  }
}
