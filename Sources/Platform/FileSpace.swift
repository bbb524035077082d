// How the data of open files lies on the disk and in memory: copies, holes, caching.

import CLinux
import Glibc

extension Descriptor {
  /// Copies a range of another file to the same place here, sharing the blocks where the file
  /// system can; answers the count, less than asked for only at the end of the other file.
  ///
  /// - Throws: `Errno`, such as `crossDevice` where the two must be copied by reading and writing.
  package borrowing func copyRange(
    of source: borrowing Descriptor, at offset: Int64, count: Int64
  ) throws(Errno) -> Int64 {
    var done: Int64 = 0
    let target = raw
    let origin = source.raw
    while done < count {
      var from = offset + done
      var to = offset + done
      let size = min(Int(count - done), 1 << 30)
      let copied = retrying {
        unsafe clinux_copy_file_range(origin, &from, target, &to, size)
      }
      if copied < 0 { throw .current }
      if copied == 0 { break }
      done += Int64(copied)
    }
    return done
  }

  /// Makes this empty file a clone of another one that shares its blocks; false where the file
  /// system has no such thing.
  package borrowing func clone(_ source: borrowing Descriptor) -> Bool {
    clinux_clone(raw, source.raw) == 0
  }

  /// Locks the file for this process until it is closed; false if another process has it locked.
  package borrowing func tryLock() -> Bool {
    let raw = raw
    return retrying { flock(raw, LOCK_EX | LOCK_NB) } == 0
  }

  /// Makes a range of the file a hole; the size stays.
  package borrowing func punchHole(_ range: Range<UInt64>) throws(Errno) {
    guard !range.isEmpty else { return }
    let offset = Int64(range.lowerBound)
    let length = Int64(range.upperBound) - offset
    let raw = raw
    if retrying({ clinux_punch_hole(raw, offset, length) }) != 0 { throw .current }
  }

  /// Gives the file blocks on the disk, up to a size that it has from then on if it was smaller.
  ///
  /// - Throws: `Errno`, `notSupported` where the file system cannot do that.
  package borrowing func reserve(_ size: Int) throws(Errno) {
    let raw = raw
    if retrying({ clinux_fallocate(raw, 0, 0, Int64(size)) }) != 0 { throw .current }
  }

  /// Tells the kernel that the file is going to be read from its beginning to its end.
  package borrowing func expectSequentialReading() {
    posix_fadvise(raw, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  /// Tells the kernel that a range will not be needed again.
  package borrowing func dropFromMemory(_ range: Range<UInt64>) {
    posix_fadvise(
      raw, off_t(range.lowerBound), off_t(range.upperBound - range.lowerBound),
      POSIX_FADV_DONTNEED)
  }
}
