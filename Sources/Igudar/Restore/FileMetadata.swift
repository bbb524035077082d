// Puts owner, attributes, mode, times and flags on what was restored, where they differ. The order
// matters: a new owner takes away setuid bits and capabilities, a mode can take away the right to
// set attributes, anything at all changes times, and some flags keep all of it from being changed.

import Platform
import Vault

/// Puts the metadata of an entry on one file.
struct FileMetadata {
  let context: RestoreContext
  let entry: Entry
  let place: MetadataPlace
  let reader: ChunkReader
  let path: () -> FilePath

  /// What of a file differs from its entry.
  private struct Difference {
    var owner = false
    var mode = false
    var times = false
    var flags = false
    var project = false
    var attributes: [AttributeChange] = []

    var isEmpty: Bool { !(owner || mode || times || flags || project) && attributes.isEmpty }
    var isFlagsAlone: Bool { flags && !(owner || mode || times || project) && attributes.isEmpty }
  }

  /// Sets what differs, and answers whether anything did; a dry run only answers.
  ///
  /// The flags that keep the file from being changed are left to `protect`.
  func apply() -> Bool {
    do throws(Errno) {
      let status = try place.status()
      let flags = try flags(status)
      if flags == nil, entry.inodeFlags != 0, canHaveFlags(status) {
        fail("inode flags", .notSupported)
      }
      let difference = try difference(status, flags)
      guard !difference.isEmpty, !context.options.isDryRun else { return !difference.isEmpty }
      if difference.isFlagsAlone {
        setFlags()
      } else {
        if let flags, flags & InodeFlags.protecting != 0 {
          try place.setFlags(flags & ~InodeFlags.protecting)
        }
        set(difference, status)
      }
      return true
    } catch {
      fail("reading its metadata", error)
      return false
    }
  }

  /// Whether `apply` would change anything that can be changed here; what cannot be read is left to it.
  var differs: Bool {
    guard !context.options.ignoresMetadata else { return false }
    do throws(Errno) {
      let status = try place.status()
      var difference = try difference(status, flags(status))
      if !context.isRoot { (difference.owner, difference.flags) = (false, false) }
      if try place.project() == nil { difference.project = false }
      return !difference.isEmpty
    } catch { return false }
  }

  /// Sets the flags that keep a file from being changed or removed, when it has its name.
  func protect() {
    guard entry.inodeFlags & InodeFlags.protecting != 0, !context.options.isDryRun else { return }
    do throws(Errno) { try place.protect(entry.inodeFlags) } catch {
      fail("setting inode flags", error)
    }
  }

  private func fail(_ call: String, _ errno: Errno) {
    context.fail(path(), call, errno, of: .metadata)
  }

  private func fail(_ message: String, _ trouble: RestoreTrouble = .failed) {
    context.fail(path(), message, trouble, of: .metadata)
  }

  // MARK: Finding out

  private func difference(_ status: FileStatus, _ flags: UInt32?) throws(Errno) -> Difference {
    var difference = Difference()
    let (uid, gid) = owner(status)
    difference.owner = uid != status.uid || gid != status.gid
    difference.mode = entry.type != .symbolicLink && status.mode != mode(status)
    difference.times =
      status.mtime != entry.mtime || (entry.atime.map { $0 != status.atime } ?? false)
    difference.attributes = try attributeChanges()
    if let flags { difference.flags = flags != wantedFlags(flags) }
    difference.project = try project() != entry.projectID
    return difference
  }

  // Whose it is to be.
  private func owner(_ status: FileStatus) -> (uid: UInt32, gid: UInt32) {
    let accounts = context.accounts
    switch context.options.ownership {
    case .none: return (status.uid, status.gid)
    case .byNumber: return (entry.uid, entry.gid)
    case .byName:
      let uid = entry.user.isEmpty ? nil : accounts.uid(of: entry.user)
      let gid = entry.group.isEmpty ? nil : accounts.gid(of: entry.group)
      return (uid ?? entry.uid, gid ?? entry.gid)
    }
  }

