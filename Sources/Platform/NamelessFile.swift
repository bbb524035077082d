// Files that have no name while they are written: of one whose writer is killed nothing is left, and to
// give one a name costs less than to change one. Not every file system has them, and not everybody may
// name them: where /proc/sys/fs/protected_hardlinks is set, a file of another user is named by those
// alone who have CAP_FOWNER.

import CLinux
import Glibc

extension Descriptor {
  /// Makes a file in a directory that has no name, for writing by its owner alone.
  ///
  /// - Throws: `notSupported` where the kernel or the file system has no such files.
  package static func createNameless(in directory: Int32) throws(Errno) -> Descriptor {
    let raw = retrying {
      unsafe Glibc.openat(
        directory, ".", clinux_O_TMPFILE | O_RDWR | O_CLOEXEC, mode_t(0o600))
    }
    if raw >= 0 { return Descriptor(owning: raw) }
    let error = Errno.current
    throw [.isDirectory, .invalid, .noSystemCall].contains(error) ? .notSupported : error
  }
}

/// How a file without a name gets one.
package enum Naming: Sendable {
  /// By its descriptor, which takes a capability before Linux 6.10.
  case byDescriptor
  /// By its descriptor's name in `/proc`.
  case byPath

  /// What works in a directory, also for files of others if they can be made; nil for nothing.
  ///
  /// It is tried with an empty file, which has a temporary name for a moment.
  package static func available(in directory: Int32) throws(Errno) -> Naming? {
    let file: Descriptor
    do throws(Errno) { file = try Descriptor.createNameless(in: directory) } catch {
      guard error == .notSupported else { throw error }
      return nil
    }
    // Where that is refused files are given to nobody.
    _ = fchown(file.raw, geteuid() &+ 1, getegid())
    let name = temporaryFileName()
    for naming in [Naming.byDescriptor, .byPath] {
      do throws(Errno) { try naming.name(file, name, in: directory) } catch { continue }
      try? DirectoryChange.remove(name, in: directory)
      return naming
    }
    return nil
  }

  /// Gives a file without a name one that is free.
  ///
  /// - Throws: `exists` if it is not.
  package func name(
    _ file: borrowing Descriptor, _ name: FileName, in directory: Int32
  ) throws(Errno) {
    let raw = file.raw
    let status = unsafe name.withCString { name in
      switch self {
      // 0x1000 is AT_EMPTY_PATH.
      case .byDescriptor: unsafe linkat(raw, "", directory, name, 0x1000)
      case .byPath:
        unsafe linkat(AT_FDCWD, "/proc/self/fd/\(raw)", directory, name, AT_SYMLINK_FOLLOW)
      }
    }
    if status != 0 { throw .current }
  }
}
