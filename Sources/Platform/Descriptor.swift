// An open file, closed when its owner ends. Calls that a signal interrupted are made again.

import CLinux
import Glibc
import Synchronization

/// Owns a file descriptor.
public struct Descriptor: ~Copyable, Sendable {
  package let raw: Int32

  /// Takes over a descriptor.
  package init(owning raw: Int32) { self.raw = raw }

  deinit { _ = Glibc.close(raw) }

  /// Opens a path, relative to a directory's descriptor; close-on-exec always.
  package static func open(
    _ path: FilePath, _ flags: Int32, mode: UInt32 = 0o600, at directory: Int32 = AT_FDCWD
  ) throws(SystemError) -> Descriptor {
    let raw = unsafe path.withCString { path in
      retrying { unsafe Glibc.openat(directory, path, flags | O_CLOEXEC, mode) }
    }
    guard raw >= 0 else { throw SystemError("open", .current, path) }
    return Descriptor(owning: raw)
  }

  /// Opens a name in a directory for reading without touching its access time where that is
  /// permitted; never follows a link and never waits.
  package static func openSource(
    _ name: FileName, at directory: Int32, flags: Int32 = 0
  ) throws(Errno) -> Descriptor {
    let raw = unsafe name.withCString { unsafe sourceDescriptor($0, directory, flags) }
    guard raw >= 0 else { throw .current }
    return Descriptor(owning: raw)
  }

  /// The same for a C name, without allocation.
  @unsafe
  package static func openSource(
    _ name: UnsafePointer<CChar>, at directory: Int32, flags: Int32 = 0
  ) throws(Errno) -> Descriptor {
    let raw = unsafe sourceDescriptor(name, directory, flags)
    guard raw >= 0 else { throw .current }
    return Descriptor(owning: raw)
  }

  private static func sourceDescriptor(
    _ name: UnsafePointer<CChar>, _ directory: Int32, _ flags: Int32
  ) -> Int32 {
    let flags = flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY
    let quiet = retrying { unsafe Glibc.openat(directory, name, flags | clinux_O_NOATIME) }
    guard quiet < 0, errno == EPERM else { return quiet }
    return retrying { unsafe Glibc.openat(directory, name, flags) }
  }

  /// Opens a directory only to go through it, which needs no right to read; links are followed.
  package static func openPassage(
    _ name: FileName, at directory: Int32
  ) throws(Errno) -> Descriptor {
    let flags = passage | O_DIRECTORY | O_CLOEXEC
    let raw = unsafe name.withCString { name in
      retrying { unsafe Glibc.openat(directory, name, flags) }
    }
    guard raw >= 0 else { throw .current }
    return Descriptor(owning: raw)
  }

  /// The flag that opens a path without the right to read it.
  package static var passage: Int32 { clinux_O_PATH }

  /// Reads at an offset until the buffer is full or the file ends.
  @unsafe
  package borrowing func read(
    at offset: Int64, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    var filled = 0
    while filled < buffer.count {
      let want = min(buffer.count - filled, 1 << 30)
      let count = retrying {
        unsafe Glibc.pread(
          raw, buffer.baseAddress.map { unsafe $0 + filled }, want, off_t(offset) + filled)
      }
      if count < 0 { throw .current }
      if count == 0 { break }
      filled += count
    }
    return filled
  }

