// A checked entry that still lies in the bytes it was read from. The backup compares files with the
// last snapshot's entries through it, and takes over the encoded bytes of what did not change.

package import Platform
package import Vault

/// An encoded entry in place: reading a field allocates nothing.
package struct EntryView: ~Escapable {
  /// The entry's encoding, without the length that stands before it in a list.
  package let encoded: RawSpan
  private let scan: EntryScan

  /// Checks an encoded entry; `isRoot` for the root of a snapshot, which has no name.
  @_lifetime(copy encoded)
  package init(_ encoded: RawSpan, isRoot: Bool = false) throws(Damage) {
    self.encoded = encoded
    scan = try EntryScan(encoded, isRoot: isRoot)
  }

  @_lifetime(copy encoded)
  init(_ encoded: RawSpan, scanned scan: EntryScan) {
    self.encoded = encoded
    self.scan = scan
  }

  package var name: RawSpan {
    @_lifetime(copy self)
    get { encoded.extracting(scan.name.range) }
  }
  package var type: EntryType { scan.type }
  package var mode: UInt16 { scan.mode }
  package var uid: UInt32 { scan.uid }
  package var gid: UInt32 { scan.gid }
  package var mtime: Timestamp { scan.mtime }
  package var ctime: Timestamp? { scan.ctime }
  package var atime: Timestamp? { scan.atime }
  package var birthTime: Timestamp? { scan.birthTime }
  package var inode: UInt64 { scan.inode }
  /// The number of the file system of a file with several names, else 0.
  package var device: UInt64 { scan.device }
  /// How many names the file has, 1 for directories.
  package var links: UInt64 { scan.links }
  /// The size of a file, 0 for everything else.
  package var size: UInt64 { scan.size }
  package var flags: UInt64 { scan.flags }
  package var hasAttributes: Bool { !scan.attributes.isEmpty }
  /// The user's name, empty if unknown.
  package var user: RawSpan {
    @_lifetime(copy self)
    get { encoded.extracting(scan.user.range) }
  }
  /// The group's name, empty if unknown.
  package var group: RawSpan {
    @_lifetime(copy self)
    get { encoded.extracting(scan.group.range) }
  }
  /// The nodes of a directory's children or a file's content, nil if they are inline.
  package var reference: TreeReference? { scan.reference }

  /// The entries of a directory; nil for everything else.
  package var children: Children? {
    guard type == .directory else { return nil }
    if let reference { return .nodes(reference) }
    return .inline(EntryList(trusted: Array(copying: encoded.extracting(scan.inline.range))))
  }

  /// The content of a file; nil for everything else.
  package var content: Content? {
    guard type == .file else { return nil }
    if let reference { return .nodes(reference) }
    return .inline(checked { () throws(Damage) in try extents() })
  }

  /// Whether all chunks of data that the entry itself names pass a test, which is asked in order.
  package func allInlineChunks(
    _ test: (_ id: ChunkID, _ length: UInt32) throws(VaultError) -> Bool
  ) throws(VaultError) -> Bool {
    guard type == .file, reference == nil, !scan.inline.isEmpty else { return true }
    var reader = ByteReader(encoded.extracting(scan.inline.range))
    for _ in 0..<checked({ () throws(Damage) in try reader.count(itemMinimum: 1) }) {
      let extent = checked { () throws(Damage) in try Extent(from: &reader) }
      if case .chunk(let id, let length) = extent, try !test(id, length) { return false }
    }
    return true
  }

  /// The entry as a value of its own.
  package var entry: Entry {
    var entry = Entry(
      name: FileName(unchecked: Array(copying: name)), kind: kind, mode: mode, uid: uid, gid: gid,
      mtime: mtime)
    entry.ctime = ctime
    entry.atime = atime
    entry.birthTime = birthTime
    entry.inode = inode
    if links > 1 { entry.hardLink = Entry.HardLink(device: device, count: links) }
    if !scan.user.isEmpty { entry.user = Array(copying: user) }
    if !scan.group.isEmpty { entry.group = Array(copying: group) }
    entry.inodeFlags = scan.inodeFlags
    entry.projectID = scan.projectID
    if !scan.attributes.isEmpty {
      let list = encoded.extracting(scan.attributes.range)
      entry.attributes = checked { () throws(Damage) in try ExtendedAttribute.list(checked: list) }
    }
    entry.flags = flags
    if !scan.unknown.isEmpty {
      entry.unknown = checked { () throws(Damage) in try unknownFields() }
    }
    return entry
  }

  private var kind: Entry.Kind {
    switch type {
    case .file:
      .file(Entry.File(size: size, content: content ?? .empty))
    case .directory: .directory(children ?? .none)
    case .symbolicLink:
      .symbolicLink(target: Array(copying: encoded.extracting(scan.inline.range)))
    case .characterDevice: .characterDevice(scan.deviceNumber)
    case .blockDevice: .blockDevice(scan.deviceNumber)
    case .fifo: .fifo
    case .socket: .socket
    }
  }

  private func extents() throws(Damage) -> [Extent] {
    guard !scan.inline.isEmpty else { return [] }
    var reader = ByteReader(encoded.extracting(scan.inline.range))
    let count = try reader.count(itemMinimum: 1)
    var extents: [Extent] = []
    extents.reserveCapacity(count)
    for _ in 0..<count { extents.append(try Extent(from: &reader)) }
    return extents
  }

  private func unknownFields() throws(Damage) -> [UnknownField] {
    var fields: [UnknownField] = []
    var reader = RecordReader(encoded.extracting(scan.unknown.range))
    while let field = try reader.next() { fields.append(try field.unknown()) }
    return fields
  }
}

/// What was checked before cannot be damaged now.
private func checked<Value>(_ read: () throws(Damage) -> Value) -> Value {
  do { return try read() } catch { preconditionFailure("a checked entry \(error)") }
}

extension Entry {
  /// Decodes an entry, without the length that stands before it in a list.
  package init(decoding encoded: RawSpan, isRoot: Bool = false) throws(Damage) {
    self = try EntryView(encoded, isRoot: isRoot).entry
  }
}
