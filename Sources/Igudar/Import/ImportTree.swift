// A file system in the making, out of members in any order: names in folders and the files they are
// names of, in maps that leave memory when they grow. It behaves as extracting the members one after
// the other does: what comes last takes the place, and another name keeps the file it was made for.

import Platform
import Vault

/// The tree that an archive describes so far; not shared.
final class ImportTree {
  /// Why a member has no place.
  enum Obstacle: Error {
    /// Something on the way to it is no folder.
    case notDirectory(FilePath)
    /// A folder with something in it is where it should be.
    case directoryInTheWay
  }

  /// What is at a name.
  private struct Place {
    var isDirectory: Bool
    var number: UInt64
  }

  /// The root's own entry.
  private(set) var root: Entry
  private let implied: Entry
  private let names = TemporaryMap()
  private let files = TemporaryMap()
  private var nextNumber: UInt64 = 1
  // Members of one folder mostly follow each other.
  private var lastDirectory: (path: [FileName], number: UInt64) = ([], 0)

  private static let placeholder = FileName(unchecked: [0x78])

  /// An empty tree; folders that no member describes are as `implied`.
  init(implied: Entry) {
    self.implied = implied
    root = implied
    root.name = Entry.rootName
  }

  // MARK: Members

  /// Puts an entry at a path, with the folders that lead there; nil if it has its place now.
  func put(_ entry: Entry, at path: [FileName]) throws(VaultError) -> Obstacle? {
    guard let name = path.last else {
      guard entry.type == .directory else { return .directoryInTheWay }
      root = entry
      root.name = Entry.rootName
      return nil
    }
    switch try directory(at: path.dropLast()) {
    case .failure(let obstacle): return obstacle
    case .success(let parent): return try put(entry, name, in: parent)
    }
  }

  /// Makes a path another name of what is at a path now; false if nothing is there.
  func link(
    _ path: [FileName], to target: [FileName]
  ) throws(VaultError) -> (isThere: Bool, obstacle: Obstacle?) {
    guard let name = path.last, let place = try find(target), !place.isDirectory else {
      return (false, nil)
    }
    switch try directory(at: path.dropLast()) {
    case .failure(let obstacle): return (true, obstacle)
    case .success(let parent):
      if let obstacle = try clear(name, in: parent, for: place) { return (true, obstacle) }
      guard try find(path)?.number != place.number else { return (true, nil) }
      try count(place.number, by: 1)
      try set(place, name, in: parent)
      return (true, nil)
    }
  }

  private func put(
    _ entry: Entry, _ name: FileName, in parent: UInt64
  ) throws(VaultError) -> Obstacle? {
    var entry = entry
    entry.name = Self.placeholder
    let isDirectory = entry.type == .directory
    let before = try place(name, in: parent)
    if isDirectory, let before, before.isDirectory {
      try files.set(Self.key(before.number), to: Self.record(1, entry))
      return nil
    }
    let fresh = Place(isDirectory: isDirectory, number: nextNumber)
    if let obstacle = try clear(name, in: parent, for: fresh) { return obstacle }
    nextNumber += 1
    try files.set(Self.key(fresh.number), to: Self.record(1, entry))
    try set(fresh, name, in: parent)
    return nil
  }

  // Takes away what is at a name before something else comes there.
  private func clear(
    _ name: FileName, in parent: UInt64, for next: Place
  ) throws(VaultError) -> Obstacle? {
    guard let before = try place(name, in: parent), before.number != next.number else { return nil }
    if before.isDirectory {
      if let below = try names.first(from: Self.key(before.number)),
        below.key.starts(with: Self.key(before.number))
      {
        return .directoryInTheWay
      }
      lastDirectory = ([], 0)
    } else {
      try count(before.number, by: -1)
    }
    return nil
  }

  private func count(_ number: UInt64, by step: Int64) throws(VaultError) {
    let (count, entry) = try file(number)
    try files.set(Self.key(number), to: Self.record(UInt64(Int64(count) + step), entry))
  }

