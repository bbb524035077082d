// The flags that `lsattr` shows and the project that a quota counts a file to. They belong to open
// regular files and directories; on some devices the calls would mean something else.

import CLinux
import Glibc

/// Inode flags and project ID of an open regular file or directory.
package enum InodeFlags {
  /// What keeps a file from being changed or removed: immutable, append only.
  package static let protecting: UInt32 = 0x10 | 0x20
  /// What can be set on empty files only: no copy-on-write.
  package static let early: UInt32 = 0x0080_0000
  /// The flags that a user can set, and that are therefore recorded and restored.
  ///
  /// These are s u c S i a d A m j t D T C x P, as chattr(1) calls them. The others say how the file
  /// system keeps the file: in extents, encrypted, as a hash tree.
  package static let restorable: UInt32 =
    0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20 | 0x40 | 0x80 | 0x400 | 0x4000 | 0x8000 | 0x1_0000
    | 0x2_0000 | 0x80_0000 | 0x200_0000 | 0x2000_0000

  /// The flags as FS_IOC_GETFLAGS has them; nil where the file system has none.
  package static func flags(of descriptor: Int32) throws(Errno) -> UInt32? {
    var flags: UInt32 = 0
    if unsafe clinux_getflags(descriptor, &flags) == 0 { return flags }
    return try none(.current)
  }

  /// Sets the flags; some take root, and some keep the file from being changed any further.
  package static func setFlags(_ flags: UInt32, of descriptor: Int32) throws(Errno) {
    guard clinux_setflags(descriptor, flags) == 0 else { throw .current }
  }

  /// The project ID, 0 by default; nil where the file system has none.
  package static func project(of descriptor: Int32) throws(Errno) -> UInt32? {
    var project: UInt32 = 0
    if unsafe clinux_getproject(descriptor, &project) == 0 { return project }
    return try none(.current)
  }

  /// Sets the project ID.
  package static func setProject(_ project: UInt32, of descriptor: Int32) throws(Errno) {
    guard clinux_setproject(descriptor, project) == 0 else { throw .current }
  }

  // The ways in which file systems say that they do not know the call.
  private static func none(_ error: Errno) throws(Errno) -> UInt32? {
    if error == Errno(ENOTTY) || error == .notSupported || error == .invalid
      || error == .noSystemCall
    {
      return nil
    }
    throw error
  }
}
