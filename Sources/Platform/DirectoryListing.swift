// The names in a directory, sorted as bytes. All names lie in one buffer, so a million of them cost
// their bytes and some 25 bytes each while they are sorted, 6 bytes each afterwards.
//
// Invariant: names ascend strictly. A directory that is changed while it is read may tell a name
// twice; it is listed once.

import CLinux
import Glibc
import Synchronization

/// The sorted names of a directory.
@safe
package final class DirectoryListing: @unchecked Sendable {
  // Every name with its type before it and a NUL behind it.
  private let names: NameMemory
  private let offsets: [UInt32]

  /// The number of names.
  package var count: Int { offsets.count }

  /// Reads all names of an open directory, without `.` and `..`.
  package init(of directory: borrowing Descriptor) throws(Errno) {
    var names = NameMemory()
    var keys: [NameKey] = []
    let scratch = ListingScratch.take()
    defer { ListingScratch.giveBack(scratch) }
    if lseek(directory.raw, 0, SEEK_SET) < 0 { throw .current }
    while true {
      let raw = directory.raw
      let size = retrying { unsafe clinux_getdents64(raw, scratch.pointer, scratch.capacity) }
      if size < 0 { throw .current }
      if size == 0 { break }
      let records = unsafe UnsafeRawBufferPointer(start: scratch.pointer, count: size)
      try unsafe Self.take(records, into: &names, &keys)
    }
    unsafe keys.withUnsafeMutableBufferPointer { unsafe NameKey.sort($0, names.start, depth: 0) }
    offsets = Self.distinct(keys, names)
    names.fit()
    self.names = names
  }

  // struct linux_dirent64: u64 inode, i64 offset, u16 length, u8 type, name with a NUL.
  @unsafe
  private static func take(
    _ records: UnsafeRawBufferPointer, into names: inout NameMemory, _ keys: inout [NameKey]
  ) throws(Errno) {
    guard var record = records.baseAddress else { return }
    let end = unsafe record + records.count
    while unsafe record < end {
      let name = unsafe (record + 19).assumingMemoryBound(to: CChar.self)
      let count = unsafe strlen(name)
      if unsafe !isDots(name, count) {
        let type = unsafe record.load(fromByteOffset: 18, as: UInt8.self)
        let offset = try unsafe names.append(type, name, count)
        keys.append(NameKey(offset: offset))
      }
      unsafe record += Int(record.load(fromByteOffset: 16, as: UInt16.self))
    }
  }

  private static func isDots(_ name: UnsafePointer<CChar>, _ count: Int) -> Bool {
    unsafe count <= 2 && name[0] == 0x2e && (count == 1 || name[1] == 0x2e)
  }

  private static func distinct(_ keys: [NameKey], _ names: borrowing NameMemory) -> [UInt32] {
    var offsets: [UInt32] = []
    offsets.reserveCapacity(keys.count)
    for key in keys {
      if let last = offsets.last,
        unsafe strcmp(names.start + Int(last), names.start + Int(key.offset)) == 0
      {
        continue
      }
      offsets.append(key.offset)
    }
    return offsets
  }

  /// A name as C has it; valid as long as the listing.
  @unsafe
  package func cName(_ index: Int) -> UnsafePointer<CChar> {
    unsafe UnsafePointer(names.start + Int(offsets[index]))
  }

  /// The bytes of a name; valid as long as the listing.
  @unsafe
  package func bytes(_ index: Int) -> UnsafeRawBufferPointer {
    let name = unsafe cName(index)
    return unsafe UnsafeRawBufferPointer(start: name, count: strlen(name))
  }

  /// A name.
  package func name(_ index: Int) -> FileName {
    unsafe FileName(unchecked: Array(bytes(index)))
  }

  /// What the directory says of a name's type, nil where it does not say.
  package func type(_ index: Int) -> FileType? {
    switch unsafe names.start[Int(offsets[index]) - 1] {
    case 1: .fifo
    case 2: .characterDevice
    case 4: .directory
    case 6: .blockDevice
    case 8: .regular
    case 10: .symbolicLink
    case 12: .socket
    default: nil
    }
  }
}

/// Memory that the kernel tells names into, used again: taking it from the system and giving it back
/// takes longer than most directories.
private enum ListingScratch {
  private static let spare = Mutex<[Buffer]>([])
  private static let size = 64 << 10
  private static let spareLimit = 4

  static func take() -> Buffer {
    spare.withLock { $0.popLast() } ?? Buffer(capacity: size)
  }

  static func giveBack(_ buffer: Buffer) {
    spare.withLock { if $0.count < spareLimit { $0.append(buffer) } }
  }
}

/// Memory that names are added to.
@safe
private struct NameMemory: ~Copyable {
  @unsafe private(set) var start: UnsafeMutablePointer<CChar>
  private var capacity = 0
  private var used = 0

  init() { unsafe start = Self.grown(nil, to: 0) }

  deinit { unsafe free(start) }

  // The kernel moves large blocks without copying them.
  private static func grown(
    _ start: UnsafeMutablePointer<CChar>?, to size: Int
  ) -> UnsafeMutablePointer<CChar> {
    guard let memory = unsafe realloc(start, max(size, 1)) else {
      preconditionFailure("out of memory")
    }
    return unsafe memory.assumingMemoryBound(to: CChar.self)
  }

  /// Adds a type and a name, and answers where the name is.
  mutating func append(
    _ type: UInt8, _ name: UnsafePointer<CChar>, _ count: Int
  ) throws(Errno) -> UInt32 {
    guard let offset = UInt32(exactly: used + 1) else { throw Errno(EOVERFLOW) }
    let size = count + 2
    if used + size > capacity {
      capacity = max(4096, capacity * 2, used + size)
      unsafe start = Self.grown(start, to: capacity)
    }
    unsafe start[used] = CChar(bitPattern: type)
    unsafe (start + used + 1).update(from: name, count: count + 1)
    used += size
    return offset
  }

  /// Gives back what is not used: most directories are small, and a backup knows a thousand of them
  /// ahead of what it is at.
  mutating func fit() {
    capacity = used
    unsafe start = Self.grown(start, to: used)
  }
}

/// Where a name is, and eight of its bytes as a number that orders as they do.
private struct NameKey {
  var word: UInt64 = 0
  let offset: UInt32

  init(offset: UInt32) { self.offset = offset }

  /// Sorts names that are equal up to a depth; recurs once for every eight bytes of a name.
  @unsafe
  static func sort(
    _ all: UnsafeMutableBufferPointer<NameKey>, _ names: UnsafePointer<CChar>, depth: Int
  ) {
    var keys = unsafe all
    for index in keys.indices {
      unsafe keys[index].word = word(of: names + Int(keys[index].offset) + depth)
    }
    unsafe keys.sort { $0.word < $1.word }
    var first = 0
    while first < keys.count {
      let word = unsafe keys[first].word
      var end = first + 1
      while unsafe end < keys.count && keys[end].word == word { end += 1 }
      // A last byte of zero is the end of the name, so those are equal altogether.
      if end - first > 1, word & 0xff != 0 {
        let equal = unsafe UnsafeMutableBufferPointer(rebasing: keys[first..<end])
        unsafe sort(equal, names, depth: depth + 8)
      }
      first = end
    }
  }

  // Reads no byte behind the name's NUL.
  private static func word(of name: UnsafePointer<CChar>) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<8 {
      let byte = unsafe UInt8(bitPattern: name[index])
      if byte == 0 { return word << UInt64(8 * (8 - index)) }
      word = word << 8 | UInt64(byte)
    }
    return word
  }
}
