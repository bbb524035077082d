// Writes entries as FORMAT.md section 12 says: one value, one encoding. All keys and most lengths
// are known before a value is written, so nothing is built aside and copied.

import Platform
package import Vault

extension Entry {
  /// Appends the entry's encoding, without the length that stands before it in a list.
  package func encode(into writer: inout ByteWriter) {
    writer.prefixed(name.bytes)
    writer.u8(type.rawValue)
    writer.number(.mode, UInt64(mode))
    writer.pair(.owner, UInt64(uid), UInt64(gid))
    writer.time(.mtime, mtime)
    if let ctime { writer.time(.ctime, ctime) }
    if let atime { writer.time(.atime, atime) }
    if let birthTime { writer.time(.birthTime, birthTime) }
    writer.number(.inode, inode)
    if let hardLink {
      writer.number(.device, hardLink.device)
      writer.number(.links, hardLink.count)
    }
    writer.text(.user, user)
    writer.text(.group, group)
    writer.number(.inodeFlags, UInt64(inodeFlags))
    writer.number(.projectID, UInt64(projectID))
    if !attributes.isEmpty { writer.attributes(attributes) }
    encodeKind(into: &writer)
    writer.number(.flags, flags)
    for field in unknown {
      writer.varint(field.number << 1)
      writer.prefixed(field.value)
    }
  }

  /// The entry's encoding, without the length that stands before it in a list.
  package var encoded: [UInt8] {
    var writer = ByteWriter(capacity: 192)
    encode(into: &writer)
    return writer.bytes
  }

  private func encodeKind(into writer: inout ByteWriter) {
    switch kind {
    case .file(let file):
      writer.number(.size, file.size)
      writer.content(file.content)
    case .directory(.inline(let list)):
      writer.text(.children, list.bytes)
    case .directory(.nodes(let reference)):
      writer.reference(.childNodes, reference)
    case .symbolicLink(let target):
      writer.text(.target, target)
    case .characterDevice(let number), .blockDevice(let number):
      writer.pair(.deviceNumber, UInt64(number.major), UInt64(number.minor))
    case .fifo, .socket: break
    }
  }
}

/// The keys of an entry's fields, number × 2 + critical.
///
/// All are below 128, one byte as varints.
enum EntryField: UInt8 {
  case mode = 3
  case owner = 4
  case mtime = 6
  case ctime = 8
  case atime = 10
  case birthTime = 12
  case inode = 14
  case device = 16
  case links = 18
  case user = 20
  case group = 22
  case inodeFlags = 24
  case projectID = 26
  case attributes = 28
  case deviceNumber = 31
  case target = 33
  case size = 35
  case content = 37
  case contentNodes = 39
  case children = 41
  case childNodes = 43
  case flags = 44

  /// The number of the last field that this version knows.
  static let lastNumber: UInt64 = 22
}

extension ByteWriter {
  fileprivate mutating func number(_ field: EntryField, _ value: UInt64) {
    guard value != 0 else { return }
    u8(field.rawValue)
    u8(UInt8(varintSize(value)))
    varint(value)
  }

  fileprivate mutating func pair(_ field: EntryField, _ first: UInt64, _ second: UInt64) {
    u8(field.rawValue)
    u8(UInt8(varintSize(first) + varintSize(second)))
    varint(first)
    varint(second)
  }

  fileprivate mutating func time(_ field: EntryField, _ value: Timestamp) {
    let seconds = UInt64(bitPattern: (value.seconds << 1) ^ (value.seconds >> 63))
    pair(field, seconds, UInt64(value.nanoseconds))
  }

  fileprivate mutating func text(_ field: EntryField, _ value: [UInt8]) {
    guard !value.isEmpty else { return }
    u8(field.rawValue)
    prefixed(value)
  }

  fileprivate mutating func reference(_ field: EntryField, _ value: TreeReference) {
    u8(field.rawValue)
    u8(33)
    u8(value.level)
    id(value.id)
  }

  fileprivate mutating func attributes(_ list: [ExtendedAttribute]) {
    let size = list.reduce(varintSize(UInt64(list.count))) { $0 + $1.encodedSize }
    u8(EntryField.attributes.rawValue)
    varint(UInt64(size))
    varint(UInt64(list.count))
    for attribute in list { attribute.write(to: &self) }
  }

  fileprivate mutating func content(_ content: Content) {
    switch content {
    case .nodes(let root): reference(.contentNodes, root)
    case .inline(let extents):
      guard !extents.isEmpty else { return }
      let size = extents.reduce(varintSize(UInt64(extents.count))) { $0 + $1.encodedSize }
      u8(EntryField.content.rawValue)
      varint(UInt64(size))
      varint(UInt64(extents.count))
      for extent in extents { extent.write(to: &self) }
    }
  }
}
