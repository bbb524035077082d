// Opening paths that others have chosen: whatever they say and whoever changes the folders meanwhile,
// what is opened lies below the directory.

import CLinux
import Glibc

extension Descriptor {
  /// Opens a path below a directory, close-on-exec always.
  ///
  /// No link on the way or at the end is followed, and no `..` leads out.
  package static func openBeneath(
    _ path: FilePath, _ flags: Int32, mode: UInt32 = 0o600, at directory: Int32
  ) throws(Errno) -> Descriptor {
    let flags = flags | O_CLOEXEC | O_NOFOLLOW
    let isMaking = flags & O_CREAT != 0
    // RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, RESOLVE_NO_MAGICLINKS.
    let resolve: UInt64 = 0x08 | 0x04 | 0x02
    let raw = unsafe path.withCString { path in
      retrying {
        unsafe clinux_openat2(
          directory, path, UInt64(flags), isMaking ? UInt64(mode) : 0, resolve)
      }
    }
    if raw >= 0 { return Descriptor(owning: raw) }
    // Kernels before 5.6, and sandboxes that never heard of the call.
    guard Errno.current == .noSystemCall || Errno.current == .notPermitted else { throw .current }
    return try openByName(path, flags, mode, at: directory)
  }

  /// The same, one name at a time.
  static func openByName(
    _ path: FilePath, _ flags: Int32, _ mode: UInt32, at directory: Int32
  ) throws(Errno) -> Descriptor {
    guard !path.isAbsolute else { throw .crossDevice }
    let names = path.components
    guard names.allSatisfy({ $0.bytes != [0x2e, 0x2e] }) else { throw .crossDevice }
    guard let last = names.last else { return try openName(".", flags, mode, at: directory) }
    var folder = try openName(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, at: directory)
    for name in names.dropLast() {
      let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
      folder = try openName(FilePath(name.bytes), flags, 0, at: folder.raw)
    }
    return try openName(FilePath(last.bytes), flags, mode, at: folder.raw)
  }

  private static func openName(
    _ name: FilePath, _ flags: Int32, _ mode: UInt32, at directory: Int32
  ) throws(Errno) -> Descriptor {
    do throws(SystemError) {
      return try open(name, flags, mode: mode, at: directory)
    } catch { throw error.errno }
  }
}
