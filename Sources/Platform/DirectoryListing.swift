// The names in a directory, sorted as bytes. All names lie in one buffer, so a million of them cost
// their bytes and an offset each.

import CLinux
import Glibc

/// The sorted names of a directory.
@safe
package final class DirectoryListing: @unchecked Sendable {
  // Every name with a NUL behind it.
  private let names: UnsafeMutablePointer<CChar>
  private let offsets: [UInt32]

  /// The number of names.
  package var count: Int { offsets.count }

  /// Reads all names of an open directory, without `.` and `..`.
  package init(of directory: borrowing Descriptor) throws(Errno) {
    var capacity = 32 << 10
    var names = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
    var used = 0
    var offsets: [UInt32] = []
    let scratch = OwnedBuffer(capacity: 64 << 10)
    do throws(Errno) {
      while true {
        let size = unsafe clinux_getdents64(directory.raw, scratch.pointer, scratch.capacity)
        if size < 0 { throw .current }
        if size == 0 { break }
        if used + size > capacity {
          capacity = max(capacity * 2, used + size)
          let larger = UnsafeMutablePointer<CChar>.allocate(capacity: capacity)
          unsafe larger.update(from: names, count: used)
          unsafe names.deallocate()
          unsafe names = larger
        }
        unsafe Self.take(scratch.pointer, size, into: names, &used, &offsets)
        if used > Int(UInt32.max) - (64 << 10) { throw Errno(EOVERFLOW) }
      }
    } catch {
      unsafe names.deallocate()
      throw error
    }
    offsets.sort { unsafe strcmp(names + Int($0), names + Int($1)) < 0 }
    unsafe self.names = names
    self.offsets = offsets
  }

  // struct linux_dirent64: u64 inode, i64 offset, u16 length, u8 type, name. A name is shorter than
  // its record, so what a record gives fits where the records' size fits.
  private static func take(
    _ records: UnsafeMutableRawPointer, _ size: Int, into names: UnsafeMutablePointer<CChar>,
    _ used: inout Int, _ offsets: inout [UInt32]
  ) {
    var position = 0
    while position + 19 < size {
      let record = unsafe records + position
      let length = unsafe Int(record.load(fromByteOffset: 16, as: UInt16.self))
      let name = unsafe (record + 19).assumingMemoryBound(to: CChar.self)
      let count = unsafe strlen(name)
      let isDots =
        unsafe (count == 1 && name[0] == 0x2e)
        || (count == 2 && name[0] == 0x2e && name[1] == 0x2e)
      if !isDots {
        unsafe (names + used).update(from: name, count: count + 1)
        offsets.append(UInt32(used))
        used += count + 1
      }
      position += max(length, 20)
    }
  }

  deinit { unsafe names.deallocate() }

  /// A name as C has it; valid as long as the listing.
  @unsafe
  package func cName(_ index: Int) -> UnsafePointer<CChar> {
    unsafe UnsafePointer(names + Int(offsets[index]))
  }

  /// A name.
  package func name(_ index: Int) -> FileName {
    let name = unsafe cName(index)
    return unsafe FileName(
      unchecked: Array(UnsafeRawBufferPointer(start: name, count: strlen(name))))
  }
}
