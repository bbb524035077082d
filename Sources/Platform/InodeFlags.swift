// The flags that `lsattr` shows and the project that a quota counts a file to. They belong to open
// regular files and directories; on some devices the calls would mean something else.

import CLinux
import Glibc

/// Inode flags and project ID of an open regular file or directory.
package enum InodeFlags {
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
