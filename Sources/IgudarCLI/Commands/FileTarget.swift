// A file that the output of a command goes into.

import Glibc
import Igudar
import Platform

/// A file that is written anew; its holes stay holes.
///
/// What is no regular file, as a pipe, gets all bytes in order, zeros for holes.
struct FileTarget: DumpTarget, ~Copyable {
  private let path: FilePath
  private let file: Descriptor
  private let isStream: Bool
  private var offset: Int64 = 0
  private var failure: Errno?

  init(_ path: FilePath) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    } catch { throw .system(error) }
    // Pipes have no offsets, and a disk keeps what it has where a hole would be.
    isStream = (try? FileStatus.of(file.raw).type) != .regular
  }

  mutating func write(_ bytes: RawSpan) -> Bool {
    let start = offset
    guard pass(UInt64(bytes.byteCount)) else { return false }
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(Errno) {
        if isStream {
          try unsafe file.write(bytes)
        } else {
          try unsafe file.write(bytes, at: start)
        }
      } catch { failure = error }
    }
    return failure == nil
  }

  mutating func writeHole(_ length: UInt64) -> Bool {
    isStream ? writeZeros(length) : pass(length)
  }

  // No file reaches beyond what an offset can say.
  private mutating func pass(_ length: UInt64) -> Bool {
    guard length <= UInt64(Int64.max - offset) else {
      failure = .tooLarge
      return false
    }
    offset += Int64(length)
    return true
  }

  /// Gives the file its size; throws when it is not whole.
  consuming func finish(_ isWhole: Bool) throws(Failure) {
    if let failure { throw .system(SystemError("write", failure, path)) }
    guard isWhole else { throw .interrupted }
    do throws(Errno) {
      if !isStream { try file.truncate(to: offset) }
      try file.sync()
    } catch {
      // What keeps nothing has nothing to sync.
      guard !isStream || error != .invalid else { return }
      throw .system(SystemError("write", error, path))
    }
  }
}
