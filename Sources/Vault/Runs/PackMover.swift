// Writes what is needed of packs anew. A frame of which everything is needed keeps its compressed
// bytes and is only sealed again; of others the needed chunks are gathered into new frames. A pack is
// moved stretch by stretch, so that several threads can work on it.
//
// Invariant: what is moved is proven on the way. A frame that is kept whole opens under its pack's
// key, is bound to its chunks by its nonce, and what is sealed anew opens to the same bytes as the
// stored frame does a second time. A chunk that is gathered hashes to its ID.

import Platform

/// Moves packs into a run; one per thread.
package final class PackMover {
  /// Whether a chunk is needed at a place of the pack: frame offset, offset in the frame.
  package typealias Choice = (ChunkID, UInt32, UInt32) throws(VaultError) -> Bool

  private let vault: Vault
  private let lane: Lane
  // Plain bytes of frames that are kept whole, at most; 0 for none.
  private let copyLimit: UInt32
  private var stored = OwnedBuffer(capacity: 1 << 20)
  private var inner = OwnedBuffer(capacity: 1 << 20)
  // The plain text of a frame that is taken apart, or what one that is kept opens to once more.
  private var plain = OwnedBuffer(capacity: 1 << 20)
  private var opener = FrameOpener()

  // Frames next to each other are read together up to so much.
  private static let readLimit = 2 << 20
  // Plain bytes below which a frame is not worth keeping: data, tree.
  private static let copyMinimum: [UInt32] = [512 << 10, 128 << 10]

  /// A way into a run; without `copiesFrames` every chunk is proven by its ID.
  package init(
    into run: Run, chunkLimit: Int, copiesFrames: Bool
  ) throws(VaultError) {
    vault = run.vault
    lane = try run.lane(chunkLimit: chunkLimit)
    copyLimit = copiesFrames ? UInt32(lane.frameLimit) : 0
  }

  /// Seals what is gathered.
  package func flush() throws(VaultError) { try lane.flush() }

  /// What a pack is going to give: its directory, and the needed frames in stretches.
  package struct Source: Sendable {
    fileprivate let name: ObjectHash
    fileprivate let directory: PackDirectory
    fileprivate let keys: PackKeys
    /// Neighbouring frames that are read together.
    package fileprivate(set) var stretches: [Stretch] = []
  }

  /// Neighbouring frames of a pack.
  package struct Stretch: Sendable {
    fileprivate var parts: [Part]

    fileprivate var offset: Int { parts[0].offset }
    fileprivate var end: Int { parts[parts.count - 1].end }
  }

  // A frame with those of its chunks that are needed.
  fileprivate struct Part: Sendable {
    let frame: FrameDescription
    let offset: Int
    let chunks: Range<Int>
    let needed: [Bool]
    let neededCount: Int

    var end: Int { offset + Int(frame.storedLength) }
  }

  /// Finds what is needed of a pack, which is at least `leastCount` chunks; nil, and the pack must
  /// stay, if that is not so.
  ///
  /// - Throws: `damaged` or `missing` if the pack does not tell: it must stay then, too.
  package func source(
    _ pack: ObjectHash, size: Int, leastCount: Int, isNeeded: Choice
  ) throws(VaultError) -> Source? {
    let directory = try vault.packReader.directory(of: pack, size: size)
    guard directory.domain == vault.domain.number else { return nil }
    let parts = try needed(in: directory, isNeeded)
    guard parts.reduce(0, { $0 + $1.neededCount }) >= leastCount else { return nil }
    let keys = try vault.packKeys.keys(of: pack, using: vault.packReader)
    var source = Source(name: pack, directory: directory, keys: keys)
    for part in parts {
      if let last = source.stretches.last, part.offset == last.end,
        part.end - last.offset <= Self.readLimit
      {
        source.stretches[source.stretches.count - 1].parts.append(part)
      } else {
        source.stretches.append(Stretch(parts: [part]))
      }
    }
    return source
  }

  /// Moves what is needed of a stretch of a pack.
  ///
  /// - Throws: `damaged` or `missing` if the pack does not give it: the pack must stay then.
  package func move(_ stretch: Stretch, of source: Source) throws(VaultError) {
    guard Interrupt.requested == 0 else { throw .interrupted }
    let first = stretch.offset
    let length = stretch.end - first
    if stored.capacity < length { stored = OwnedBuffer(capacity: length) }
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: stored.pointer, count: length)
    try unsafe vault.packReader.read(source.name, at: first, into: bytes)
    for part in stretch.parts {
      let range = part.offset - first..<part.end - first
      let frame = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range])
      try unsafe move(part, frame, of: source)
    }
  }

  private func needed(
    in directory: PackDirectory, _ isNeeded: Choice
  ) throws(VaultError) -> [Part] {
    var parts: [Part] = []
    var offset = PackHeader.size
    var next = 0
    for frame in directory.frames {
      let chunks = next..<next + Int(frame.chunkCount)
      var needed: [Bool] = []
      var start: UInt32 = 0
      for index in chunks {
        needed.append(try isNeeded(directory.chunkIDs[index], UInt32(offset), start))
        start += directory.chunkLengths[index]
      }
      let count = needed.count(where: \.self)
      if count > 0 {
        parts.append(
          Part(frame: frame, offset: offset, chunks: chunks, needed: needed, neededCount: count))
      }
      offset += Int(frame.storedLength)
      next = chunks.upperBound
    }
    return parts
  }

  private func move(
    _ part: Part, _ frame: UnsafeRawBufferPointer, of source: Source
  ) throws(VaultError) {
    let (directory, keys) = (source.directory, source.keys)
    let name = PackReader.name(source.name)
    guard let base = frame.baseAddress,
      unsafe PackKeys.tail(at: base)
        == keys.nonceTail(offset: part.offset, chunks: directory.chunkIDs[part.chunks])
    else { throw .damaged(object: name, .malformed("a frame's nonce is not that of its chunks")) }
    let minimum = Self.copyMinimum[Int(part.frame.kind.rawValue)]
    if part.neededCount == part.chunks.count, part.frame.plainLength >= minimum,
      part.frame.plainLength <= copyLimit
    {
      try unsafe copy(part, frame, name, directory, keys)
      return
    }
    do throws(Damage) {
      let opened = try unsafe opener.open(frame, at: part.offset, keys: keys, into: &plain)
      guard opened.length == Int(part.frame.plainLength) else {
        throw .malformed("a frame's length is not what the directory says")
      }
    } catch { throw .damaged(object: name, error) }
    var start = 0
    var chunks: [UnsafeRawBufferPointer] = unsafe []
    var ids: [ChunkID] = []
    for (index, needed) in zip(part.chunks, part.needed) {
      let length = Int(directory.chunkLengths[index])
      if needed {
        unsafe chunks.append(UnsafeRawBufferPointer(start: plain.pointer + start, count: length))
        ids.append(directory.chunkIDs[index])
      }
      start += length
    }
    guard try unsafe lane.move(chunks, ids, kind: part.frame.kind) else {
      throw .damaged(object: name, .badChunk)
    }
  }

  private func copy(
    _ part: Part, _ frame: UnsafeRawBufferPointer, _ name: String,
    _ directory: PackDirectory, _ keys: PackKeys
  ) throws(VaultError) {
    let length = frame.count - 32
    if inner.capacity < length { inner = OwnedBuffer(capacity: length) }
    if plain.capacity < length { plain = OwnedBuffer(capacity: length) }
    let first = unsafe UnsafeMutableRawBufferPointer(start: inner.pointer, count: length)
    let second = unsafe UnsafeMutableRawBufferPointer(start: plain.pointer, count: length)
    guard unsafe keys.openFrame(stored: frame, offset: part.offset, into: first) else {
      throw .damaged(object: name, .notAuthentic)
    }
    let word = unsafe UInt32(littleEndian: first.load(as: UInt32.self))
    guard word == part.frame.plainLength | UInt32(part.frame.codec.rawValue) << 24 else {
      throw .damaged(object: name, .malformed("a frame is not what the directory says"))
    }
    try unsafe lane.copy(
      part.frame, ids: directory.chunkIDs[part.chunks],
      lengths: directory.chunkLengths[part.chunks], inner: UnsafeRawBufferPointer(first)
    ) {
      guard unsafe keys.openFrame(stored: frame, offset: part.offset, into: second) else {
        return nil
      }
      return UnsafeRawBufferPointer(second)
    }
  }
}
