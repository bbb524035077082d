// Reads chunks by ID: looks up a place, opens the frame there, proves the chunk by its ID. Frames
// are kept decoded for a while, because neighbours in a frame are wanted together. Where something
// is missing it is looked for again in what is new in the journal: a prune may have moved it.

import Platform

/// One thread's way to read chunks, not shared.
package final class ChunkReader {
  private let vault: Vault
  private let index: IndexReader
  private var opener = FrameOpener()
  private var stored = OwnedBuffer(capacity: 256 << 10)
  // Up to where the index was when this reader looked last.
  private var seen: JournalHead?
  private var sawRereadIndex = false

  package init(vault: Vault) throws(VaultError) {
    self.vault = vault
    seen = vault.indexedTail
    index = try vault.index.reader()
  }

  /// Hands a chunk's bytes, proven by its ID, to a closure.
  ///
  /// All places of the chunk are tried, the newest journal's too, before it counts as lost.
  /// - Throws: `missingChunk` when the index knows no place, `damaged` or `missing` with the pack
  ///   when no place gives the right bytes, `swept` when a prune deleted it as nobody needs it.
  @unsafe
  package func withChunk<Result>(
    _ id: ChunkID, kind: ChunkKind, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(VaultError) -> Result {
    try followingPrunes(id) { () throws(VaultError) in
      try unsafe withKnownChunk(id, kind: kind, body)
    }
  }

  /// The first place of a chunk that is not swept, the newest journal's too.
  ///
  /// - Throws: `missingChunk` when there is none, `swept` when a prune deleted it.
  package func requirePlace(of id: ChunkID) throws(VaultError) -> Placement {
    try followingPrunes(id) { () throws(VaultError) in
      guard let place = try index.find(id) else { throw .missingChunk(id) }
      return place
    }
  }

  // Tries once more for every time that the journal has news after something is missing.
  @inline(__always)
  private func followingPrunes<Result>(
    _ id: ChunkID, _ body: () throws(VaultError) -> Result
  ) throws(VaultError) -> Result {
    var patience = Vault.patience
    while true {
      do throws(VaultError) { return try body() } catch {
        guard error.isAbsence else { throw error }
        if patience > 0, try vault.followsNews(since: seen) {
          patience -= 1
          seen = vault.indexedTail
          continue
        }
        if try isGivenUp(id) { throw .swept(id) }
        guard case .missingChunk = error, !sawRereadIndex, try vault.rereadIndex() else {
          throw error
        }
        sawRereadIndex = true
      }
    }
  }

  // Whether all places that a chunk had were swept, and that may be for no live snapshot needs it any
  // more. Where none was forgotten it was a repair; where a segment could not be read nobody can say.
  private func isGivenUp(_ id: ChunkID) throws(VaultError) -> Bool {
    guard vault.journal.hasForgotten, try index.hadPlaces(id) else { return false }
    return try vault.unknownSegments(of: vault.journal.state).isEmpty
  }

  private func withKnownChunk<Result>(
    _ id: ChunkID, kind: ChunkKind, _ body: (UnsafeRawBufferPointer) -> Result
  ) throws(VaultError) -> Result {
    var failure: VaultError?
    for place in try index.places(id) {
      do throws(VaultError) {
        let frame = try frame(at: place)
        guard let bytes = unsafe frame.bytes(at: Int(place.offset), count: Int(place.length)),
          unsafe vault.hasher.id(of: bytes, kind: kind) == id
        else { throw .damaged(object: try packName(place.pack), .badChunk) }
        return withExtendedLifetime(frame) { unsafe body(bytes) }
      } catch {
        // What is missing may have been moved, what is damaged is not healed by news.
        failure = failure.flatMap { error.isAbsence ? nil : $0 } ?? error
      }
    }
    throw failure ?? .missingChunk(id)
  }

  /// Hands chunks to a closure, with their indices, after proving all of them together, which takes a
  /// fraction of the time that one by one takes.
  ///
  /// The places must be those that `place(of:)` gave, those of one frame side by side; all frames are in
  /// memory at once. The bytes stay as long as the frame, which the closure gets too, is kept.
  /// - Returns: the indices of those that are not to be had there: `withChunk` tries other places.
  @unsafe
  package func withNeighbours(
    _ chunks: [(id: ChunkID, place: Placement)], kind: ChunkKind,
    _ body: (Int, UnsafeRawBufferPointer, DecodedFrame) -> Void
  ) -> [Int] {
    var lost: [Int] = []
    var whole: [(index: Int, frame: DecodedFrame)] = []
    var parts: [UnsafeRawBufferPointer] = unsafe []
    unsafe parts.reserveCapacity(chunks.count)
    var frame: DecodedFrame?
    for (index, chunk) in chunks.enumerated() {
      if index == 0 || !chunk.place.isInFrame(of: chunks[index - 1].place) {
        frame = try? self.frame(at: chunk.place)
      }
      let (offset, count) = (Int(chunk.place.offset), Int(chunk.place.length))
      if let frame, let bytes = unsafe frame.bytes(at: offset, count: count) {
        whole.append((index, frame))
        unsafe parts.append(bytes)
      } else {
        lost.append(index)
      }
    }
    return withExtendedLifetime(whole) {
      let ids = unsafe vault.hasher.ids(of: parts, kind: kind)
      for (position, found) in whole.enumerated() {
        if ids[position] == chunks[found.index].id {
          unsafe body(found.index, parts[position], found.frame)
        } else {
          lost.append(found.index)
        }
      }
      return lost
    }
  }

  /// Proves that a chunk can be read from one of its places.
  package func prove(_ id: ChunkID, kind: ChunkKind) throws(VaultError) {
    _ = try unsafe withChunk(id, kind: kind) { _ in true }
  }

  /// Whether one place of a chunk gives the right bytes.
  package func gives(_ id: ChunkID, at place: Placement) throws(VaultError) -> Bool {
    let frame = try frame(at: place)
    return withExtendedLifetime(frame) {
      guard let bytes = unsafe frame.bytes(at: Int(place.offset), count: Int(place.length)) else {
        return false
      }
      return unsafe vault.hasher.id(of: bytes, kind: place.kind) == id
    }
  }

  /// The bytes of a chunk.
  package func read(_ id: ChunkID, kind: ChunkKind) throws(VaultError) -> [UInt8] {
    try unsafe withChunk(id, kind: kind) { bytes in unsafe [UInt8](bytes) }
  }

  /// The frame at a place, decoded now or a moment ago.
  package func frame(at place: Placement) throws(VaultError) -> DecodedFrame {
    if let known = vault.frames.frame(pack: place.pack, offset: place.frameOffset) { return known }
    let name = try name(of: place.pack)
    let keys = try vault.packKeys.keys(of: name, using: vault.packReader)
    let length = Int(place.frameLength)
    guard length > PackKeys.frameOverhead, length <= Limits.frameSize + PackKeys.frameOverhead
    else { throw .damaged(object: PackReader.name(name), .badLength) }
    if stored.capacity < length { stored = OwnedBuffer(capacity: length) }
    let bytes = unsafe UnsafeMutableRawBufferPointer(start: stored.pointer, count: length)
    try unsafe vault.packReader.read(name, at: Int(place.frameOffset), into: bytes)
    do throws(Damage) {
      let unsealed = try unsafe opener.unseal(
        UnsafeRawBufferPointer(bytes), at: Int(place.frameOffset), keys: keys)
      let frame = try unsafe vault.frames.newFrame(unsealed.plainLength) { (plain) throws(Damage) in
        try unsafe opener.unpack(unsealed, into: plain)
      }
      vault.frames.remember(frame, pack: place.pack, offset: place.frameOffset)
      return frame
    } catch { throw .damaged(object: PackReader.name(name), error) }
  }

  /// The first place of a chunk that is not swept; nil if the index knows none.
  package func place(of id: ChunkID) throws(VaultError) -> Placement? { try index.find(id) }

  /// The pack of a place.
  package func packName(of place: Placement) throws(VaultError) -> ObjectHash {
    try name(of: place.pack)
  }

  private func name(of pack: UInt32) throws(VaultError) -> ObjectHash {
    // Only what was swept leaves the index, and another process may let it.
    guard let known = try index.pack(pack) else {
      throw .missing(object: "pack \(pack) of the local index")
    }
    return known.hash
  }

  private func packName(_ number: UInt32) throws(VaultError) -> String {
    try PackReader.name(name(of: number))
  }
}
