// One pass over an encoded entry that checks every rule of FORMAT.md section 12 and remembers
// where things are. Nothing is allocated but for directories inside directories.

import Platform
import Vault

/// A range of bytes inside an encoded entry.
struct EntryRange {
  var start: UInt32 = 0
  var count: UInt32 = 0

  var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
  var isEmpty: Bool { count == 0 }
}

/// What one pass over an encoded entry found; ranges count from the start of the entry.
struct EntryScan {
  var type = EntryType.file
  var mode: UInt16 = 0
  var uid: UInt32 = 0
  var gid: UInt32 = 0
  var mtime = Timestamp(seconds: 0, nanoseconds: 0)
  var ctime: Timestamp?
  var atime: Timestamp?
  var birthTime: Timestamp?
  var inode: UInt64 = 0
  var device: UInt64 = 0
  var links: UInt64 = 1
  var inodeFlags: UInt32 = 0
  var projectID: UInt32 = 0
  var size: UInt64 = 0
  var flags: UInt64 = 0
  var deviceNumber = Entry.DeviceNumber(major: 0, minor: 0)
  var reference: TreeReference?
  var name = EntryRange()
  var user = EntryRange()
  var group = EntryRange()
  var attributes = EntryRange()
  /// The target, the inline extents or the inline children, by type.
  var inline = EntryRange()
  /// Everything from the first unknown field on.
  var unknown = EntryRange()
  private var hasOwner = false
  private var hasMtime = false
  private var hasDeviceNumber = false

  init() {}

  /// Checks an entry but for the entries inside it.
  init(outside span: RawSpan, isRoot: Bool = false) throws(Damage) {
    self.init()
    try scan(span, isRoot: isRoot)
  }

  /// Checks an entry with all that is inside it.
  init(_ span: RawSpan, isRoot: Bool = false) throws(Damage) {
    try self.init(outside: span, isRoot: isRoot)
    if type == .directory && !inline.isEmpty {
      try Self.checkList(span.extracting(inline.range))
    }
  }

  /// Checks an inline list of entries with the directories inside it, without recursion: a list is
  /// shorter than 4,096 bytes, so few lists wait at any time.
  static func checkList(_ span: RawSpan) throws(Damage) {
    var waiting = [0..<span.byteCount]
    while let range = waiting.popLast() {
      var reader = ByteReader(span.extracting(range))
      let count = try reader.count(itemMinimum: TreeLimits.entryMinimum)
      guard reader.remaining < TreeLimits.inlineDirectory else {
        throw .malformed("a long list of entries that is not in nodes")
      }
      var last = RawSpan()
      for _ in 0..<count {
        let item = try reader.prefixed()
        let scan = try EntryScan(outside: item)
        let name = item.extracting(scan.name.range)
        guard last.precedes(name) else { throw .malformed("names out of order") }
        last = name
        if scan.type == .directory && !scan.inline.isEmpty {
          let start = range.lowerBound + reader.offset - item.byteCount
          waiting.append(start + Int(scan.inline.start)..<start + scan.inline.range.upperBound)
        }
      }
      try reader.finish()
    }
  }

  private mutating func scan(_ span: RawSpan, isRoot: Bool) throws(Damage) {
    guard span.byteCount <= TreeLimits.node else { throw .malformed("an entry above 1 MiB") }
    var cursor = FieldCursor(span)
    try scanName(&cursor, isRoot: isRoot)
    let number = try cursor.u8()
    guard let type = EntryType(rawValue: number) else {
      throw .malformed("the unknown entry type \(number)")
    }
    self.type = type
    var next: UInt64 = 0
    while !cursor.isAtEnd {
      let start = cursor.offset
      let key = try cursor.varint()
      guard key >> 1 >= next else { throw .malformed("fields out of order") }
      next = key >> 1 + 1
      let length = try cursor.varint(atMost: span.byteCount)
      let end = cursor.offset + length
      if key <= UInt64(UInt8.max), let field = EntryField(rawValue: UInt8(key)) {
        try scan(field, length, &cursor)
      } else {
        try skipUnknown(key, start, &cursor, length)
      }
      guard cursor.offset == end else { throw .malformed("a field of the wrong length") }
    }
    try checkWhole(isRoot: isRoot)
  }

  private mutating func scanName(_ cursor: inout FieldCursor, isRoot: Bool) throws(Damage) {
    let length = try cursor.varint(atMost: 255)
    self.name = try cursor.pass(length)
    let name = cursor.span.extracting(self.name.range)
    if isRoot {
      guard name.isEmpty else { throw .malformed("a root with a name") }
    } else {
      guard name.isFileName else { throw .malformed("a name that is none") }
    }
  }

