// Where a file has data and where holes, as SEEK_DATA and SEEK_HOLE tell.

import CLinux
import Glibc

/// The stretches of an open file that hold data, in order, up to a size.
///
/// A file system that cannot tell says that all is data.
package func dataStretches(of descriptor: Int32, size: UInt64) throws(Errno) -> [Range<UInt64>] {
  var stretches: [Range<UInt64>] = []
  var position: UInt64 = 0
  while position < size {
    let start = clinux_seek_data(descriptor, Int64(position))
    if start < 0 {
      // ENXIO: nothing but a hole from here on.
      if errno == ENXIO { break }
      if stretches.isEmpty, errno == EINVAL || errno == EOPNOTSUPP { return [0..<size] }
      throw .current
    }
    let end = clinux_seek_hole(descriptor, start)
    if end < 0 {
      // It was cut short just now.
      if errno == ENXIO { break }
      throw .current
    }
    let stretch = min(UInt64(start), size)..<min(UInt64(end), size)
    if !stretch.isEmpty { stretches.append(stretch) }
    guard UInt64(end) > position else { break }
    position = UInt64(end)
  }
  return stretches
}
