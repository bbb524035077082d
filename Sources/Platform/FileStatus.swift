// What statx(2) says of a file.

import CLinux
import Glibc

/// What a file is.
public enum FileType: UInt8, Sendable {
  /// A regular file.
  case regular
  /// A directory.
  case directory
  /// A symbolic link.
  case symbolicLink
  /// A character device.
  case characterDevice
  /// A block device.
  case blockDevice
  /// A named pipe.
  case fifo
  /// A socket.
  case socket
}

/// Which file of the machine something is, while that file is there.
package struct FileIdentity: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64
}

/// What Linux says of a file.
package struct FileStatus: Hashable, Sendable {
  package var type: FileType
  /// The low 12 bits of `st_mode`.
  package var mode: UInt16
  package var uid: UInt32
  package var gid: UInt32
  /// In bytes.
  package var size: UInt64
  /// In units of 512 bytes.
  package var blocks: UInt64
  package var inode: UInt64
  /// Major and minor number of the file system's device in one.
  package var device: UInt64
  package var deviceMajor: UInt32
  package var deviceMinor: UInt32
  package var links: UInt32
  package var mtime: Timestamp
  package var ctime: Timestamp
  package var atime: Timestamp
  package var birthTime: Timestamp?
  /// The bits of `stx_attributes` that the file system supports.
  package var attributes: UInt64

  /// The status of an open file.
  package static func of(_ descriptor: Int32) throws(Errno) -> FileStatus {
    // 0x1000 is AT_EMPTY_PATH.
    try unsafe of("", at: descriptor, flags: 0x1000)
  }

  /// The status of a name in a directory; a link is not followed.
  package static func of(
    _ name: FileName, at directory: Int32
  ) throws(Errno) -> FileStatus {
    try unsafe name.withCString { (name) throws(Errno) in
      try unsafe of(name, at: directory, flags: AT_SYMLINK_NOFOLLOW)
    }
  }

  /// The status of a path; a link at its end is not followed.
  package static func of(_ path: FilePath) throws(Errno) -> FileStatus {
    try unsafe path.withCString { (path) throws(Errno) in
      try unsafe of(path, at: AT_FDCWD, flags: AT_SYMLINK_NOFOLLOW)
    }
  }

  /// The status of a C path, without allocation.
  @unsafe
  package static func of(
    _ path: UnsafePointer<CChar>, at directory: Int32, flags: Int32
  ) throws(Errno) -> FileStatus {
    var buffer = statx()
    // STATX_BASIC_STATS | STATX_BTIME; no automounts are triggered.
    let status = unsafe clinux_statx(directory, path, flags | 0x800, 0xfff, &buffer)
    guard status == 0 else { throw .current }
    guard let type = fileType(buffer.stx_mode) else { throw .invalid }
    return FileStatus(buffer, type)
  }

  private init(_ buffer: statx, _ type: FileType) {
    self.type = type
    mode = buffer.stx_mode & 0o7777
    uid = buffer.stx_uid
    gid = buffer.stx_gid
    size = buffer.stx_size
    blocks = buffer.stx_blocks
    inode = buffer.stx_ino
    device = UInt64(buffer.stx_dev_major) << 32 | UInt64(buffer.stx_dev_minor)
    deviceMajor = buffer.stx_rdev_major
    deviceMinor = buffer.stx_rdev_minor
    links = buffer.stx_nlink
    mtime = Timestamp(buffer.stx_mtime)
    ctime = Timestamp(buffer.stx_ctime)
    atime = Timestamp(buffer.stx_atime)
    birthTime = buffer.stx_mask & 0x800 != 0 ? Timestamp(buffer.stx_btime) : nil
    attributes = buffer.stx_attributes & buffer.stx_attributes_mask
  }

  private static func fileType(_ mode: UInt16) -> FileType? {
    switch UInt32(mode) & S_IFMT {
    case S_IFREG: .regular
    case S_IFDIR: .directory
    case S_IFLNK: .symbolicLink
    case S_IFCHR: .characterDevice
    case S_IFBLK: .blockDevice
    case S_IFIFO: .fifo
    case S_IFSOCK: .socket
    default: nil
    }
  }

  /// Which file it is, under whatever name.
  package var identity: FileIdentity { FileIdentity(device: device, inode: inode) }

  /// Whether this is the same file, under whatever name.
  package func isSameFile(as other: FileStatus) -> Bool {
    type == other.type && identity == other.identity
  }

  /// Whether nothing says that the content is another than it was at an earlier look.
  package func hasSameContent(as earlier: FileStatus) -> Bool {
    type == earlier.type && size == earlier.size && mtime == earlier.mtime
      && ctime == earlier.ctime && inode == earlier.inode && device == earlier.device
  }

  /// Whether something is mounted here, be it of the same file system; Linux tells since 5.8.
  package var isMountRoot: Bool { attributes & 0x2000 != 0 }

  /// Whether fewer blocks are there than the size needs, so that there may be holes.
  package var mayHaveHoles: Bool { blocks < size / 512 + (size % 512 == 0 ? 0 : 1) }
}

extension Timestamp {
  fileprivate init(_ time: statx_timestamp) {
    // A damaged inode can say more than there are.
    self.init(seconds: time.tv_sec, nanoseconds: min(time.tv_nsec, 999_999_999))
  }
}
