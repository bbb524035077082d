// Block devices as sources: what is on a disk, a partition or a logical volume.

import Glibc

/// A block device to be read.
package enum BlockDevice {
  /// The status of the block device that a name in a directory stands for, itself or through
  /// links; nil for anything else, and where that cannot be found out.
  package static func status(_ name: FileName, at directory: Int32) -> FileStatus? {
    let status = try? unsafe name.withCString { (name) throws(Errno) in
      try unsafe FileStatus.of(name, at: directory, flags: 0)
    }
    return status?.type == .blockDevice ? status : nil
  }

  /// Opens a block device for reading.
  ///
  /// What it is is known before it is opened: opening a fifo would wait, and opening some other
  /// devices does something. Links are followed.
  /// - Throws: `notBlockDevice` (`ENOTBLK`) for anything else, and what the system says.
  package static func open(
    _ name: FileName, at directory: Int32
  ) throws(Errno) -> Descriptor {
    let held = unsafe name.withCString { name in
      retrying { unsafe Glibc.openat(directory, name, Descriptor.passage | O_CLOEXEC) }
    }
    guard held >= 0 else { throw .current }
    let place = Descriptor(owning: held)
    guard try FileStatus.of(place.raw).type == .blockDevice else { throw .notBlockDevice }
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK
    let raw = retrying { unsafe Glibc.open("/proc/self/fd/\(place.raw)", flags) }
    guard raw >= 0 else { throw .current }
    return Descriptor(owning: raw)
  }

  /// The size in bytes of one that is open.
  package static func size(of device: borrowing Descriptor) throws(Errno) -> UInt64 {
    let end = lseek(device.raw, 0, SEEK_END)
    guard end >= 0 else { throw .current }
    return UInt64(end)
  }
}
