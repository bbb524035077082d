// Cuts the entries of a directory into nodes by the rules of FORMAT.md section 12. Where a node
// ends depends on the items alone: the same entries give the same nodes, whatever came before, and
// one change touches the nodes above it and little else. Memory is one node per level.

import Platform
package import Vault

/// Builds the entries of one directory after another, each in the order of names.
package struct DirectoryBuilder {
  private static let leastNode = 8192
  private static let mostNode = 131_072
  private static let cutUnit = UInt64.max / 24_576

  private struct Level {
    var items = NodeBuffer()
    var lastName: [UInt8] = []
    var nodeCount = 0
    var lastID = ChunkID.zero
  }

  private let hash: any CutHash
  private let sink: any NodeSink
  private var levels = [Level()]
  private var message: [UInt8] = []

  /// A builder that puts its nodes into this sink.
  package init(cutting hash: any CutHash, into sink: any NodeSink) {
    self.hash = hash
    self.sink = sink
  }

  /// Whether nothing was added since the beginning or the last `finish`.
  package var isEmpty: Bool { levels[0].nodeCount == 0 && levels[0].items.isEmpty }

  /// Adds an encoded entry, without a length before it; names must ascend strictly.
  package mutating func append(_ entry: RawSpan) throws(VaultError) {
    let name = Self.name(of: entry)
    let last = levels[0].lastName
    let ascends = isEmpty || last.rawSpan.precedes(name)
    precondition(ascends, "entries of a directory ascend by name")
    try append(size: varintSize(UInt64(entry.byteCount)) + entry.byteCount, name: name, level: 0) {
      $0.append(entry: entry)
    }
  }

  /// Adds an entry; names must ascend strictly.
  package mutating func append(_ entry: Entry) throws(VaultError) {
    let encoded = entry.encoded
    try append(encoded.rawSpan)
  }

  /// Ends the directory and gives its children; the builder is empty again.
  ///
  /// The root of a snapshot is never inline.
  package mutating func finish(isRoot: Bool = false) throws(VaultError) -> Children {
    defer { reset() }
    if levels[0].nodeCount == 0 && !isRoot && levels[0].items.size < TreeLimits.inlineDirectory {
      return .inline(EntryList(trusted: levels[0].items.takeList()))
    }
    if isEmpty { try flush(0) }
    var level = 0
    while true {
      if !levels[level].items.isEmpty { try flush(level) }
      if levels[level].nodeCount == 1 {
        return .nodes(TreeReference(level: UInt8(level), id: levels[level].lastID))
      }
      level += 1
    }
  }

  /// Forgets what was added since the beginning or the last `finish`.
  package mutating func reset() {
    levels.removeSubrange(1...)
    levels[0].items.reset()
    levels[0].lastName.removeAll(keepingCapacity: true)
    levels[0].nodeCount = 0
  }

  private mutating func append(
    size: Int, name: RawSpan, level: Int, _ add: (inout NodeBuffer) -> Void
  ) throws(VaultError) {
    if level == levels.count { levels.append(Level()) }
    if !levels[level].items.isEmpty && levels[level].items.size + size > Self.mostNode {
      try flush(level)
    }
    add(&levels[level].items)
    levels[level].lastName.removeAll(keepingCapacity: true)
    unsafe name.withUnsafeBytes { unsafe levels[level].lastName.append(contentsOf: $0) }
    if levels[level].items.size >= Self.leastNode && cuts(after: level, itemSize: size) {
      try flush(level)
    }
  }

  private mutating func cuts(after level: Int, itemSize: Int) -> Bool {
    message.removeAll(keepingCapacity: true)
    message.append(UInt8(level))
    message.append(contentsOf: levels[level].lastName)
    let (threshold, overflow) = UInt64(itemSize).multipliedReportingOverflow(by: Self.cutUnit)
    return overflow || hash.cutHash(of: message.rawSpan) < threshold
  }

  /// Ends the node of a level and adds it to the level above.
  private mutating func flush(_ level: Int) throws(VaultError) {
    let type = TreeKind.directory.type(at: UInt8(level))
    let id = try levels[level].items.flush(type, level: UInt8(level), to: sink)
    levels[level].lastID = id
    levels[level].nodeCount += 1
    let name = levels[level].lastName
    let size = varintSize(UInt64(name.count)) + name.count + 32
    try append(size: size, name: name.rawSpan, level: level + 1) { items in
      items.append { writer in
        writer.prefixed(name)
        writer.id(id)
      }
    }
  }

  /// The name that an encoded entry begins with; a length below 256 takes one byte or two.
  @_lifetime(copy entry)
  private static func name(of entry: RawSpan) -> RawSpan {
    var reader = ByteReader(entry)
    guard let name = try? reader.prefixed() else { preconditionFailure("an entry has a name") }
    return name
  }
}
