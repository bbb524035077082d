// Extended attributes, read and set by descriptor where there is one and by path where there can
// be none (links, devices).

import CLinux
import Glibc

/// Where extended attributes are read or set.
package enum AttributeTarget {
  case descriptor(Int32)
  /// A path; a link at its end is not followed.
  case path(FilePath)

  /// A name in an open directory, by way of `/proc`, as there is no call for that.
  package static func name(_ name: FileName, at directory: Int32) -> AttributeTarget {
    .path(FilePath("/proc/self/fd/\(directory)").appending(name))
  }

  /// The names of all attributes, ascending; none where the file system has none.
  package func names() throws(Errno) -> [[UInt8]] {
    let list = unsafe try grow { (buffer) throws(Errno) in unsafe self.list(buffer) }
    guard let list, !list.isEmpty else { return [] }
    let sorted = list.split(separator: 0).map { Array($0) }
      .sorted { $0.lexicographicallyPrecedes($1) }
    // Network file systems have named one twice.
    let names = sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }
    return names.map { sorted[$0] }.filter { !Self.isAlias($0, among: sorted) }
  }

  /// Whether an attribute is another among these under the name that XFS has for its own way to
  /// keep it; to take it away would take away the other.
  package static func isAlias(_ name: [UInt8], among names: [[UInt8]]) -> Bool {
    guard name.starts(with: aliasPrefix) else { return false }
    return aliases.contains { own, usual in name == own && names.contains(usual) }
  }

  private static let aliasPrefix = Array("trusted.SGI_ACL_".utf8)
  private static let aliases = [
    ("trusted.SGI_ACL_FILE", "system.posix_acl_access"),
    ("trusted.SGI_ACL_DEFAULT", "system.posix_acl_default"),
  ].map { (Array($0.utf8), Array($1.utf8)) }

  /// The value of an attribute; nil where there is no such one, or not any more.
  package func value(of name: [UInt8]) throws(Errno) -> [UInt8]? {
    unsafe try grow { (buffer) throws(Errno) in unsafe self.get(name, buffer) }
  }

  /// All attributes, ascending by name; none where the file system has none.
  package func attributes() throws(Errno) -> [(name: [UInt8], value: [UInt8])] {
    var found: [(name: [UInt8], value: [UInt8])] = []
    for name in try names() {
      // One that vanished meanwhile is not there.
      if let value = try value(of: name) { found.append((name, value)) }
    }
    return found
  }

  /// Sets an attribute.
  package func set(_ name: [UInt8], to value: [UInt8]) throws(Errno) {
    let status = unsafe withNullTerminated(name) { name in
      switch self {
      case .descriptor(let raw): unsafe clinux_fsetxattr(raw, name, value, value.count)
      case .path(let path):
        unsafe path.withCString { unsafe clinux_lsetxattr($0, name, value, value.count) }
      }
    }
    guard status == 0 else { throw .current }
  }

  /// Takes an attribute away.
  package func remove(_ name: [UInt8]) throws(Errno) {
    let status = unsafe withNullTerminated(name) { name in
      switch self {
      case .descriptor(let raw): unsafe clinux_fremovexattr(raw, name)
      case .path(let path): unsafe path.withCString { unsafe clinux_lremovexattr($0, name) }
      }
    }
    guard status == 0 else { throw .current }
  }

  private func list(_ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    unsafe buffer.withMemoryRebound(to: CChar.self) { buffer in
      switch self {
      case .descriptor(let raw): unsafe clinux_flistxattr(raw, buffer.baseAddress, buffer.count)
      case .path(let path):
        unsafe path.withCString { unsafe clinux_llistxattr($0, buffer.baseAddress, buffer.count) }
      }
    }
  }

  private func get(_ name: [UInt8], _ buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    unsafe withNullTerminated(name) { name in
      switch self {
      case .descriptor(let raw):
        unsafe clinux_fgetxattr(raw, name, buffer.baseAddress, buffer.count)
      case .path(let path):
        unsafe path.withCString {
          unsafe clinux_lgetxattr($0, name, buffer.baseAddress, buffer.count)
        }
      }
    }
  }

  // Asks with a small buffer on the stack first, which nearly always does; then with the largest
  // that Linux knows. Nil where there is no such thing.
  private func grow(
    _ ask: (UnsafeMutableBufferPointer<UInt8>) throws(Errno) -> Int
  ) throws(Errno) -> [UInt8]? {
    for capacity in [256, 64 << 10] {
      var outcome: Result<[UInt8]?, Errno> = .success(nil)
      unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { buffer in
        do throws(Errno) {
          let count = try unsafe ask(buffer)
          if count >= 0 {
            outcome = .success(unsafe Array(buffer[0..<count]))
          } else {
            outcome = .failure(.current)
          }
        } catch { outcome = .failure(error) }
      }
      switch outcome {
      case .success(let value): return value
      case .failure(let error):
        if error == Errno(ERANGE) && capacity == 256 { continue }
        if error == .noData || error == .notSupported || error == .noSystemCall { return nil }
        throw error
      }
    }
    throw Errno(E2BIG)
  }
}
