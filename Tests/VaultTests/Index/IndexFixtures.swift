// What the index tests share: folders that clean up after themselves, and random segments.

import Glibc
import Platform

@testable import Vault

/// A new folder below the temporary one, removed with everything in it at the end.
final class ScratchFolder: Sendable {
  let path: FilePath

  /// A folder where syncing costs nothing, if there is such a place, or a common one.
  init(onDisk: Bool = false) {
    for base in onDisk ? ["/tmp"] : ["/dev/shm", "/tmp"] {
      var template = Array("\(base)/igudar-index-XXXXXX".utf8).map { CChar(bitPattern: $0) } + [0]
      guard unsafe mkdtemp(&template) != nil else { continue }
      path = FilePath(template.dropLast().map { UInt8(bitPattern: $0) })
      return
    }
    fatalError("no temporary folder")
  }

  deinit {
    Self.removeTree(path)
  }

  static func removeTree(_ path: FilePath) {
    let text = String(decoding: path.bytes, as: UTF8.self)
    guard let folder = unsafe opendir(text) else {
      unsafe unlink(text)
      return
    }
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
          unsafe String(cString: $0)
        }
      }
      if name != "." && name != ".." { removeTree(path.appending(name)) }
    }
    unsafe closedir(folder)
    unsafe rmdir(text)
  }
}

/// A generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  mutating func id<Kind>(_: Identifier32<Kind>.Type = Identifier32<Kind>.self) -> Identifier32<Kind>
  {
    Identifier32(words: (next(), next(), next(), next()))
  }

  mutating func repository() -> RepositoryID {
    var writer = ByteWriter()
    writer.u64(next())
    writer.u64(next())
    return RepositoryID(bytes: writer.bytes)
  }
}

/// Takes what a cache has to say.
final class Warnings: @unchecked Sendable {
  private let lock = Lock()
  private var texts: [String] = []

  func add(_ text: String) { lock.withLock { texts.append(text) } }
  var all: [String] { lock.withLock { texts } }
}

/// A place of a chunk by pack name, as it does not depend on a cache's numbers.
struct NamedPlace: Hashable, Comparable {
  let pack: ObjectHash
  let frameOffset: UInt32
  let frameLength: UInt32
  let offset: UInt32
  let length: UInt32
  let kind: ChunkKind

  static func < (left: NamedPlace, right: NamedPlace) -> Bool {
    (left.pack, left.frameOffset, left.offset) < (right.pack, right.frameOffset, right.offset)
  }
}

/// A segment and what it says, in the test's own words.
struct SampleSegment {
  let name: ObjectHash
  let segment: Segment
  let places: [ChunkID: Set<NamedPlace>]
  let packs: [ObjectHash]

  static func indexKey() -> SecretKey {
    unsafe SecretKey { unsafe $0.copyMemory(from: UnsafeRawBufferPointer($0)) }
  }

  /// Random packs with random frames; some chunks are taken from `known`.
  init(
    packCount: Int, framesPerPack: Int, chunksPerFrame: Int, known: [ChunkID] = [],
    _ random: inout SeededGenerator
  ) throws {
    var builder = SegmentBuilder()
    var places: [ChunkID: Set<NamedPlace>] = [:]
    var packs: [ObjectHash] = []
    for _ in 0..<packCount {
      let name = random.id(ObjectHash.self)
      packs.append(name)
      let pack = builder.addPack(name, size: 16 << 20)
      var start: UInt32 = 160
      for _ in 0..<framesPerPack {
        let stored = UInt32.random(in: 1000...20_000, using: &random)
        let kind: ChunkKind = Bool.random(using: &random) ? .data : .tree
        let lengths = (0..<chunksPerFrame).map { _ in UInt32.random(in: 1...5000, using: &random) }
        let frame = builder.addFrame(
          pack: pack, offset: start, storedLength: stored, plainLength: lengths.reduce(0, +),
          kind: kind)
        var offset: UInt32 = 0
        for length in lengths {
          let reused = known.randomElement(using: &random)
          let id =
            Int.random(in: 0..<4, using: &random) == 0
            ? reused ?? random.id() : random.id(ChunkID.self)
          builder.addRow(id, frame: frame, offset: offset, length: length)
          places[id, default: []].insert(
            NamedPlace(
              pack: name, frameOffset: start, frameLength: stored, offset: offset,
              length: length, kind: kind))
          offset += length
        }
        start += stored
      }
    }
    self.places = places
    self.packs = packs
    name = random.id()
    segment = try Segment(payload: builder.finish(Self.indexKey()))
  }
}

extension IndexCache {
  /// All places that the index has for a chunk, by pack name, swept packs left out.
  func namedPlaces(_ id: ChunkID, _ reader: IndexReader) throws -> Set<NamedPlace> {
    var named: Set<NamedPlace> = []
    for place in try reader.places(id) {
      guard let pack = try pack(place.pack) else { continue }
      named.insert(
        NamedPlace(
          pack: pack.hash, frameOffset: place.frameOffset, frameLength: place.frameLength,
          offset: place.offset, length: place.length, kind: place.kind))
    }
    return named
  }
}
