// What the file system keeps of an open file beside its status.

import Glibc
import Platform

/// Inode flags and project ID of a file, as an entry records them.
struct InodeMarks: Sendable {
  /// The flags that can be restored.
  let flags: UInt32
  let projectID: UInt32

  /// Of a directory that was opened only to go through it; the calls need another descriptor.
  init(ofPassage directory: Int32) {
    let path = FilePath("/proc/self/fd/\(directory)/.")
    if let open = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY) {
      self.init(of: open.raw)
    } else {
      self.init(of: directory)
    }
  }

  /// Of an open file; where they cannot be read, they are recorded as not set.
  init(of descriptor: Int32) {
    let flags = (try? InodeFlags.flags(of: descriptor)) ?? nil
    self.flags = (flags ?? 0) & InodeFlags.restorable
    projectID = ((try? InodeFlags.project(of: descriptor)) ?? nil) ?? 0
  }
}
