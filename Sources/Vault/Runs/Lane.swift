// What one thread needs to add chunks: hash, look up, gather, compress, seal. A chunk goes through
// all of it on one thread; lanes meet only where they claim an ID and reserve a place in a pack.

import Platform

/// One thread's way into a run, not shared; `flush` at the end.
package final class Lane {
  private let run: Run
  private let hasher: ChunkHasher
  private let index: IndexReader
  private let sealer: FrameSealer
  private var frames: [Gathering]
  private var lastReliedPack: UInt32 = .max
  private var relied: Set<UInt32> = []
  /// What this lane added so far.
  package private(set) var counts = RunCounts()

  /// Plain bytes of a frame that make it ready: data, tree.
  private static let frameTargets = [2 << 20, 256 << 10]

  /// Chunks that make a frame ready however small they are, so that lists of them stay short.
  private static let frameChunkLimit = 16_384

  // Chunks that wait to become a frame; their bytes stand behind room for the inner header.
  private struct Gathering {
    let buffer: Buffer
    var size = 0
    // Of these the bytes of large files.
    var largeSize = 0
    var ids: [ChunkID] = []
    var lengths: [UInt32] = []
  }

  /// Plain bytes of the largest frame that this lane can make and prove.
  package let frameLimit: Int

  /// `chunkLimit` is the largest chunk that will come, if that is above those of files and trees.
  init(run: Run, chunkLimit: Int) throws(VaultError) {
    self.run = run
    hasher = run.vault.hasher
    index = try run.vault.index.reader(without: run.absentPacks)
    let largest = max(
      Self.frameTargets[0], run.vault.domain.chunker.maximum, Limits.nodeSize, chunkLimit)
    frameLimit = largest
    sealer = FrameSealer(
      compression: run.compression, frameSize: largest, verifies: run.verifies)
    frames = ChunkKind.allCases.map { _ in
      Gathering(buffer: Buffer(capacity: largest + PackKeys.innerHeaderSize))
    }
  }

  /// Adds a chunk unless the repository or this run has it, and answers its ID.
  ///
  /// - Throws: `VaultError` when the store, the cache or the proof of a frame fails; the run is
  ///   lost then.
  @unsafe
  package func put(
    _ bytes: UnsafeRawBufferPointer, kind: ChunkKind
  ) throws(VaultError) -> (id: ChunkID, isNew: Bool) {
    let id = unsafe hasher.id(of: bytes, kind: kind)
    return (id, try unsafe put(bytes, id, kind: kind))
  }

  /// Adds many chunks of one kind, in their order, and answers their IDs; cheaper than one by one.
  ///
  /// `areLarge` if they are of a large file.
  ///
  /// - Throws: as `put` of one.
  @unsafe
  package func put(
    _ chunks: [UnsafeRawBufferPointer], kind: ChunkKind, areLarge: Bool = false
  ) throws(VaultError) -> [ChunkID] {
    let ids = unsafe ids(of: chunks, kind: kind)
    try unsafe put(chunks, ids, kind: kind, areLarge: areLarge)
    return ids
  }

  /// Adds chunks of data of a large file, of some of which the caller has hashed these very bytes, and
  /// answers all IDs.
  ///
  /// - Throws: as `put` of one.
  @unsafe
  package func put(
    large chunks: [UnsafeRawBufferPointer], known: [ChunkID?]
  ) throws(VaultError) -> [ChunkID] {
    let unknown = unsafe zip(chunks, known).filter { unsafe $0.1 == nil }.map { unsafe $0.0 }
    var found = unsafe ids(of: unknown, kind: .data)[...]
    let ids = known.map { id in id ?? found.removeFirst() }
    try unsafe put(chunks, ids, kind: .data, areLarge: true)
    return ids
  }

  // The IDs of chunks. Where lanes have room, an open pack is hashed beside them, which costs a
  // fraction of what it would cost alone.
  private func ids(of chunks: [UnsafeRawBufferPointer], kind: ChunkKind) -> [ChunkID] {
    guard Hash.canHashBeside(messageCount: unsafe chunks.count) else {
      return unsafe hasher.ids(of: chunks, kind: kind)
    }
    let ids = run.packs.naming { naming, end in
      unsafe hasher.ids(of: chunks, kind: kind, beside: &naming, upTo: end)
    }
    return unsafe ids ?? hasher.ids(of: chunks, kind: kind)
  }

  private func put(
    _ chunks: [UnsafeRawBufferPointer], _ ids: [ChunkID], kind: ChunkKind, areLarge: Bool
  ) throws(VaultError) {
    for index in ids.indices {
      _ = try unsafe put(chunks[index], ids[index], kind: kind, isLarge: areLarge)
    }
  }

  // Adds a chunk that is new, and answers whether it is.
  private func put(
    _ bytes: UnsafeRawBufferPointer, _ id: ChunkID, kind: ChunkKind, isLarge: Bool = false
  ) throws(VaultError) -> Bool {
    if let place = try index.find(id), run.trusts(id) {
      rely(on: place.pack)
      return false
    }
    guard try run.claim(id) else { return false }
    if run.isDry {
      count(kind, bytes.count)
    } else {
      try unsafe gather(id, bytes, kind: kind, isLarge: isLarge)
    }
    return true
  }

  /// Whether the repository has a chunk already; the run relies on its pack then.
  package func relies(on id: ChunkID) throws(VaultError) -> Bool {
    guard let pack = try index.pack(of: id), run.trusts(id) else { return false }
    rely(on: pack)
    return true
  }

  /// Prepares for about so many calls of `relies(on:)`.
  package func expectToRely(onChunks count: Int) { index.expect(lookups: count) }

  /// Notes a chunk that cannot be read although the index knows it: it is stored again when met.
  package func distrust(_ id: ChunkID) { run.distrust(id) }

  private func rely(on pack: UInt32) {
    guard pack != lastReliedPack else { return }
    lastReliedPack = pack
    relied.insert(pack)
  }

  private func gather(
    _ id: ChunkID, _ bytes: UnsafeRawBufferPointer, kind: ChunkKind, isLarge: Bool = false
  ) throws(VaultError) {
    let slot = Int(kind.rawValue)
    let length = bytes.count
    precondition(
      length > 0 && length <= frames[slot].buffer.capacity - PackKeys.innerHeaderSize,
      "a chunk fits the buffers of its lane")
    if frames[slot].size > 0 && frames[slot].size + length > Self.frameTargets[slot]
      || frames[slot].ids.count == Self.frameChunkLimit
    {
      try seal(slot)
    }
    let offset = PackKeys.innerHeaderSize + frames[slot].size
    if let base = bytes.baseAddress {
      unsafe (frames[slot].buffer.pointer + offset).copyMemory(from: base, byteCount: length)
    }
    frames[slot].size += length
    if isLarge { frames[slot].largeSize += length }
    frames[slot].ids.append(id)
    frames[slot].lengths.append(UInt32(length))
    count(kind, length)
  }

  private func count(_ kind: ChunkKind, _ length: Int) {
    counts.chunkCounts[Int(kind.rawValue)] += 1
    counts.plainBytes += UInt64(length)
  }

  // MARK: Moving what the repository has

  /// Adds chunks whatever the index knows of them, unless this run has them.
  ///
  /// False, and nothing is added, when the bytes of one are not those of its ID.
  @unsafe
  package func move(
    _ chunks: [UnsafeRawBufferPointer], _ ids: [ChunkID], kind: ChunkKind
  ) throws(VaultError) -> Bool {
    guard unsafe self.ids(of: chunks, kind: kind) == ids else { return false }
    for index in ids.indices where try run.claim(ids[index]) {
      try unsafe gather(ids[index], chunks[index], kind: kind)
    }
    return true
  }

  /// Seals the inner bytes of a frame anew as they are, and notes its chunks as this run's.
  ///
  /// `again` gives the inner bytes a second time, from the frame as it is stored: what was sealed
  /// must open to the same.
  /// - Throws: `verificationFailed` when it does not, and then the run is lost.
  @unsafe
  package func copy(
    _ frame: FrameDescription, ids: ArraySlice<ChunkID>, lengths: ArraySlice<UInt32>,
    inner: UnsafeRawBufferPointer, again: () -> UnsafeRawBufferPointer?
  ) throws(VaultError) {
    precondition(Int(frame.storedLength) == inner.count + 32, "a frame has its inner bytes")
    for id in ids { _ = try run.claim(id) }
    try unsafe seal(frame, ids, lengths, inner) { sealer, stored, offset, keys in
      guard let original = unsafe again() else { return false }
      return unsafe sealer.verifies(stored, at: offset, keys: keys, inner: original)
    }
    for length in lengths { count(frame.kind, Int(length)) }
  }

  private func seal(_ slot: Int) throws(VaultError) {
    let frame = frames[slot]
    guard frame.size > 0, let kind = ChunkKind(rawValue: UInt8(slot)) else { return }
    let head = PackKeys.innerHeaderSize
    let gathered = unsafe UnsafeMutableRawBufferPointer(
      start: frame.buffer.pointer, count: head + frame.size)
    let (inner, codec) = unsafe sealer.inner(
      of: gathered, ofLargeFiles: frame.largeSize > frame.size / 2)
    let description = FrameDescription(
      storedLength: UInt32(inner.count + 32), plainLength: UInt32(frame.size),
      chunkCount: UInt32(frame.ids.count), codec: codec, kind: kind)
    let plain = unsafe UnsafeRawBufferPointer(rebasing: gathered[head...])
    try unsafe seal(description, frame.ids[...], frame.lengths[...], inner) {
      sealer, stored, offset, keys in
      unsafe sealer.verifies(stored, at: offset, keys: keys, plain: plain)
    }
    frames[slot].size = 0
    frames[slot].largeSize = 0
    frames[slot].ids.removeAll(keepingCapacity: true)
    frames[slot].lengths.removeAll(keepingCapacity: true)
  }

  private func seal(
    _ frame: FrameDescription, _ ids: ArraySlice<ChunkID>, _ lengths: ArraySlice<UInt32>,
    _ inner: UnsafeRawBufferPointer,
    isProven: (borrowing FrameSealer, UnsafeRawBufferPointer, Int, PackKeys) -> Bool
  ) throws(VaultError) {
    let (pack, offset) = try run.packs.reserve(frame, ids: ids, lengths: lengths)
    let keys = pack.keys
    let place = unsafe pack.place(at: offset, length: inner.count + 32)
    unsafe keys.sealFrame(
      inner: inner, tail: keys.nonceTail(offset: offset, chunks: ids), offset: offset, into: place)
    let isProven = unsafe isProven(sealer, UnsafeRawBufferPointer(place), offset, keys)
    if !isProven { run.packs.fail(.verificationFailed("a sealed frame does not open again")) }
    run.packs.endSealing(in: pack, at: offset)
    guard isProven else { throw run.packs.failureOrInterrupted() }
    counts.storedBytes += UInt64(frame.storedLength)
  }

  /// Seals what is gathered and tells the run what this lane did.
  package func flush() throws(VaultError) {
    for slot in frames.indices { try seal(slot) }
    run.merge(counts, relied: relied)
    counts = RunCounts()
    relied.removeAll()
    lastReliedPack = .max
  }
}

/// What a run added to the repository.
package struct RunCounts: Hashable, Sendable {
  /// New chunks by kind.
  package var chunkCounts = [0, 0]
  /// Their plain bytes.
  package var plainBytes: UInt64 = 0
  /// Bytes of the frames that hold them.
  package var storedBytes: UInt64 = 0

  package static func += (left: inout Self, right: Self) {
    for slot in left.chunkCounts.indices { left.chunkCounts[slot] += right.chunkCounts[slot] }
    left.plainBytes += right.plainBytes
    left.storedBytes += right.storedBytes
  }
}
