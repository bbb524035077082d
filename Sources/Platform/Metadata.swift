// Owner, mode and times of files, set by descriptor or by name in an open directory; never through
// a link.

import CLinux
import Glibc

/// What gets owner, mode and times.
package enum MetadataPlace {
  case descriptor(Int32)
  case name(FileName, directory: Int32)

  package func setOwner(uid: UInt32, gid: UInt32) throws(Errno) {
    let status =
      switch self {
      case .descriptor(let raw): fchown(raw, uid, gid)
      case .name(let name, let directory):
        unsafe name.withCString {
          unsafe fchownat(directory, $0, uid, gid, AT_SYMLINK_NOFOLLOW)
        }
      }
    guard status == 0 else { throw .current }
  }

  /// Sets the mode; not for links, which have none.
  package func setMode(_ mode: UInt16) throws(Errno) {
    let status =
      switch self {
      case .descriptor(let raw): fchmod(raw, mode_t(mode))
      case .name(let name, let directory):
        unsafe name.withCString {
          unsafe fchmodat(directory, $0, mode_t(mode), AT_SYMLINK_NOFOLLOW)
        }
      }
    guard status == 0 else { throw .current }
  }

  package func setTimes(access: Timestamp, modification: Timestamp) throws(Errno) {
    let times = [access.cValue, modification.cValue]
    let status =
      switch self {
      case .descriptor(let raw): unsafe futimens(raw, times)
      case .name(let name, let directory):
        unsafe name.withCString {
          unsafe utimensat(directory, $0, times, AT_SYMLINK_NOFOLLOW)
        }
      }
    guard status == 0 else { throw .current }
  }

  /// What statx(2) says of it.
  package func status() throws(Errno) -> FileStatus {
    switch self {
    case .descriptor(let raw): try FileStatus.of(raw)
    case .name(let name, let directory): try FileStatus.of(name, at: directory)
    }
  }

  /// Its inode flags; nil where there are none, or it is not open.
  package func flags() throws(Errno) -> UInt32? {
    guard case .descriptor(let raw) = self else { return nil }
    return try InodeFlags.flags(of: raw)
  }

  package func setFlags(_ flags: UInt32) throws(Errno) {
    guard case .descriptor(let raw) = self else { throw .notSupported }
    try InodeFlags.setFlags(flags, of: raw)
  }

  /// Its project ID; nil where there is none, or it is not open.
  package func project() throws(Errno) -> UInt32? {
    guard case .descriptor(let raw) = self else { return nil }
    return try InodeFlags.project(of: raw)
  }

  package func setProject(_ project: UInt32) throws(Errno) {
    guard case .descriptor(let raw) = self else { throw .notSupported }
    try InodeFlags.setProject(project, of: raw)
  }

  /// Takes away what keeps its owner from changing it: flags, and a folder's mode.
  ///
  /// False if nothing did, or that may not be taken away.
  package func unlock() -> Bool {
    var isChanged = false
    do throws(Errno) {
      if let flags = try flags(), flags & InodeFlags.protecting != 0 {
        try setFlags(flags & ~InodeFlags.protecting)
        isChanged = true
      }
      let status = try status()
      if status.type == .directory, status.mode & 0o700 != 0o700 {
        try setMode(status.mode | 0o700)
        isChanged = true
      }
    } catch { return isChanged }
    return isChanged
  }

  /// Where its extended attributes are set.
  package var attributes: AttributeTarget {
    switch self {
    case .descriptor(let raw): .descriptor(raw)
    case .name(let name, let directory): .name(name, at: directory)
    }
  }
}

/// Calls that change names in an open directory.
package enum DirectoryChange {
  package static func makeDirectory(
    _ name: FileName, in directory: Int32, mode: UInt32
  ) throws(Errno) {
    try check(unsafe name.withCString { unsafe mkdirat(directory, $0, mode) })
  }

  package static func remove(_ name: FileName, in directory: Int32) throws(Errno) {
    try check(unsafe name.withCString { unsafe unlinkat(directory, $0, 0) })
  }

  /// Removes a directory that is empty.
  package static func removeDirectory(_ name: FileName, in directory: Int32) throws(Errno) {
    try check(unsafe name.withCString { unsafe unlinkat(directory, $0, AT_REMOVEDIR) })
  }

  package static func makeLink(
    _ name: FileName, to target: [UInt8], in directory: Int32
  ) throws(Errno) {
    try check(
      unsafe name.withCString { name in
        unsafe withNullTerminated(target) { unsafe symlinkat($0, directory, name) }
      })
  }

  /// Renames within a directory, over what has the new name.
  package static func rename(
    _ old: FileName, to new: FileName, in directory: Int32
  ) throws(Errno) {
    try check(
      unsafe old.withCString { old in
        unsafe new.withCString { unsafe renameat(directory, old, directory, $0) }
      })
  }

  /// Renames within a directory if nothing has the new name, nor one that the file system takes for
  /// the same; a file system that cannot promise that is asked before.
  package static func renameToFree(
    _ old: FileName, to new: FileName, in directory: Int32
  ) throws(Errno) {
    let status = unsafe old.withCString { old in
      // 1 is RENAME_NOREPLACE.
      unsafe new.withCString { unsafe clinux_renameat2(directory, old, directory, $0, 1) }
    }
    guard status != 0 else { return }
    let error = Errno.current
    guard error == .invalid || error == .noSystemCall || error == .notSupported else {
      throw error
    }
    do throws(Errno) { _ = try FileStatus.of(new, at: directory) } catch {
      guard error == .notFound else { throw error }
      return try rename(old, to: new, in: directory)
    }
    throw .exists
  }

  /// Gives a file another name; a link at the end of the old one is not followed.
  package static func link(
    _ old: FileName, in oldDirectory: Int32, as new: FileName, in newDirectory: Int32
  ) throws(Errno) {
    try check(
      unsafe old.withCString { old in
        unsafe new.withCString { unsafe linkat(oldDirectory, old, newDirectory, $0, 0) }
      })
  }

  private static func check(_ status: Int32) throws(Errno) {
    guard status == 0 else { throw .current }
  }
}

/// Makes a device, fifo or socket; no other type may be asked for.
package func makeNode(
  _ name: FileName, _ type: FileType, major: UInt32, minor: UInt32, in directory: Int32
) throws(Errno) {
  let bits: UInt32 =
    switch type {
    case .characterDevice: S_IFCHR
    case .blockDevice: S_IFBLK
    case .fifo: S_IFIFO
    case .socket: S_IFSOCK
    case .regular, .directory, .symbolicLink: preconditionFailure("not a node")
    }
  let status = unsafe name.withCString {
    unsafe clinux_mknodat(directory, $0, bits | 0o600, major, minor)
  }
  guard status == 0 else { throw .current }
}

/// A path without links in it; nil if there is no such file.
package func realPath(_ path: FilePath) -> FilePath? {
  unsafe path.withCString { path in
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe FilePath(Array(UnsafeRawBufferPointer(start: resolved, count: strlen(resolved))))
  }
}
