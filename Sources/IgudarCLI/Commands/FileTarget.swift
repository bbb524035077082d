// A file that the output of a command goes into.

import Glibc
import Igudar
import Platform

/// A file that is written anew; its holes stay holes.
struct FileTarget: DumpTarget, ~Copyable {
  private let path: FilePath
  private let file: Descriptor
  private var offset: UInt64 = 0
  private var failure: Errno?

  init(_ path: FilePath) throws(Failure) {
    self.path = path
    do throws(SystemError) {
      file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    } catch { throw .system(error) }
  }

  mutating func write(_ bytes: RawSpan) -> Bool {
    unsafe bytes.withUnsafeBytes { bytes in
      do throws(Errno) { try unsafe file.write(bytes, at: Int64(offset)) } catch {
        failure = error
      }
    }
    offset += UInt64(bytes.byteCount)
    return failure == nil
  }

  mutating func writeHole(_ length: UInt64) -> Bool {
    offset += length
    return true
  }

  /// Gives the file its size; throws when it is not whole.
  consuming func finish(_ isWhole: Bool) throws(Failure) {
    if let failure { throw .system(SystemError("write", failure, path)) }
    guard isWhole else { throw .interrupted }
    do throws(Errno) {
      try file.truncate(to: Int64(offset))
      try file.sync()
    } catch { throw .system(SystemError("write", error, path)) }
  }
}
