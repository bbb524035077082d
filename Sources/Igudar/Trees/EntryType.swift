// What an entry of a directory is. The numbers are those of FORMAT.md section 12.

/// The type of an entry.
public enum EntryType: UInt8, Hashable, Sendable, CaseIterable {
  /// A regular file.
  case file = 1
  /// A directory.
  case directory = 2
  /// A symbolic link.
  case symbolicLink = 3
  /// A character device.
  case characterDevice = 4
  /// A block device.
  case blockDevice = 5
  /// A named pipe.
  case fifo = 6
  /// A socket.
  case socket = 7
}
