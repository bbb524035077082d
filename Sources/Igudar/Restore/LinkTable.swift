// The files with several names of which some were not met yet. A group is forgotten when as many
// names were met as the file has.
//
// Invariant: in memory are the groups whose file is still being restored, and a few more; what
// became of the others lies in a map that leaves memory when it grows, however many there are.

import Platform
import Vault

/// What the walk of a restore knows of files with several names; not shared.
struct LinkTable {
  private struct Row {
    let group: LinkGroup
    var remaining: UInt64
  }

  private let hasher: ChunkHasher
  private let root: PathChain
  private var rows: [ChunkID: Row] = [:]
  private var rowLimit = Self.leastRows
  private let settled = TemporaryMap()
  // The folder of the group that was found last, which the next is likely to be in too.
  private var last: (folder: FilePath, chain: PathChain)?
  // Files of the target with several names, by device and inode, that are one of the snapshot's.
  private let taken = TemporaryMap()
  // The groups whose further names wait for them.
  private var awaited: [LinkGroup] = []

  private static let leastRows = 4096
  /// So many names may wait for files that are not there yet, each with its folder open.
  private static let mostWaiting = max(1, min(1024, openFileLimit() / 8))

  init(_ hasher: ChunkHasher, below root: PathChain) {
    self.hasher = hasher
    self.root = root
  }

  /// The group that an entry is a further name of; nil if it is the first.
  mutating func find(_ entry: Entry) throws(VaultError) -> LinkGroup? {
    guard let key = entry.linkKey(hasher) else { return nil }
    guard let row = rows[key] else { return try findSettled(key) }
    if row.remaining <= 1 { rows[key] = nil } else { rows[key]?.remaining -= 1 }
    return row.group
  }

  /// The group that begins with an entry; nil if the file has one name.
  mutating func begin(
    _ entry: Entry, in directory: RestoreDirectory
  ) throws(VaultError) -> LinkGroup? {
    guard let link = entry.hardLink, let key = entry.linkKey(hasher) else { return nil }
    let group = LinkGroup(entry.name, in: directory.chain)
    rows[key] = Row(group: group, remaining: link.count - 1)
    if rows.count > rowLimit { try putAside() }
    return group
  }

  /// Whether what is there under the first name of a file became another file of the snapshot
  /// before; if not, it becomes this one.
  func takes(_ status: FileStatus?, for entry: Entry) throws(VaultError) -> Bool {
    guard entry.hardLink != nil, let status, status.links > 1,
      status.type != .directory
    else { return false }
    var key = ByteWriter()
    key.u64(status.device)
    key.u64(status.inode)
    if try taken.get(key.bytes) != nil { return true }
    try taken.set(key.bytes, to: [1])
    return false
  }

  // MARK: Waiting

  /// Notes that a name waits for its file; answers whether there are too many of them.
  mutating func note(waitingFor group: LinkGroup) -> Bool {
    awaited.append(group)
    return awaited.count >= Self.mostWaiting
  }

  /// Waits until nothing waits any more; the files must be on their way.
  mutating func waitForAll() {
    for group in awaited { group.waitForOutcome() }
    awaited = []
  }

  // MARK: Out of memory

  // What is still being restored stays; the walk is never far ahead of that.
  private mutating func putAside() throws(VaultError) {
    for (key, row) in rows {
      guard let outcome = row.group.outcome else { continue }
      try set(key, SettledLink(row.group, outcome, remaining: row.remaining))
      rows[key] = nil
    }
    rowLimit = max(Self.leastRows, rows.count * 2)
  }

  private func set(_ key: ChunkID, _ link: SettledLink?) throws(VaultError) {
    var name = ByteWriter()
    name.id(key)
    try settled.set(name.bytes, to: link?.encoded ?? [])
  }

  private mutating func findSettled(_ key: ChunkID) throws(VaultError) -> LinkGroup? {
    var name = ByteWriter()
    name.id(key)
    guard let bytes = try settled.get(name.bytes), var link = SettledLink(bytes) else { return nil }
    link.remaining -= 1
    try set(key, link.remaining == 0 ? nil : link)
    return LinkGroup(link.name, in: chain(of: link.folder), outcome: link.outcome)
  }

  private mutating func chain(of folder: FilePath) -> PathChain {
    if let last, last.folder == folder { return last.chain }
    let chain = folder.components.reduce(root) { PathChain($1, in: $0) }
    last = (folder, chain)
    return chain
  }
}

/// A file with several names of which it is known what became of it, as the map holds it.
private struct SettledLink {
  let outcome: LinkGroup.Outcome
  /// How many names are still to come.
  var remaining: UInt64
  let name: FileName
  /// Its folder, below the root of the restore.
  let folder: FilePath

  init(_ group: LinkGroup, _ outcome: LinkGroup.Outcome, remaining: UInt64) {
    self.outcome = outcome
    self.remaining = remaining
    name = group.name
    folder = group.directory.relativePath
  }

  /// Nil for one that was forgotten.
  init?(_ bytes: [UInt8]) {
    var reader = unsafe ByteReader(bytes.span.bytes)
    do throws(Damage) {
      outcome =
        switch try reader.u8() {
        case 1: .lost(.notPermitted)
        case 2: .lost(.failed)
        case 3: .lost(.damaged)
        case 4: .displaced
        default: .isThere
        }
      remaining = try reader.u64()
      name = FileName(unchecked: try reader.prefixedArray())
      folder = FilePath(Array(bytes[reader.offset...]))
    } catch { return nil }
  }

  var encoded: [UInt8] {
    var writer = ByteWriter(capacity: 11 + name.bytes.count + folder.bytes.count)
    let code: UInt8 =
      switch outcome {
      case .isThere: 0
      case .lost(.notPermitted): 1
      case .lost(.failed), .lost(.kept): 2
      case .lost(.damaged): 3
      case .displaced: 4
      }
    writer.u8(code)
    writer.u64(remaining)
    writer.prefixed(name.bytes)
    writer.raw(folder.bytes)
    return writer.bytes
  }
}
