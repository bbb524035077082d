// Files of this machine as entries that can be compared with those of a snapshot: what cannot be
// compared is taken over from there, and the content too where it is the same.

import Glibc
import Platform
import Vault

/// Reads files of this machine for a comparison, not shared.
final class LocalFiles {
  private let hasher: ChunkHasher
  private let source: any NodeSource
  private let options: LocalDiffOptions
  private let comparison: ContentComparison

  init(_ vault: Vault, _ source: any NodeSource, _ options: LocalDiffOptions) {
    hasher = vault.hasher
    comparison = ContentComparison(hasher)
    self.source = source
    self.options = options
  }

  /// What is at a name of a folder, seen beside what the snapshot has there.
  func entry(
    _ name: FileName, in directory: OpenDirectory, before old: Entry? = nil
  ) throws(LocalDiffProblem) -> Entry {
    var entry: Entry
    let status: FileStatus
    do throws(Errno) {
      status = try FileStatus.of(name, at: directory.descriptor.raw)
      entry = try self.entry(name, status, in: directory, before: old)
    } catch {
      throw .here(directory.path.appending(name), error.text)
    }
    guard let old else { return entry }
    entry.takeOver(old)
    if options.readsMarks { readMarks(into: &entry, name, status, in: directory) }
    if case .file(let before) = old.kind, status.type == .regular {
      let isSame = try hasContent(of: before, old.mtime, name, status, in: directory)
      let content: Content = isSame ? before.content : .empty
      entry.kind = .file(.init(size: status.size, content: content))
    }
    return entry
  }

  private func entry(
    _ name: FileName, _ status: FileStatus, in directory: OpenDirectory, before old: Entry?
  ) throws(Errno) -> Entry {
    var entry = Entry(
      name: name, kind: try kind(name, status, in: directory), mode: status.mode,
      uid: status.uid, gid: status.gid, mtime: status.mtime)
    let found = try AttributeTarget.name(name, at: directory.descriptor.raw).attributes()
    entry.attributes = found.map { (name, value) in
      ExtendedAttribute(name: name, value: self.value(value, of: name, before: old))
    }
    return entry
  }

  private func kind(
    _ name: FileName, _ status: FileStatus, in directory: OpenDirectory
  ) throws(Errno) -> Entry.Kind {
    let number = Entry.DeviceNumber(major: status.deviceMajor, minor: status.deviceMinor)
    switch status.type {
    case .regular: return .file(Entry.File(size: status.size, content: .empty))
    case .directory: return .directory(.none)
    case .symbolicLink:
      return .symbolicLink(target: try readLink(name, at: directory.descriptor.raw))
    case .characterDevice: return .characterDevice(number)
    case .blockDevice: return .blockDevice(number)
    case .fifo: return .fifo
    case .socket: return .socket
    }
  }

  // A large value is a chunk there: it is the same if its hash is.
  private func value(
    _ value: [UInt8], of name: [UInt8], before old: Entry?
  ) -> ExtendedAttribute.Value {
    guard let known = old?.attributes.first(where: { $0.name == name })?.value,
      case .chunk(let id, let length) = known, Int(length) == value.count
    else { return .inline(value) }
    let own = unsafe value.withUnsafeBytes { unsafe hasher.id(of: $0, kind: .data) }
    return own == id ? known : .inline(value)
  }

  // What cannot be read, or is nothing that this file system knows, stays what the snapshot says.
  private func readMarks(
    into entry: inout Entry, _ name: FileName, _ status: FileStatus, in directory: OpenDirectory
  ) {
    guard status.type == .regular || status.type == .directory else { return }
    do throws(Errno) {
      let file = try Descriptor.openSource(name, at: directory.descriptor.raw)
      if let flags = try InodeFlags.flags(of: file.raw) {
        entry.inodeFlags &= ~InodeFlags.restorable
        entry.inodeFlags |= flags & InodeFlags.restorable
      }
      if let project = try InodeFlags.project(of: file.raw) { entry.projectID = project }
    } catch { return }
  }

  // MARK: Content

  private func hasContent(
    of old: Entry.File, _ mtime: Timestamp, _ name: FileName, _ status: FileStatus,
    in directory: OpenDirectory
  ) throws(LocalDiffProblem) -> Bool {
    guard status.size == old.size else { return false }
    if !options.readsAll && status.mtime == mtime || old.size == 0 { return true }
    let file = try open(name, in: directory)
    var extents = ContentReader(old, from: source)
    var offset: UInt64 = 0
    while true {
      guard Interrupt.requested == 0 else { throw .tree(.interrupted) }
      let next: Extent?
      do throws(VaultError) { next = try extents.next() } catch {
        throw error.isLoss ? .content(name, error) : .tree(error)
      }
      guard let extent = next else { return true }
      do throws(Errno) {
        guard try comparison.holds(extent, at: offset, in: file) else { return false }
      } catch { throw .here(directory.path.appending(name), error.reason(in: "read")) }
      offset += extent.length
    }
  }

  private func open(
    _ name: FileName, in directory: OpenDirectory
  ) throws(LocalDiffProblem) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.openSource(name, at: directory.descriptor.raw)
    } catch { throw .here(directory.path.appending(name), error.reason(in: "open")) }
  }
}

extension Entry {
  /// Takes over from a snapshot's entry what this machine cannot show or numbers anew.
  fileprivate mutating func takeOver(_ old: Entry) {
    ctime = old.ctime
    atime = old.atime
    birthTime = old.birthTime
    inode = old.inode
    hardLink = old.hardLink
    user = old.user
    group = old.group
    inodeFlags = old.inodeFlags
    projectID = old.projectID
    flags = old.flags
    unknown = old.unknown
  }
}
