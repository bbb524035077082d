// Where a file has data and where holes, as SEEK_DATA and SEEK_HOLE tell.

import CLinux
import Glibc

/// The stretches of an open file that hold data, in order, from an offset up to a size.
///
/// A file system that cannot tell says that all is data.
package func dataStretches(
  of descriptor: Int32, size: UInt64, from start: UInt64 = 0
) throws(Errno) -> [Range<UInt64>] {
  var stretches: [Range<UInt64>] = []
  var position = start
  while position < size {
    let found = clinux_seek_data(descriptor, Int64(position))
    if found < 0 {
      // ENXIO: nothing but a hole from here on.
      if errno == ENXIO { break }
      if stretches.isEmpty, errno == EINVAL || errno == EOPNOTSUPP { return [position..<size] }
      throw .current
    }
    let end = clinux_seek_hole(descriptor, found)
    if end < 0 {
      // It was cut short just now.
      if errno == ENXIO { break }
      throw .current
    }
    let stretch = min(UInt64(found), size)..<min(UInt64(end), size)
    if !stretch.isEmpty { stretches.append(stretch) }
    guard UInt64(end) > position else { break }
    position = UInt64(end)
  }
  return stretches
}