  // What would run as its owner must not run as somebody else.
  private func mode(_ status: FileStatus, lacksList: Bool = false) -> UInt16 {
    guard entry.type != .directory else { return wantedMode(lacksList: lacksList) }
    let isOwn = context.options.ownership != .none
    let (uid, gid) = isOwn ? owner(status) : (entry.uid, entry.gid)
    var mode = wantedMode(lacksList: lacksList)
    if status.uid != uid { mode &= ~0o4000 }
    if status.gid != gid { mode &= ~0o2000 }
    return mode
  }

  // The group's bits of a file with an access list are the list's mask. Without the list the group
  // would have what others were given.
  private func wantedMode(lacksList: Bool) -> UInt16 {
    guard entry.mode & 0o070 != 0,
      let list = entry.attributes.first(where: { $0.name == PosixACL.accessName }),
      lacksList || context.options.skipsAttributes || !isSelected(list.name)
    else { return entry.mode }
    let entries = (try? value(of: list)).flatMap { PosixACL($0) }?.entries ?? []
    let rights = entries.first { $0.tag == .owningGroup }?.permissions ?? 0
    return entry.mode & (~0o070 | rights << 3)
  }

  // Nil where the file system has no flags, or a device could take the question for something else.
  private func flags(_ status: FileStatus) throws(Errno) -> UInt32? {
    canHaveFlags(status) ? try place.flags() : nil
  }

  private func canHaveFlags(_ status: FileStatus) -> Bool {
    status.type == .regular || status.type == .directory
  }

  private func wantedFlags(_ flags: UInt32) -> UInt32 {
    flags & ~InodeFlags.restorable | (entry.inodeFlags & InodeFlags.restorable)
  }

  private func project() throws(Errno) -> UInt32 {
    guard entry.type == .file || entry.type == .directory else { return 0 }
    return try place.project() ?? 0
  }

  // MARK: Setting

  private func set(_ difference: Difference, _ status: FileStatus) {
    var (status, lacksList) = (status, false)
    if difference.owner { setOwner(&status) }
    let changes = difference.owner ? attributeChanges(now: difference) : difference.attributes
    if !changes.isEmpty {
      if !context.isRoot, status.mode & 0o200 == 0, entry.type != .symbolicLink {
        try? place.setMode(status.mode | 0o200)
      }
      for change in changes where !set(change) && change.isAccessList { lacksList = true }
    }
    if entry.type != .symbolicLink {
      do throws(Errno) { try place.setMode(mode(status, lacksList: lacksList)) } catch {
        fail("chmod", error)
      }
    }
    setTimes(status)
    if difference.project { setProject() }
    if difference.flags { setFlags() }
  }

  // A new owner takes capabilities away.
  private func attributeChanges(now difference: Difference) -> [AttributeChange] {
    do throws(Errno) { return try attributeChanges() } catch {
      fail("listing its attributes", error)
      return difference.attributes
    }
  }

  private func setOwner(_ status: inout FileStatus) {
    let (uid, gid) = owner(status)
    do throws(Errno) { try place.setOwner(uid: uid, gid: gid) } catch {
      // The group alone may be one that the user belongs to.
      if gid != status.gid { try? place.setOwner(uid: .max, gid: gid) }
      fail("chown", error)
    }
    if let now = try? place.status() { status = now }
  }

  private func setTimes(_ before: FileStatus) {
    do throws(Errno) {
      try place.setTimes(access: entry.atime ?? entry.mtime, modification: entry.mtime)
      // A file system keeps the nearest time that it can hold, without a word.
      let isOrdinary = Self.everywhere.contains(entry.mtime.seconds)
      guard !isOrdinary || !context.times.isKnown(before.device) else { return }
      let mtime = try place.status().mtime
      if !isOrdinary {
        if mtime != entry.mtime { fail("the file system cannot hold its modification time") }
      } else if context.times.learn(before.device, kept: mtime, of: entry.mtime) {
        fail("its time is not kept as exactly as the snapshot has it, nor are those of others here")
      }
    } catch { fail("utimensat", error) }
  }

  // The seconds that every file system for Linux can hold: 1970 to 2038.
  private static let everywhere: Range<Int64> = 0..<1 << 31

  private func setProject() {
    do throws(Errno) { try place.setProject(entry.projectID) } catch {
      fail("setting the project ID", error)
    }
  }

