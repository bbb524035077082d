// What the header of a member says, in terms of snapshots.

internal import CArchive
import Glibc
import Platform
import Vault

/// A member of an archive, without its data.
package struct ArchiveMember {
  /// The path as it is written.
  let path: [UInt8]
  /// The path of the member that this one is another name of; nil if it is a file of its own.
  let linkedPath: [UInt8]?
  /// What it says, under no name; directories are empty and files without content.
  package let entry: Entry
  /// Extended attributes, ascending by name, access control lists among them.
  package let attributes: [(name: [UInt8], value: [UInt8])]
  /// What could not be taken over, in words.
  private(set) var losses: [String] = []

  /// Copies a header.
  @unsafe
  init(_ raw: OpaquePointer, _ accounts: Accounts) {
    path = unsafe Self.bytes(archive_entry_pathname(raw)) ?? []
    linkedPath = unsafe Self.bytes(archive_entry_hardlink(raw))
    let user = unsafe Self.bytes(archive_entry_uname(raw)) ?? []
    let group = unsafe Self.bytes(archive_entry_gname(raw)) ?? []
    let (uid, gid) = unsafe (archive_entry_uid(raw), archive_entry_gid(raw))
    var entry = Entry(
      name: Entry.rootName, kind: unsafe Self.kind(raw),
      mode: unsafe UInt16(archive_entry_perm(raw) & 0o7777), uid: UInt32(clamping: uid),
      gid: UInt32(clamping: gid),
      mtime: unsafe Timestamp(archive_entry_mtime(raw), archive_entry_mtime_nsec(raw)))
    if unsafe archive_entry_ctime_is_set(raw) != 0 {
      entry.ctime = unsafe Timestamp(archive_entry_ctime(raw), archive_entry_ctime_nsec(raw))
    }
    if unsafe archive_entry_atime_is_set(raw) != 0 {
      entry.atime = unsafe Timestamp(archive_entry_atime(raw), archive_entry_atime_nsec(raw))
    }
    if unsafe archive_entry_birthtime_is_set(raw) != 0 {
      entry.birthTime = unsafe Timestamp(
        archive_entry_birthtime(raw), archive_entry_birthtime_nsec(raw))
    }
    if user.count <= Self.longestName { entry.user = user }
    if group.count <= Self.longestName { entry.group = group }
    var attributes = unsafe Self.attributes(of: raw)
    for (name, type) in [
      (PosixACL.accessName, ARCHIVE_ENTRY_ACL_TYPE_ACCESS),
      (PosixACL.defaultName, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT),
    ] {
      guard let list = unsafe Self.list(of: raw, type, accounts) else { continue }
      if attributes[name] == nil { attributes[name] = list.bytes }
      if type == ARCHIVE_ENTRY_ACL_TYPE_ACCESS { entry.mode = list.mode(over: entry.mode) }
    }
    self.entry = entry
    self.attributes = attributes.sorted { $0.key.lexicographicallyPrecedes($1.key) }
      .map { (name: $0.key, value: $0.value) }
    if max(user.count, group.count) > Self.longestName {
      losses.append("the name of its owner is longer than Linux has them")
    }
    if UInt32(exactly: uid) == nil || UInt32(exactly: gid) == nil {
      losses.append("its owner \(uid):\(gid) is none that Linux has")
    }
    switch entry.kind {
    case .characterDevice(let number), .blockDevice(let number):
      guard number.major > Self.largestMajor || number.minor > Self.largestMinor else { break }
      losses.append("its device number \(number.major):\(number.minor) is none that Linux has")
    case .file, .directory, .symbolicLink, .fifo, .socket: break
    }
  }

  // LOGIN_NAME_MAX.
  private static let longestName = 256

  // MINORBITS in kdev_t.h: a device number of the kernel has 32 bits, 20 of them for the minor one.
  private static let largestMajor: UInt32 = (1 << 12) - 1
  private static let largestMinor: UInt32 = (1 << 20) - 1

  /// The size that the header says.
  var size: UInt64 { entry.file?.size ?? 0 }

  private static func kind(_ raw: OpaquePointer) -> Entry.Kind {
    let number = unsafe Entry.DeviceNumber(
      major: UInt32(clamping: archive_entry_rdevmajor(raw)),
      minor: UInt32(clamping: archive_entry_rdevminor(raw)))
    switch unsafe archive_entry_filetype(raw) {
    case S_IFDIR: return .directory(.none)
    case S_IFLNK:
      return unsafe .symbolicLink(target: bytes(archive_entry_symlink(raw)) ?? [])
    case S_IFCHR: return .characterDevice(number)
    case S_IFBLK: return .blockDevice(number)
    case S_IFIFO: return .fifo
    case S_IFSOCK: return .socket
    default:
      return unsafe .file(.init(size: UInt64(max(0, archive_entry_size(raw))), content: .empty))
    }
  }

  private static func bytes(_ text: UnsafePointer<CChar>?) -> [UInt8]? {
    unsafe text.map { unsafe [UInt8](UnsafeRawBufferPointer(start: $0, count: strlen($0))) }
  }

  // An attribute can be there twice, as star and as libarchive write it.
  private static func attributes(of raw: OpaquePointer) -> [[UInt8]: [UInt8]] {
    var attributes: [[UInt8]: [UInt8]] = [:]
    _ = unsafe archive_entry_xattr_reset(raw)
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while unsafe archive_entry_xattr_next(raw, &name, &value, &size) == ARCHIVE_OK {
      guard let name = unsafe bytes(name) else { continue }
      attributes[decoded(name)] = unsafe [UInt8](UnsafeRawBufferPointer(start: value, count: size))
    }
    return attributes
  }

  // `=` cannot stand in a keyword of pax: GNU tar writes it and `%` as in URLs, libarchive others too.
  private static func decoded(_ name: [UInt8]) -> [UInt8] {
    var decoded: [UInt8] = []
    var rest = name[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
        rest.count >= 2, rest.first != UInt8(ascii: "+"), code != 0
      {
        decoded.append(code)
        rest.removeFirst(2)
      } else {
        decoded.append(byte)
      }
    }
    return decoded
  }

  private static func list(
    of raw: OpaquePointer, _ type: Int32, _ accounts: Accounts
  ) -> PosixACL? {
    guard unsafe archive_entry_acl_reset(raw, type) > 0 else { return nil }
    var entries: [PosixACL.Entry] = []
    var (kind, permissions, tag, id): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    var name: UnsafePointer<CChar>?
    while unsafe archive_entry_acl_next(raw, type, &kind, &permissions, &tag, &id, &name)
      == ARCHIVE_OK
    {
      guard let tag = PosixACL.Tag(archive: tag) else { continue }
      let name = unsafe bytes(name) ?? []
      let known = tag == .user ? accounts.uid(of: name) : accounts.gid(of: name)
      entries.append(
        PosixACL.Entry(
          tag: tag, permissions: UInt16(permissions & 7),
          id: id >= 0 ? UInt32(id) : known ?? UInt32(bitPattern: id)))
    }
    return entries.isEmpty ? nil : PosixACL(entries)
  }
}

extension Timestamp {
  fileprivate init(_ seconds: time_t, _ nanoseconds: Int) {
    self = ArchiveTime(seconds: seconds, nanoseconds: nanoseconds).timestamp
  }
}

extension PosixACL {
  /// The mode that the kernel shows beside this list: the mask stands for the group.
  func mode(over mode: UInt16) -> UInt16 {
    func permissions(_ tag: Tag) -> UInt16? { entries.first { $0.tag == tag }?.permissions }
    guard let owner = permissions(.owner), let others = permissions(.others),
      let group = permissions(.mask) ?? permissions(.owningGroup)
    else { return mode }
    return mode & ~0o777 | owner << 6 | group << 3 | others
  }
}

extension PosixACL.Tag {
  fileprivate init?(archive tag: Int32) {
    switch tag {
    case ARCHIVE_ENTRY_ACL_USER_OBJ: self = .owner
    case ARCHIVE_ENTRY_ACL_USER: self = .user
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ: self = .owningGroup
    case ARCHIVE_ENTRY_ACL_GROUP: self = .group
    case ARCHIVE_ENTRY_ACL_MASK: self = .mask
    case ARCHIVE_ENTRY_ACL_OTHER: self = .others
    default: return nil
    }
  }
}
