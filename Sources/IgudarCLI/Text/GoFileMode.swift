// File modes as Go's `os.FileMode` has them: restic's JSON holds these numbers, and its listings this
// text. The permission bits are those of Linux; what is above them is Go's own.

import Igudar

/// A file mode in Go's numbers.
struct GoFileMode: Equatable, Sendable {
  let bits: UInt32

  /// The mode of an entry: its type, and the low 12 bits of `st_mode`.
  init(_ type: EntryType, mode: UInt16) {
    var bits = UInt32(mode) & 0o777
    for (flag, own) in [(UInt16(0o4000), 23), (0o2000, 22), (0o1000, 20)] where mode & flag != 0 {
      bits |= UInt32(1) << UInt32(own)
    }
    for bit in Self.typeBits(type) { bits |= 1 << bit }
    self.bits = bits
  }

  private static func typeBits(_ type: EntryType) -> [UInt32] {
    switch type {
    case .file: []
    case .directory: [31]
    case .symbolicLink: [27]
    case .blockDevice: [26]
    case .characterDevice: [26, 21]
    case .fifo: [25]
    case .socket: [24]
    }
  }

  /// As Go prints it: `drwxr-xr-x`, `-rw-r--r--`, `Lrwxrwxrwx`, `Dcrw-rw-rw-`.
  var text: String {
    var bytes: [UInt8] = []
    for (index, letter) in "dalTLDpSugct?".utf8.enumerated()
    where bits & 1 << UInt32(31 - index) != 0 {
      bytes.append(letter)
    }
    if bytes.isEmpty { bytes.append(UInt8(ascii: "-")) }
    for (index, letter) in "rwxrwxrwx".utf8.enumerated() {
      bytes.append(bits & 1 << UInt32(8 - index) != 0 ? letter : UInt8(ascii: "-"))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

extension EntryType {
  /// restic's word for it.
  var word: String {
    switch self {
    case .file: "file"
    case .directory: "dir"
    case .symbolicLink: "symlink"
    case .blockDevice: "dev"
    case .characterDevice: "chardev"
    case .fifo: "fifo"
    case .socket: "socket"
    }
  }
}
