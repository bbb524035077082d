// An entry of a directory: one file, directory, link or device with all that Linux says about it.
// The model holds exactly what the encoding of FORMAT.md section 12 holds, so that
// decode(encode(x)) = x, and encode(decode(b)) = b for every b that is accepted.

public import Platform
package import Vault

/// One file, directory, link or device.
public struct Entry: Hashable, Sendable {
  /// The name in its directory; empty only for the root of a snapshot.
  public var name: FileName
  /// What it is, with what only this type has.
  public var kind: Kind
  /// The low 12 bits of `st_mode`.
  public var mode: UInt16
  /// The owner's user ID.
  public var uid: UInt32
  /// The owner's group ID.
  public var gid: UInt32
  /// When the content was changed last.
  public var mtime: Timestamp
  /// When the inode was changed last.
  public var ctime: Timestamp?
  /// When it was read last; recorded only on request.
  public var atime: Timestamp?
  /// When it was made.
  public var birthTime: Timestamp?
  /// The inode number, 0 if unknown.
  public var inode: UInt64
  /// How it is linked elsewhere; nil for directories and what has one name.
  public var hardLink: HardLink?
  /// The user's name, empty if unknown.
  public var user: [UInt8]
  /// The group's name, empty if unknown.
  public var group: [UInt8]
  /// The flags of `FS_IOC_GETFLAGS`.
  public var inodeFlags: UInt32
  /// The project ID for quotas.
  public var projectID: UInt32
  /// Extended attributes, strictly ascending by name.
  public var attributes: [ExtendedAttribute]
  /// Flags of FORMAT.md section 12; see `changedWhileRead` and `lacksAttributes`.
  public var flags: UInt64
  /// Fields of newer programs, kept as they are.
  package var unknown: [UnknownField]

  /// What an entry is.
  public enum Kind: Hashable, Sendable {
    /// A regular file.
    case file(File)
    /// A directory with its entries.
    case directory(Children)
    /// A symbolic link with its target, 1 to 4095 bytes without NUL.
    case symbolicLink(target: [UInt8])
    /// A character device.
    case characterDevice(DeviceNumber)
    /// A block device.
    case blockDevice(DeviceNumber)
    /// A named pipe.
    case fifo
    /// A socket.
    case socket
  }

  /// What only a regular file has.
  public struct File: Hashable, Sendable {
    /// The size in bytes, which the lengths of the extents add up to.
    public var size: UInt64
    /// The content.
    public var content: Content

    /// A file of this size and content.
    public init(size: UInt64, content: Content) {
      self.size = size
      self.content = content
    }
  }

  /// The number of a device node.
  public struct DeviceNumber: Hashable, Sendable {
    /// The driver.
    public var major: UInt32
    /// The device.
    public var minor: UInt32

    /// A device number.
    public init(major: UInt32, minor: UInt32) {
      self.major = major
      self.minor = minor
    }
  }

  /// What tells that entries are names of one file: they agree in inode and device.
  public struct HardLink: Hashable, Sendable {
    /// The file system, numbered from 0 in the order in which the run met them.
    public var device: UInt64
    /// The number of names, at least 2.
    public var count: UInt64

    /// A hard link.
    public init(device: UInt64, count: UInt64) {
      self.device = device
      self.count = count
    }
  }

  /// An entry with what every entry has; the rest is set afterwards.
  public init(
    name: FileName, kind: Kind, mode: UInt16, uid: UInt32, gid: UInt32, mtime: Timestamp
  ) {
    self.name = name
    self.kind = kind
    self.mode = mode
    self.uid = uid
    self.gid = gid
    self.mtime = mtime
    inode = 0
    user = []
    group = []
    inodeFlags = 0
    projectID = 0
    attributes = []
    flags = 0
    unknown = []
  }

  /// The flag of a file that changed while it was read.
  public static let changedWhileRead: UInt64 = 1
  /// The flag of an entry with extended attributes that could not be read.
  public static let lacksAttributes: UInt64 = 2

  /// The type.
  public var type: EntryType {
    switch kind {
    case .file: .file
    case .directory: .directory
    case .symbolicLink: .symbolicLink
    case .characterDevice: .characterDevice
    case .blockDevice: .blockDevice
    case .fifo: .fifo
    case .socket: .socket
    }
  }

  /// The entries of a directory; nil for everything else.
  public var children: Children? {
    if case .directory(let children) = kind { children } else { nil }
  }

  /// What only a regular file has; nil for everything else.
  public var file: File? {
    if case .file(let file) = kind { file } else { nil }
  }

  /// The name of the root of a snapshot, which has none.
  package static let rootName = FileName(unchecked: [])
}
