// What an archive says of one entry.

internal import CArchive
import Glibc
import Platform

/// The header of an entry in the making; one serves many entries.
@safe
struct ArchiveHeader: ~Copyable {
  let raw: OpaquePointer

  init() {
    guard let raw = unsafe archive_entry_new() else { preconditionFailure("out of memory") }
    unsafe self.raw = unsafe raw
  }

  deinit { unsafe archive_entry_free(raw) }

  /// Begins anew with an entry's metadata, its attributes aside, under a path.
  func set(_ entry: Entry, at path: [UInt8], size: UInt64) {
    _ = unsafe archive_entry_clear(raw)
    unsafe withNullTerminated(path) { unsafe archive_entry_copy_pathname(raw, $0) }
    unsafe archive_entry_set_filetype(raw, entry.type.archiveType)
    unsafe archive_entry_set_perm(raw, mode_t(entry.mode))
    unsafe archive_entry_set_uid(raw, Int64(entry.uid))
    unsafe archive_entry_set_gid(raw, Int64(entry.gid))
    if !entry.user.isEmpty {
      unsafe withNullTerminated(entry.user) { unsafe archive_entry_copy_uname(raw, $0) }
    }
    if !entry.group.isEmpty {
      unsafe withNullTerminated(entry.group) { unsafe archive_entry_copy_gname(raw, $0) }
    }
    let mtime = ArchiveTime(entry.mtime)
    unsafe archive_entry_set_mtime(raw, mtime.seconds, mtime.nanoseconds)
    if let time = entry.atime.map(ArchiveTime.init) {
      unsafe archive_entry_set_atime(raw, time.seconds, time.nanoseconds)
    }
    if let time = entry.ctime.map(ArchiveTime.init) {
      unsafe archive_entry_set_ctime(raw, time.seconds, time.nanoseconds)
    }
    unsafe archive_entry_set_size(raw, Int64(clamping: size))
    switch entry.kind {
    case .symbolicLink(let target):
      unsafe withNullTerminated(target) { unsafe archive_entry_copy_symlink(raw, $0) }
    case .characterDevice(let number), .blockDevice(let number):
      unsafe archive_entry_set_rdevmajor(raw, dev_t(number.major))
      unsafe archive_entry_set_rdevminor(raw, dev_t(number.minor))
    case .file, .directory, .fifo, .socket: break
    }
  }

  /// Makes it another name of an entry before it.
  func setHardLink(to path: [UInt8]) {
    unsafe withNullTerminated(path) { unsafe archive_entry_copy_hardlink(raw, $0) }
    unsafe archive_entry_set_size(raw, 0)
  }

  /// Adds an extended attribute; an access control list in the form that archives have for it.
  func add(attribute name: [UInt8], _ value: [UInt8]) {
    let type: Int32? =
      switch name {
      case PosixACL.accessName: ARCHIVE_ENTRY_ACL_TYPE_ACCESS
      case PosixACL.defaultName: ARCHIVE_ENTRY_ACL_TYPE_DEFAULT
      default: nil
      }
    if let type, let list = PosixACL(value) {
      for entry in list.entries { add(entry, type) }
      return
    }
    unsafe withNullTerminated(name) { name in
      unsafe value.withUnsafeBytes { value in
        unsafe archive_entry_xattr_add_entry(raw, name, value.baseAddress, value.count)
      }
    }
  }

  private func add(_ entry: PosixACL.Entry, _ type: Int32) {
    let hasID = entry.tag == .user || entry.tag == .group
    _ = unsafe archive_entry_acl_add_entry(
      raw, type, Int32(entry.permissions), entry.tag.archiveTag,
      hasID ? Int32(bitPattern: entry.id) : -1, "")
  }

  /// Says where a file has data; without any, all of it is a hole.
  func setStretches(_ stretches: [Range<UInt64>]) {
    if stretches.isEmpty { unsafe archive_entry_sparse_add_entry(raw, 0, 0) }
    for stretch in stretches {
      unsafe archive_entry_sparse_add_entry(
        raw, Int64(stretch.lowerBound), Int64(stretch.upperBound - stretch.lowerBound))
    }
  }
}

extension EntryType {
  /// The type as libarchive numbers it: the bits of `st_mode`.
  var archiveType: UInt32 {
    switch self {
    case .file: S_IFREG
    case .directory: S_IFDIR
    case .symbolicLink: S_IFLNK
    case .characterDevice: S_IFCHR
    case .blockDevice: S_IFBLK
    case .fifo: S_IFIFO
    case .socket: S_IFSOCK
    }
  }
}

extension PosixACL.Tag {
  var archiveTag: Int32 {
    switch self {
    case .owner: ARCHIVE_ENTRY_ACL_USER_OBJ
    case .user: ARCHIVE_ENTRY_ACL_USER
    case .owningGroup: ARCHIVE_ENTRY_ACL_GROUP_OBJ
    case .group: ARCHIVE_ENTRY_ACL_GROUP
    case .mask: ARCHIVE_ENTRY_ACL_MASK
    case .others: ARCHIVE_ENTRY_ACL_OTHER
    }
  }
}
