// Flags that keep files from being changed, for files with several names: a file that must not be
// changed gets no more names, so all of them come first. However many there are, memory stays small.

import Platform
import Vault

/// The files that get their protecting flags at the end of a restore; safe on any thread.
final class LateProtections: @unchecked Sendable {
  private let lock = Lock()
  // Guarded by the lock: flags and path by number.
  private let files = TemporaryMap()
  private var count: UInt64 = 0

  /// Notes a file under its first name.
  func add(_ flags: UInt32, to group: LinkGroup) throws(VaultError) {
    var value = ByteWriter()
    value.u32(flags)
    value.raw(PathChain(group.name, in: group.directory).relativePath.bytes)
    try lock.withLock { () throws(VaultError) in
      try files.set(TemporaryMap.key(count), to: value.bytes)
      count += 1
    }
  }

  /// Hands out what was noted: flags, and the names on the way to the file.
  func forEach(_ body: (UInt32, [FileName]) -> Void) throws(VaultError) {
    for number in 0..<lock.withLock({ count }) {
      let value = try lock.withLock { () throws(VaultError) in
        try files.get(TemporaryMap.key(number))
      }
      guard let value else { continue }
      var reader = unsafe ByteReader(value.span.bytes)
      guard let flags = try? reader.u32() else { continue }
      body(flags, FilePath(Array(value[reader.offset...])).components)
    }
  }
}