  // MARK: Folders

  private func directory(
    at path: ArraySlice<FileName>
  ) throws(VaultError) -> Result<UInt64, Obstacle> {
    if path.elementsEqual(lastDirectory.path) { return .success(lastDirectory.number) }
    var number: UInt64 = 0
    for (index, name) in path.enumerated() {
      if let place = try place(name, in: number) {
        guard place.isDirectory else {
          let names = path.prefix(index + 1).map(\.bytes)
          return .failure(.notDirectory(FilePath(Array(names.joined(separator: [0x2f])))))
        }
        number = place.number
        continue
      }
      var entry = implied
      entry.name = Self.placeholder
      let fresh = Place(isDirectory: true, number: nextNumber)
      nextNumber += 1
      try files.set(Self.key(fresh.number), to: Self.record(1, entry))
      try set(fresh, name, in: number)
      number = fresh.number
    }
    lastDirectory = (Array(path), number)
    return .success(number)
  }

  private func find(_ path: [FileName]) throws(VaultError) -> Place? {
    var place = Place(isDirectory: true, number: 0)
    for name in path {
      guard place.isDirectory, let next = try self.place(name, in: place.number) else { return nil }
      place = next
    }
    return place
  }

  private func place(_ name: FileName, in parent: UInt64) throws(VaultError) -> Place? {
    try names.get(Self.key(parent) + name.bytes).map { Self.place($0) }
  }

  private func set(_ place: Place, _ name: FileName, in parent: UInt64) throws(VaultError) {
    try names.set(
      Self.key(parent) + name.bytes, to: [place.isDirectory ? 1 : 0] + Self.key(place.number))
  }

  // MARK: The finished tree

  /// A step of the walk through the finished tree.
  enum Step {
    case enter(Entry)
    case entry(Entry)
    case leave
  }

  /// Walks through all below the root in the order of trees; nothing recurses.
  func walk(_ visit: (Step) throws(VaultError) -> Void) throws(VaultError) {
    var levels: [(prefix: [UInt8], next: [UInt8])] = [(Self.key(0), Self.key(0))]
    while let level = levels.last {
      guard Interrupt.requested == 0 else { throw .interrupted }
      guard let found = try names.first(from: level.next), found.key.starts(with: level.prefix)
      else {
        levels.removeLast()
        if !levels.isEmpty { try visit(.leave) }
        continue
      }
      levels[levels.count - 1].next = found.key + [0]
      let place = Self.place(found.value)
      var (count, entry) = try file(place.number)
      entry.name = FileName(unchecked: Array(found.key.dropFirst(level.prefix.count)))
      if place.isDirectory {
        try visit(.enter(entry))
        levels.append((Self.key(place.number), Self.key(place.number)))
        continue
      }
      if count > 1 {
        entry.inode = place.number
        entry.hardLink = Entry.HardLink(device: 0, count: count)
      }
      try visit(.entry(entry))
    }
  }

  // MARK: Records

  private static func key(_ number: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) }
  }

  private static func place(_ value: [UInt8]) -> Place {
    Place(
      isDirectory: value[0] == 1, number: value.dropFirst().reduce(0) { $0 << 8 | UInt64($1) })
  }

  private static func record(_ count: UInt64, _ entry: Entry) -> [UInt8] {
    var writer = ByteWriter(capacity: 192)
    writer.varint(count)
    entry.encode(into: &writer)
    return writer.bytes
  }

  private func file(_ number: UInt64) throws(VaultError) -> (count: UInt64, Entry) {
    guard let record = try files.get(Self.key(number)) else {
      preconditionFailure("what has a name has a record")
    }
    do throws(Damage) {
      var reader = ByteReader(record.rawSpan)
      let count = try reader.varint()
      let entry = try Entry(decoding: reader.raw(reader.remaining))
      return (count, entry)
    } catch {
      throw .temporaryFile("\(error)")
    }
  }
}
