// Where the content of a file goes: a new file without a name or under a temporary one, a clone of the
// old one there, or, if that is what the user wants, the old one itself.

import Glibc
import Platform
import Synchronization

/// An open file that is written.
final class FileOutput: Sendable {
  private let file: SharedDescriptor
  /// Whether it holds what the old file holds.
  let sharesBase: Bool
  private let place: Place
  // Where the last byte ends that was written here.
  private let end = Atomic<UInt64>(0)
  // Whether somebody is writing; no more than a hint.
  private let isBusy = Atomic<Bool>(false)

  private enum Place {
    /// Where it lies it is patched.
    case final
    case temporary(Arrival)
    /// It has no name.
    case nowhere(Naming, RestoreDirectory, RestoreContext)
  }

  init(
    for entry: Entry, in directory: RestoreDirectory, over base: SharedDescriptor?,
    standing: FileStanding, context: RestoreContext
  ) throws(Errno) {
    if context.options.patchesInPlace, base != nil, case .compared(let status) = standing,
      let old = Self.openOld(entry, status, in: directory)
    {
      file = old
      sharesBase = true
      place = .final
      return
    }
    if case .absent = standing,
      let (made, naming) = try Self.makeNameless(in: directory, context)
    {
      file = made
      place = .nowhere(naming, directory, context)
    } else {
      let name = temporaryFileName()
      place = .temporary(Arrival(name: name, directory: directory, context: context))
      file = try directory.changing(context) { (raw) throws(Errno) in
        do throws(SystemError) {
          return SharedDescriptor(try Descriptor.createTemporary(name, at: raw))
        } catch { throw error.errno }
      }
      // Who finds it unlocked knows that nobody writes it any more.
      _ = file.descriptor.tryLock()
    }
    // Some flags can be set on an empty file only.
    let early = entry.inodeFlags & InodeFlags.early
    if early != 0 { try? InodeFlags.setFlags(early, of: file.descriptor.raw) }
    if let base { sharesBase = file.descriptor.clone(base.descriptor) } else { sharesBase = false }
  }

  private static func makeNameless(
    in directory: RestoreDirectory, _ context: RestoreContext
  ) throws(Errno) -> (SharedDescriptor, Naming)? {
    try directory.changing(context) { (raw) throws(Errno) in
      guard let naming = try directory.naming(context, raw) else { return nil }
      return (SharedDescriptor(try Descriptor.createNameless(in: raw)), naming)
    }
  }

  // Other names of the file would change with it, those outside the target too.
  private static func openOld(
    _ entry: Entry, _ status: FileStatus, in directory: RestoreDirectory
  ) -> SharedDescriptor? {
    guard status.links == 1, let raw = directory.openDirectory?.descriptor.raw else { return nil }
    let flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
    guard let file = try? Descriptor.open(FilePath(entry.name.bytes), flags, at: raw),
      (try? FileStatus.of(file.raw).isSameFile(as: status)) == true
    else { return nil }
    return SharedDescriptor(file)
  }

  /// Whether it is the old file itself.
  var isInPlace: Bool { if case .final = place { true } else { false } }

  var descriptor: Descriptor { _read { yield file.descriptor } }

  /// Writes bytes of the content, whoever else is writing.
  @unsafe
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
    isBusy.store(true, ordering: .relaxed)
    defer { isBusy.store(false, ordering: .relaxed) }
    try unsafe descriptor.write(bytes, at: Int64(offset))
    end.max(offset + UInt64(bytes.count), ordering: .relaxed)
  }

  /// Writes bytes of the content unless somebody else is writing, and answers whether it did.
  ///
  /// The kernel lets one thread at a time write a file: others would wait, and not idly, until it is
  /// done.
  @unsafe
  func writeUnlessBusy(
    _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(Errno) -> Bool {
    guard !isBusy.exchange(true, ordering: .relaxed) else { return false }
    try unsafe write(bytes, at: offset)
    return true
  }

  /// Gives it its size, once all is written; holes at the end were not.
  func end(at size: UInt64) throws(Errno) {
    if isNew && end.load(ordering: .relaxed) == size { return }
    try descriptor.truncate(to: Int64(size))
  }

  // Whether nothing is in it but what was written here.
  private var isNew: Bool { !isInPlace && !sharesBase }

  /// Makes a stretch a hole; only what holds older data has to be told.
  func makeHole(_ stretch: Range<UInt64>) throws(Errno) {
    guard sharesBase else { return }
    let size = try FileStatus.of(descriptor.raw).size
    let inside = min(stretch.lowerBound, size)..<min(stretch.upperBound, size)
    try descriptor.punchHole(inside)
  }

  /// Takes a stretch over from the old file.
  func copy(_ stretch: Range<UInt64>, of base: borrowing Descriptor) throws(Errno) {
    let offset = Int64(stretch.lowerBound)
    let end = Int64(stretch.upperBound)
    var done: Int64 = 0
    do throws(Errno) {
      done = try descriptor.copyRange(of: base, at: offset, count: end - offset)
    } catch {
      // Not every file system copies within itself.
      let cannot: [Errno] = [.crossDevice, .invalid, .noSystemCall, .notSupported]
      guard cannot.contains(error) else { throw error }
    }
    let buffer = OwnedBuffer(capacity: 1 << 20)
    while offset + done < end {
      let room = Int(min(Int64(buffer.capacity), end - offset - done))
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: room)
      let count = try unsafe base.read(at: offset + done, into: bytes)
      // It became shorter since it was compared.
      guard count > 0 else { throw .textBusy }
      let filled = unsafe UnsafeRawBufferPointer(rebasing: bytes.prefix(count))
      try unsafe write(filled, at: UInt64(offset + done))
      done += Int64(count)
    }
  }

  /// Gives the complete file its name.
  ///
  /// - Throws: `exists` if it replaces nothing and the name is taken.
  func settle(as name: FileName, replacing: Bool) throws(Errno) {
    switch place {
    case .final: break
    case .temporary(let arrival): try arrival.settle(as: name, replacing: replacing)
    case .nowhere(let naming, let directory, let context):
      // Where there was nothing there must not be anything now.
      precondition(!replacing, "a file without a name replaces nothing")
      try directory.changing(context) { (raw) throws(Errno) in
        try naming.name(descriptor, name, in: raw)
      }
    }
  }

  func discard() {
    if case .temporary(let arrival) = place { arrival.discard() }
  }
}
