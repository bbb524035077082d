// Proves every byte of a pack: name, both headers, footer, directory, filler, every frame and
// every chunk ID. What is found is listed, not thrown, so that one bad frame hides no other.

import Platform

/// What is wrong in a pack.
package struct PackFinding: Sendable {
  package let damage: Damage
  /// The chunks that cannot be had from this pack; empty when only its frame is hurt.
  package let chunks: [ChunkID]

  package init(damage: Damage, chunks: [ChunkID]) {
    self.damage = damage
    self.chunks = chunks
  }
}

/// Verifies packs one after another, reusing its buffers; one per thread.
package struct PackVerifier: ~Copyable {
  private let reader: PackReader
  private let hasher: ChunkHasher
  private var opener = FrameOpener()
  private var pack = OwnedBuffer(capacity: 1 << 20)
  private var plain = OwnedBuffer(capacity: 1 << 20)

  package init(reader: PackReader, hasher: ChunkHasher) {
    self.reader = reader
    self.hasher = hasher
  }

  /// Reads all of a pack and lists what is wrong; empty when every byte is as it must be.
  package mutating func verify(
    _ name: ObjectHash, size: Int
  ) throws(VaultError) -> [PackFinding] {
    guard size >= PackHeader.size + PackHeader.tailSize, size <= Limits.packSize else {
      return [PackFinding(damage: .badLength, chunks: [])]
    }
    if pack.capacity < size { pack = OwnedBuffer(capacity: size) }
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: pack.pointer, count: size)
    try unsafe reader.read(name, at: 0, into: bytes)
    var findings: [PackFinding] = []
    var proof = unsafe NameLane(of: UnsafeRawBufferPointer(bytes))
    do throws(VaultError) {
      let (keys, footer, directory) = try unsafe reader.parts(
        of: UnsafeRawBufferPointer(bytes), named: name)
      unsafe findings += verifyFrames(
        UnsafeRawBufferPointer(bytes), keys, directory, naming: &proof)
      let filler = unsafe UnsafeMutableRawBufferPointer(
        rebasing: bytes[Int(footer.fillerOffset)..<Int(footer.directoryOffset)])
      if unsafe !isFiller(filler, keys: keys) {
        findings.append(PackFinding(damage: .badPadding, chunks: []))
      }
    } catch {
      guard case .damaged(_, let damage) = error else { throw error }
      findings.append(PackFinding(damage: damage, chunks: []))
    }
    if proof.finish() != name {
      findings.insert(PackFinding(damage: .badName, chunks: []), at: 0)
    }
    return findings
  }

  private mutating func verifyFrames(
    _ bytes: UnsafeRawBufferPointer, _ keys: PackKeys, _ directory: PackDirectory,
    naming proof: inout NameLane
  ) -> [PackFinding] {
    var findings: [PackFinding] = []
    var offset = PackHeader.size
    var next = 0
    for frame in directory.frames {
      let chunks = next..<next + Int(frame.chunkCount)
      let stored = unsafe UnsafeRawBufferPointer(
        rebasing: bytes[offset..<offset + Int(frame.storedLength)])
      do throws(Damage) {
        let tail = keys.nonceTail(offset: offset, chunks: directory.chunkIDs[chunks])
        guard let base = stored.baseAddress, unsafe PackKeys.tail(at: base) == tail else {
          throw .malformed("a frame's nonce is not that of its chunks")
        }
        let opened = try unsafe opener.open(stored, at: offset, keys: keys, into: &plain)
        guard opened.length == Int(frame.plainLength), opened.codec == frame.codec else {
          throw .malformed("a frame's length or codec is not what the directory says")
        }
        findings += verifyChunks(
          chunks, of: directory, kind: frame.kind, naming: &proof,
          upTo: offset + Int(frame.storedLength))
      } catch {
        findings.append(
          PackFinding(damage: error, chunks: Array(directory.chunkIDs[chunks])))
      }
      offset += Int(frame.storedLength)
      next = chunks.upperBound
    }
    return findings
  }

  private func verifyChunks(
    _ chunks: Range<Int>, of directory: PackDirectory, kind: ChunkKind,
    naming proof: inout NameLane, upTo end: Int
  ) -> [PackFinding] {
    var parts: [UnsafeRawBufferPointer] = unsafe []
    unsafe parts.reserveCapacity(chunks.count)
    var start = 0
    for index in chunks {
      let length = Int(directory.chunkLengths[index])
      unsafe parts.append(UnsafeRawBufferPointer(start: plain.pointer + start, count: length))
      start += length
    }
    let found = unsafe hasher.ids(of: parts, kind: kind, beside: &proof, upTo: end)
    let bad = zip(chunks, found).compactMap { index, id in
      id == directory.chunkIDs[index] ? nil : directory.chunkIDs[index]
    }
    return bad.isEmpty ? [] : [PackFinding(damage: .badChunk, chunks: bad)]
  }

  private func isFiller(_ filler: UnsafeMutableRawBufferPointer, keys: PackKeys) -> Bool {
    let expected = OwnedBuffer(capacity: max(1, filler.count))
    let place = unsafe UnsafeMutableRawBufferPointer(
      start: expected.pointer, count: filler.count)
    unsafe keys.fill(place)
    return unsafe equalBytes(UnsafeRawBufferPointer(place), UnsafeRawBufferPointer(filler))
  }
}