  private mutating func skipUnknown(
    _ key: UInt64, _ start: Int, _ cursor: inout FieldCursor, _ length: Int
  ) throws(Damage) {
    if key & 1 == 1 { throw .unknownCritical(key >> 1) }
    guard key >> 1 > EntryField.lastNumber else { throw .malformed("a field of the wrong kind") }
    _ = try cursor.pass(length)
    if unknown.isEmpty { unknown.start = UInt32(start) }
    unknown.count = UInt32(cursor.offset) - unknown.start
  }

  private mutating func scan(
    _ field: EntryField, _ length: Int, _ cursor: inout FieldCursor
  ) throws(Damage) {
    switch field {
    case .mode: mode = try UInt16(cursor.number(atMost: 0o7777))
    case .owner:
      uid = try UInt32(cursor.varint(atMost: Int(UInt32.max)))
      gid = try UInt32(cursor.varint(atMost: Int(UInt32.max)))
      hasOwner = true
    case .mtime:
      mtime = try cursor.time()
      hasMtime = true
    case .ctime: ctime = try cursor.time()
    case .atime: atime = try cursor.time()
    case .birthTime: birthTime = try cursor.time()
    case .inode: inode = try cursor.number()
    case .device: device = try cursor.number()
    case .links:
      links = try cursor.number()
      guard links > 1 else { throw .malformed("a link count below 2 is written") }
    case .user: user = try cursor.range(length)
    case .group: group = try cursor.range(length)
    case .inodeFlags: inodeFlags = try UInt32(cursor.number(atMost: UInt64(UInt32.max)))
    case .projectID: projectID = try UInt32(cursor.number(atMost: UInt64(UInt32.max)))
    case .attributes:
      attributes = try cursor.range(length)
      try ExtendedAttribute.checkList(cursor.span.extracting(attributes.range))
    case .flags: flags = try cursor.number()
    default: try scanKind(field, length, &cursor)
    }
  }

  private mutating func scanKind(
    _ field: EntryField, _ length: Int, _ cursor: inout FieldCursor
  ) throws(Damage) {
    switch (field, type) {
    case (.deviceNumber, .characterDevice), (.deviceNumber, .blockDevice):
      deviceNumber.major = try UInt32(cursor.varint(atMost: Int(UInt32.max)))
      deviceNumber.minor = try UInt32(cursor.varint(atMost: Int(UInt32.max)))
      hasDeviceNumber = true
    case (.target, .symbolicLink):
      inline = try cursor.range(length)
      guard length <= TreeLimits.target, !cursor.span.extracting(inline.range).contains(0) else {
        throw .malformed("a link's target")
      }
    case (.size, .file): size = try cursor.number()
    case (.content, .file):
      inline = try cursor.range(length)
      try checkExtents(cursor.span.extracting(inline.range))
    case (.contentNodes, .file), (.childNodes, .directory):
      let level = try cursor.u8()
      guard level <= TreeLimits.level else { throw .malformed("a level above 16") }
      reference = TreeReference(level: level, id: try cursor.chunkID())
    case (.children, .directory): inline = try cursor.range(length)
    default: throw .malformed("a field of another type of entry")
    }
  }

  private func checkExtents(_ span: RawSpan) throws(Damage) {
    var reader = ByteReader(span)
    let count = try reader.count(itemMinimum: 1)
    guard 1...TreeLimits.inlineExtents ~= count else { throw .malformed("a count of extents") }
    var sum = ContentSum()
    for _ in 0..<count { try sum.add(Extent(from: &reader)) }
    try reader.finish()
    guard sum.bytes == size else { throw .malformed("extents do not add up to the size") }
  }

  private func checkWhole(isRoot: Bool) throws(Damage) {
    guard hasOwner, hasMtime else { throw .malformed("an entry without owner or time") }
    guard device == 0 || links > 1 else { throw .malformed("a device without links") }
    let forms = (inline.isEmpty ? 0 : 1) + (reference == nil ? 0 : 1)
    switch type {
    case .file:
      guard forms == (size == 0 ? 0 : 1) else { throw .malformed("size and content disagree") }
    case .directory:
      guard forms == 1, links == 1 else { throw .malformed("a directory's children or links") }
    case .symbolicLink:
      guard forms == 1 else { throw .malformed("a link without target") }
    case .characterDevice, .blockDevice:
      guard hasDeviceNumber else { throw .malformed("a device without number") }
    case .fifo, .socket: break
    }
    if isRoot && (type != .directory || reference == nil) {
      throw .malformed("a root that is not a directory in nodes")
    }
  }
}

extension RawSpan {
  /// Whether these bytes can name a file in a directory.
  var isFileName: Bool {
    guard 1...255 ~= byteCount, !contains(0), !contains(0x2f) else { return false }
    let first = unsafe unsafeLoad(fromByteOffset: 0, as: UInt8.self)
    guard byteCount <= 2, first == 0x2e else { return true }
    return unsafe byteCount == 2 && unsafeLoad(fromByteOffset: 1, as: UInt8.self) != 0x2e
  }
}
