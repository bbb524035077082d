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

/// What is known of a pack now.
package struct VerifiedPack: Sendable {
  package let name: ObjectHash
  package let findings: [PackFinding]

  package init(name: ObjectHash, findings: [PackFinding]) {
    self.name = name
    self.findings = findings
  }
}

/// Verifies packs one after another, reusing its buffers; one per thread.
///
/// A pack's name is a hash of all of it in one go, which takes longer than its chunks do side by side.
/// So what is left of it when a pack's frames are done goes on beside the frames of the next pack.
package struct PackVerifier: ~Copyable {
  private let reader: PackReader
  private let hasher: ChunkHasher
  private var opener = FrameOpener()
  private var pack = OwnedBuffer(capacity: 1 << 20)
  private var previous = OwnedBuffer(capacity: 1 << 20)
  private var plain = OwnedBuffer(capacity: Gathered.lengthLimit)
  // What is known of the pack before, but for its name, if that is to be proven; it lies in `previous`.
  private var unnamed: VerifiedPack?
  private var unnamedProof: NameLane?

  // Of a larger pack all is done at once, so that one is in memory and not two.
  private static let largestKept = 32 << 20

  package init(reader: PackReader, hasher: ChunkHasher) {
    self.reader = reader
    self.hasher = hasher
  }

  /// Reads all of a pack and lists what is wrong; empty when every byte is as it must be.
  package mutating func verify(
    _ name: ObjectHash, size: Int
  ) throws(VaultError) -> [PackFinding] {
    precondition(unnamed == nil, "nothing is left to be answered")
    return try add(name, size: size)?.findings ?? last()?.findings ?? []
  }

  /// Reads all of a pack and looks at it; answers what is wrong in the pack before, if that is left.
  ///
  /// After an error of this pack, the pack before is still to be answered.
  package mutating func add(_ name: ObjectHash, size: Int) throws(VaultError) -> VerifiedPack? {
    guard size >= PackHeader.size + PackHeader.tailSize, size <= Limits.packSize else {
      let finding = PackFinding(damage: .badLength, chunks: [])
      return replaceLast(with: VerifiedPack(name: name, findings: [finding]), proof: nil)
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
    let before = replaceLast(with: VerifiedPack(name: name, findings: findings), proof: proof)
    if size > Self.largestKept {
      unnamed = last()
    } else {
      swap(&pack, &previous)
    }
    return before
  }

  private mutating func replaceLast(
    with verified: VerifiedPack, proof: NameLane?
  ) -> VerifiedPack? {
    defer { (unnamed, unnamedProof) = (verified, proof) }
    return last()
  }

  /// What is wrong in the pack that was added last, if that is left.
  package mutating func last() -> VerifiedPack? {
    defer { (unnamed, unnamedProof) = (nil, nil) }
    guard let unnamed, var proof = unnamedProof, proof.finish() != unnamed.name else {
      return unnamed
    }
    let finding = PackFinding(damage: .badName, chunks: [])
    return VerifiedPack(name: unnamed.name, findings: [finding] + unnamed.findings)
  }

  // Chunks of neighbouring frames that lie in `plain`, to be hashed together, as lanes are filled better
  // by many; what is wrong with any of them is one finding.
  @safe
  private struct Gathered {
    var kind = ChunkKind.data
    var length = 0
    // Numbers in the directory.
    var numbers: [Int] = []
    @unsafe var parts: [UnsafeRawBufferPointer] = unsafe []

    static let lengthLimit = 4 << 20
    static let countLimit = 24

    mutating func add(
      _ chunks: Range<Int>, of directory: PackDirectory, in plain: borrowing OwnedBuffer
    ) {
      for number in chunks {
        let count = Int(directory.chunkLengths[number])
        numbers.append(number)
        unsafe parts.append(UnsafeRawBufferPointer(start: plain.pointer + length, count: count))
        length += count
      }
    }
  }

  private mutating func verifyFrames(
    _ bytes: UnsafeRawBufferPointer, _ keys: PackKeys, _ directory: PackDirectory,
    naming proof: inout NameLane
  ) -> [PackFinding] {
    var findings: [PackFinding] = []
    var gathered = Gathered()
    var offset = PackHeader.size
    var next = 0
    for frame in directory.frames {
      let chunks = next..<next + Int(frame.chunkCount)
      let length = Int(frame.plainLength)
      if gathered.kind != frame.kind || gathered.numbers.count >= Gathered.countLimit
        || gathered.length + length > Gathered.lengthLimit
      {
        findings += verifyChunks(gathered, of: directory, naming: &proof, upTo: offset)
        gathered = unsafe Gathered(kind: frame.kind)
      }
      let stored = unsafe UnsafeRawBufferPointer(
        rebasing: bytes[offset..<offset + Int(frame.storedLength)])
      do throws(Damage) {
        let tail = keys.nonceTail(offset: offset, chunks: directory.chunkIDs[chunks])
        guard let base = stored.baseAddress, unsafe PackKeys.tail(at: base) == tail else {
          throw .malformed("a frame's nonce is not that of its chunks")
        }
        let opened = try unsafe opener.unseal(stored, at: offset, keys: keys)
        guard opened.plainLength == length, opened.codec == frame.codec else {
          throw .malformed("a frame's length or codec is not what the directory says")
        }
        // Only one alone can be longer than what is gathered.
        if plain.capacity < length { plain = OwnedBuffer(capacity: length) }
        try unsafe opener.unpack(opened, into: plain.pointer + gathered.length)
        gathered.add(chunks, of: directory, in: plain)
      } catch {
        findings.append(
          PackFinding(damage: error, chunks: Array(directory.chunkIDs[chunks])))
      }
      offset += Int(frame.storedLength)
      next = chunks.upperBound
    }
    return findings + verifyChunks(gathered, of: directory, naming: &proof, upTo: offset)
  }

  private mutating func verifyChunks(
    _ gathered: Gathered, of directory: PackDirectory, naming proof: inout NameLane, upTo end: Int
  ) -> [PackFinding] {
    let found = unsafe hasher.ids(
      of: gathered.parts, kind: gathered.kind, beside: &proof, upTo: end, and: &unnamedProof)
    let bad = zip(gathered.numbers, found).compactMap { number, id in
      id == directory.chunkIDs[number] ? nil : directory.chunkIDs[number]
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