  private func setFlags() {
    do throws(Errno) {
      guard let flags = try place.flags() else { throw .notSupported }
      let wanted = wantedFlags(flags) & ~InodeFlags.protecting
      if wanted != flags { try place.setFlags(wanted) }
    } catch { fail("setting inode flags", error) }
  }
}

// MARK: Extended attributes

/// A change of one extended attribute.
private enum AttributeChange {
  case set(ExtendedAttribute)
  case remove([UInt8])

  var isAccessList: Bool {
    if case .set(let attribute) = self { attribute.name == PosixACL.accessName } else { false }
  }
}

extension FileMetadata {
  private func attributeChanges() throws(Errno) -> [AttributeChange] {
    guard !context.options.skipsAttributes else { return [] }
    // A file system may tell a name twice.
    var extra = Dictionary(
      try place.attributes.attributes().map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    var changes: [AttributeChange] = []
    let names = entry.attributes.map(\.name)
    for attribute in entry.attributes
    where isSelected(attribute.name) && !AttributeTarget.isAlias(attribute.name, among: names) {
      let found = extra.removeValue(forKey: attribute.name)
      if let found, isSame(found, attribute.value) { continue }
      changes.append(.set(attribute))
    }
    // Of what the backup could not read nobody knows that it was not there.
    guard entry.flags & Entry.lacksAttributes == 0 else { return changes }
    let unwanted = extra.keys.filter { Self.isRestorable($0) && isSelected($0) }
    return changes + unwanted.map { .remove($0) }
  }

  /// Gives a new file those attributes of the old one of which nobody knows whether the entry's has
  /// them, as the backup could not read all.
  ///
  /// Not what the old content could do: a write takes capabilities away too.
  func takeOver(_ old: borrowing Descriptor) {
    guard entry.flags & Entry.lacksAttributes != 0, !context.options.skipsAttributes else { return }
    let known = Set(entry.attributes.map(\.name) + [Array("security.capability".utf8)])
    do throws(Errno) {
      for (name, value) in try AttributeTarget.descriptor(old.raw).attributes()
      where !known.contains(name) && Self.isRestorable(name) && isSelected(name) {
        try place.attributes.set(name, to: value)
      }
    } catch { fail("keeping its attributes", error) }
  }

  private func isSelected(_ name: [UInt8]) -> Bool {
    let selection = context.options.attributes
    return selection.selects(FileName(unchecked: name), in: selection.root)
  }

  // What a file gets by itself in its place, such as a label of SELinux, is not ours to remove.
  private static func isRestorable(_ name: [UInt8]) -> Bool {
    ["user.", "trusted.", "system.posix_acl_", "security.capability"].contains { prefix in
      name.starts(with: prefix.utf8)
    }
  }

  private func isSame(_ found: [UInt8], _ value: ExtendedAttribute.Value) -> Bool {
    switch value {
    case .inline(let bytes): return found == bytes
    case .chunk(let id, let length):
      let hasher = context.vault.hasher
      let own = unsafe found.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .data) }
      return found.count == Int(length) && own == id
    }
  }

  // Answers whether it was made; what was not is told.
  private func set(_ change: AttributeChange) -> Bool {
    switch change {
    case .remove(let name):
      do throws(Errno) {
        try place.attributes.remove(name)
        return true
      } catch { fail("removing attribute \(printable(name))", error) }
    case .set(let attribute):
      let name = printable(attribute.name)
      do throws(VaultError) {
        let value = try value(of: attribute)
        do throws(Errno) {
          try place.attributes.set(attribute.name, to: value)
          return true
        } catch { fail("setting attribute \(name)", error) }
      } catch {
        if context.goesOn(after: error) {
          fail("attribute \(name): \(RepositoryError(error))", .damaged)
        } else {
          context.stop(for: error)
        }
      }
    }
    return false
  }

  private func value(of attribute: ExtendedAttribute) throws(VaultError) -> [UInt8] {
    switch attribute.value {
    case .inline(let bytes): bytes
    case .chunk(let id, _): try reader.read(id, kind: .data)
    }
  }
}

extension MetadataPlace {
  /// Sets those of the flags that keep a file from being changed.
  func protect(_ wanted: UInt32) throws(Errno) {
    guard let flags = try flags() else { throw .notSupported }
    let all = flags | (wanted & InodeFlags.protecting)
    if all != flags { try setFlags(all) }
  }
}