  /// Reads what is there next, 0 at the end.
  @unsafe
  package borrowing func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    let count = retrying {
      unsafe Glibc.read(raw, buffer.baseAddress, min(buffer.count, 1 << 30))
    }
    if count < 0 { throw .current }
    return count
  }

  /// Writes all of a buffer where the file stands.
  @unsafe
  package borrowing func write(_ buffer: UnsafeRawBufferPointer) throws(Errno) {
    var done = 0
    while done < buffer.count {
      let count = retrying {
        unsafe Glibc.write(
          raw, buffer.baseAddress.map { unsafe $0 + done }, min(buffer.count - done, 1 << 30))
      }
      if count <= 0 { throw count < 0 ? .current : .inputOutput }
      done += count
    }
  }

  /// Writes all of a buffer at an offset.
  @unsafe
  package borrowing func write(
    _ buffer: UnsafeRawBufferPointer, at offset: Int64
  ) throws(Errno) {
    var done = 0
    while done < buffer.count {
      let count = retrying {
        unsafe Glibc.pwrite(
          raw, buffer.baseAddress.map { unsafe $0 + done }, min(buffer.count - done, 1 << 30),
          off_t(offset) + done)
      }
      if count <= 0 { throw count < 0 ? .current : .inputOutput }
      done += count
    }
  }

  /// Waits until data and metadata are on stable storage.
  package borrowing func sync() throws(Errno) {
    if retrying({ Glibc.fsync(raw) }) != 0 { throw .current }
  }

  /// Waits until data, and what is needed to find it, is on stable storage.
  package borrowing func syncData() throws(Errno) {
    if retrying({ Glibc.fdatasync(raw) }) != 0 { throw .current }
  }

  /// Waits until all of the file system that the file is on is on stable storage.
  package borrowing func syncFileSystem() throws(Errno) {
    if clinux_syncfs(raw) != 0 { throw .current }
  }

  /// Cuts or grows the file.
  package borrowing func truncate(to size: Int64) throws(Errno) {
    if retrying({ Glibc.ftruncate(raw, off_t(size)) }) != 0 { throw .current }
  }
}

/// Makes a call again as long as a signal interrupts it; network file systems do that even with
/// `SA_RESTART`.
package func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// Renames within a directory only if the new name is free; 0 or −1 with `errno`.
package func renameWithoutReplacing(_ old: String, _ new: String, in directory: Int32) -> Int32 {
  unsafe clinux_renameat2(directory, old, directory, new, 1)
}

/// The target of a symbolic link in a directory.
package func readLink(_ name: FileName, at directory: Int32) throws(Errno) -> [UInt8] {
  var target: [UInt8] = []
  let count = unsafe name.withCString { name in
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
      guard let base = buffer.baseAddress else { return -1 }
      let count = unsafe readlinkat(directory, name, base, 4096)
      if count > 0 {
        target = unsafe Array(UnsafeRawBufferPointer(start: base, count: count))
      }
      return count
    }
  }
  guard count > 0 else { throw .current }
  return target
}

extension Descriptor {
  /// Makes a file that was not there, for writing by its owner alone.
  package static func createTemporary(
    _ name: FileName, at directory: Int32
  ) throws(SystemError) -> Descriptor {
    try open(
      FilePath(name.bytes), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, at: directory)
  }
}

extension FileName {
  /// Whether it is one that `temporaryFileName` makes.
  package var isTemporary: Bool {
    bytes.starts(with: ".igudar-".utf8) && bytes.count >= 24
      && bytes.dropFirst(8).allSatisfy { byte in
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
      }
  }
}

/// A name that nothing else has: `.igudar-` and digits that are random for every process.
package func temporaryFileName() -> FileName {
  let number = temporaryNames.count.wrappingAdd(1, ordering: .relaxed).newValue
  let digits =
    String(temporaryNames.first, radix: 36) + String(temporaryNames.second &+ number, radix: 36)
  return FileName(unchecked: Array(".igudar-\(digits)".utf8))
}

private let temporaryNames = TemporaryNames()

/// What names of temporary files are made of.
private final class TemporaryNames: Sendable {
  let first: UInt64
  let second: UInt64
  let count = Atomic<UInt64>(0)

  init() {
    var random: (UInt64, UInt64) = (0, 0)
    unsafe withUnsafeMutableBytes(of: &random) { _ = unsafe getentropy($0.baseAddress, $0.count) }
    // Large numbers, so that all names are about as long.
    (first, second) = (random.0 | 1 << 63, random.1 >> 1 | 1 << 62)
  }
}
