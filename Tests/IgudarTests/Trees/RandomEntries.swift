// Random entries of every type for property tests, from a seed that a failing test prints.

import Platform
import Vault

@testable import Igudar

/// SplitMix64: a seed gives the same numbers for ever.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &self) }

  /// A number whose length in bits is random too.
  mutating func wide() -> UInt64 { next() >> UInt64.random(in: 0..<64, using: &self) }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8.random(in: 1...255, using: &self) }
  }

  mutating func id() -> ChunkID { ChunkID(words: (next(), next(), next(), next())) }
}

extension SeededGenerator {
  mutating func name() -> FileName {
    while true {
      let count = chance(5) ? 255 : 1 + number(below: 20)
      if let name = FileName(bytes(count)) { return name }
    }
  }

  mutating func time() -> Timestamp {
    let seconds = chance(10) ? -Int64(wide() >> 1) : Int64(wide() >> 1)
    return Timestamp(seconds: seconds, nanoseconds: UInt32(number(below: 1_000_000_000)))
  }

  /// Extents without neighbouring holes.
  mutating func extents(_ count: Int) -> [Extent] {
    var extents: [Extent] = []
    for _ in 0..<count {
      if chance(20), !(extents.last?.isHole ?? false) {
        extents.append(.hole(length: 1 + UInt64(number(below: 1 << 30))))
      } else {
        extents.append(.chunk(id(), length: UInt32(1 + number(below: 8 << 20))))
      }
    }
    return extents
  }

  mutating func attributes() -> [ExtendedAttribute] {
    let names = Set((0..<number(below: 4)).map { _ in bytes(1 + number(below: 30)) })
    return names.sorted { $0.lexicographicallyPrecedes($1) }.map { name in
      chance(70)
        ? ExtendedAttribute(name: name, value: .inline(bytes(number(below: 40))))
        : ExtendedAttribute(
          name: name, value: .chunk(id(), length: UInt32(1 + number(below: 65536))))
    }
  }

  mutating func kind(depth: Int) -> Entry.Kind {
    switch number(below: 14) {
    case 0: return .symbolicLink(target: bytes(1 + number(below: 100)))
    case 1: return .characterDevice(.init(major: UInt32(wide() >> 32), minor: UInt32(wide() >> 32)))
    case 2: return .blockDevice(.init(major: 0, minor: 0))
    case 3: return .fifo
    case 4: return .socket
    case 5: return .directory(.nodes(TreeReference(level: UInt8(number(below: 17)), id: id())))
    case 6, 7: return .directory(.inline(list(depth: depth + 1)))
    case 8:
      let root = TreeReference(level: UInt8(number(below: 17)), id: id())
      return .file(.init(size: wide() | 1, content: .nodes(root)))
    case 9: return .file(.init(size: 0, content: .empty))
    default:
      let extents = extents(1 + number(below: chance(5) ? 64 : 4))
      let size = extents.reduce(0) { $0 + $1.length }
      return .file(.init(size: size, content: .inline(extents)))
    }
  }

  /// A short list of entries for a directory.
  mutating func list(depth: Int) -> EntryList {
    var writer = ByteWriter()
    var size = 0
    let entries = depth > 8 ? [] : entries(number(below: 4), depth: depth)
    let encoded = entries.map(\.encoded).prefix { bytes in
      size += varintSize(UInt64(bytes.count)) + bytes.count
      return size < TreeLimits.inlineDirectory
    }
    writer.varint(UInt64(encoded.count))
    for bytes in encoded { writer.prefixed(bytes) }
    return EntryList(trusted: writer.bytes)
  }

  mutating func entry(named name: FileName? = nil, depth: Int = 0) -> Entry {
    var entry = Entry(
      name: name ?? self.name(), kind: kind(depth: depth), mode: UInt16(number(below: 0o10000)),
      uid: UInt32(wide() >> 32), gid: UInt32(wide() >> 32), mtime: time())
    if chance(90) { entry.ctime = time() }
    if chance(20) { entry.atime = time() }
    if chance(50) { entry.birthTime = time() }
    if chance(90) { entry.inode = wide() }
    if chance(10), entry.type != .directory {
      entry.hardLink = .init(device: UInt64(number(below: 3)), count: 2 + wide() >> 1)
    }
    if chance(80) { entry.user = bytes(1 + number(below: 10)) }
    if chance(80) { entry.group = bytes(1 + number(below: 10)) }
    if chance(10) { entry.inodeFlags = UInt32(wide() >> 32) }
    if chance(10) { entry.projectID = UInt32(wide() >> 32) }
    if chance(20) { entry.attributes = attributes() }
    if chance(5) { entry.flags = wide() }
    if chance(5) {
      entry.unknown = [
        UnknownField(number: 23, value: []), UnknownField(number: 1 << 40, value: bytes(9)),
      ]
    }
    return entry
  }

  /// Entries with distinct names, in order.
  mutating func entries(_ count: Int, depth: Int = 0) -> [Entry] {
    Set((0..<count).map { _ in name() }).sorted().map { entry(named: $0, depth: depth) }
  }
}
