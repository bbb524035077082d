// Where a file has data and where holes, as SEEK_DATA and SEEK_HOLE tell.

import CLinux
import Glibc

/// The stretches of an open file that hold data, in order; each is found when it is asked for, as a
/// file can have any number of them.
///
/// A file system that cannot tell says that all is data.
package struct DataStretches {
  private let descriptor: Int32
  private let size: UInt64
  private var position: UInt64

  /// Those between an offset and a size; the descriptor must stay open.
  package init(of descriptor: Int32, size: UInt64, from start: UInt64 = 0) {
    self.descriptor = descriptor
    self.size = size
    position = start
  }

  /// The next stretch; nil if there is only a hole from here on, or nothing.
  package mutating func next() throws(Errno) -> Range<UInt64>? {
    while position < size {
      let found = clinux_seek_data(descriptor, Int64(position))
      if found < 0 {
        // ENXIO: nothing but a hole from here on.
        guard errno != ENXIO else { return end(nil) }
        guard errno == EINVAL || errno == EOPNOTSUPP else { throw .current }
        return end(position..<size)
      }
      let hole = clinux_seek_hole(descriptor, found)
      // It was cut short just now.
      guard hole >= 0 || errno != ENXIO else { return end(nil) }
      guard hole >= 0 else { throw .current }
      let stretch = min(UInt64(found), size)..<min(UInt64(hole), size)
      position = UInt64(hole) > position ? UInt64(hole) : size
      if !stretch.isEmpty { return stretch }
    }
    return nil
  }

  private mutating func end(_ last: Range<UInt64>?) -> Range<UInt64>? {
    position = size
    return last
  }
}
