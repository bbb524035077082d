// Files of this machine as entries that can be compared with those of a snapshot: what cannot be
// compared is taken over from there, and the content too where it is the same.

import Glibc
import Platform
import Vault

/// Reads files of this machine for a comparison, not shared.
final class LocalFiles {
  private let hasher: ChunkHasher
  private let source: any NodeSource
  private let readsAll: Bool
  private let buffer = Buffer(capacity: TreeLimits.chunk)

  init(_ vault: Vault, _ source: any NodeSource, readsAll: Bool) {
    hasher = vault.hasher
    self.source = source
    self.readsAll = readsAll
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

  // MARK: Content

  private func hasContent(
    of old: Entry.File, _ mtime: Timestamp, _ name: FileName, _ status: FileStatus,
    in directory: OpenDirectory
  ) throws(LocalDiffProblem) -> Bool {
    guard status.size == old.size else { return false }
    if !readsAll && status.mtime == mtime || old.size == 0 { return true }
    let path = directory.path.appending(name)
    let file = try open(name, in: directory)
    let data: [Range<UInt64>]
    do throws(Errno) { data = try dataStretches(of: file.raw, size: status.size) } catch {
      throw .here(path, "\(error.text) (lseek)")
    }
    var extents = ContentReader(old, from: source)
    var offset: UInt64 = 0
    while true {
      guard Interrupt.requested == 0 else { throw .tree(.interrupted) }
      let next: Extent?
      do throws(VaultError) { next = try extents.next() } catch { throw .tree(error) }
      guard let extent = next else { return true }
      do throws(Errno) {
        guard try matches(extent, of: file, at: offset, data) else { return false }
      } catch { throw .here(path, "\(error.text) (read)") }
      offset += extent.length
    }
  }

  private func open(
    _ name: FileName, in directory: OpenDirectory
  ) throws(LocalDiffProblem) -> Descriptor {
    do throws(Errno) {
      return try Descriptor.openSource(name, at: directory.descriptor.raw)
    } catch { throw .here(directory.path.appending(name), "\(error.text) (open)") }
  }

  private func matches(
    _ extent: Extent, of file: borrowing Descriptor, at offset: UInt64, _ data: [Range<UInt64>]
  ) throws(Errno) -> Bool {
    guard case .chunk(let id, let length) = extent else {
      let hole = offset..<offset + extent.length
      for stretch in data where stretch.overlaps(hole) {
        guard try isZero(stretch.clamped(to: hole), of: file) else { return false }
      }
      return true
    }
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: Int(length))
    guard try unsafe file.read(at: Int64(offset), into: bytes) == bytes.count else { return false }
    return unsafe hasher.id(of: UnsafeRawBufferPointer(bytes), kind: .data) == id
  }

  private func isZero(
    _ range: Range<UInt64>, of file: borrowing Descriptor
  ) throws(Errno) -> Bool {
    var offset = range.lowerBound
    while offset < range.upperBound, Interrupt.requested == 0 {
      let count = Int(min(UInt64(buffer.capacity), range.upperBound - offset))
      let bytes = unsafe UnsafeMutableRawBufferPointer(start: buffer.pointer, count: count)
      guard try unsafe file.read(at: Int64(offset), into: bytes) == count,
        unsafe bytes.allSatisfy({ $0 == 0 })
      else { return false }
      offset += UInt64(count)
    }
    return true
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
    flags = old.flags
    unknown = old.unknown
  }
}
