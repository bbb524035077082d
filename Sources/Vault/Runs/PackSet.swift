// The packs that a run has open, one per kind of chunk, and the way of a full one to the store.
// Lanes reserve places here and seal outside of the lock; the uploader thread finishes and stores
// packs behind their backs, so that disks and cores work at once.
//
// Bounds: `bufferCount` pack buffers exist, so a slow store slows the lanes instead of filling memory.

import Platform
import Storage

/// Open packs of a run, and their upload.
package final class PackSet: @unchecked Sendable {
  private let vault: Vault
  private let run: RunKeys
  private let lock = Lock()
  private var open: [PackBuilder?] = [nil, nil]
  private var nextSerial: UInt64
  private var failure: VaultError?
  private let buffers: Channel<Buffer>
  private let uploads: Channel<Upload>
  private var uploader: Thread?
  private let segments: SegmentWriter
  private static let bufferCount = 3

  private struct Upload: Sendable {
    let pack: PackBuilder
    let isFull: Bool
  }

  /// `firstSerial` goes on where the run's set before this one ended.
  package init(vault: Vault, run: RunKeys, firstSerial: UInt64 = 0) {
    self.vault = vault
    self.run = run
    nextSerial = firstSerial
    buffers = Channel(capacity: Self.bufferCount)
    uploads = Channel(capacity: Self.bufferCount)
    segments = SegmentWriter(vault: vault)
    for _ in 0..<Self.bufferCount {
      _ = buffers.send(Buffer(capacity: vault.packSize))
    }
    uploader = Thread.start(name: "upload") { [self] in upload() }
  }

  /// The number in its run that the next pack gets.
  var serialEnd: UInt64 { lock.withLock { nextSerial } }

  /// A place in an open pack for a frame of this description.
  package func reserve(
    _ frame: FrameDescription, ids: ArraySlice<ChunkID>, lengths: ArraySlice<UInt32>
  ) throws(VaultError) -> (pack: PackBuilder, offset: Int) {
    let slot = Int(frame.kind.rawValue)
    while true {
      let full: PackBuilder? = try locked { () throws(VaultError) in
        if let failure { throw failure }
        guard let pack = open[slot],
          !pack.fits(storedLength: Int(frame.storedLength), chunkCount: ids.count)
        else { return nil }
        open[slot] = nil
        return pack.close() ? pack : nil
      }
      if let full { upload(full: full) }
      if let place = lock.withLock({ place(slot, frame, ids, lengths) }) { return place }
      try openPack(slot)
    }
  }

  private func locked<Result>(
    _ body: () throws(VaultError) -> Result
  ) throws(VaultError) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  private func place(
    _ slot: Int, _ frame: FrameDescription, _ ids: ArraySlice<ChunkID>,
    _ lengths: ArraySlice<UInt32>
  ) -> (PackBuilder, Int)? {
    guard let pack = open[slot],
      pack.fits(storedLength: Int(frame.storedLength), chunkCount: ids.count)
    else { return nil }
    return (pack, pack.reserve(frame, ids: ids, lengths: lengths))
  }

  // Waits for a free buffer, outside of the lock; another lane may have opened a pack meanwhile.
  private func openPack(_ slot: Int) throws(VaultError) {
    guard let buffer = buffers.receive() else { throw failureOrInterrupted() }
    let salt = vault.randomness.bytes(32)
    let header = PackHeader(repository: vault.repositoryID, run: run, salt: salt)
    let keys = PackKeys(header: header, repository: vault.repositoryID, run: run)
    let isSpare = lock.withLock {
      if open[slot] != nil { return true }
      open[slot] = PackBuilder(
        keys: keys, buffer: buffer, packSize: vault.packSize, domain: vault.domain.number,
        serial: nextSerial)
      nextSerial += 1
      return false
    }
    if isSpare { _ = buffers.send(buffer) }
  }

  /// A frame that was reserved is sealed and verified, or has failed.
  package func endSealing(in pack: PackBuilder, at offset: Int) {
    if lock.withLock({ pack.endSealing(at: offset) }) { upload(full: pack) }
  }

  private func upload(full pack: PackBuilder) {
    _ = uploads.send(Upload(pack: pack, isFull: true))
  }

  /// Hashes something, and beside it what it can of an open pack, for the pack's name.
  ///
  /// `hash` is handed what goes on and how far the pack is complete. Nil where there is nothing to do.
  func naming<Result>(_ hash: (inout NameLane, Int) -> Result) -> Result? {
    guard let (pack, loan) = lock.withLock({ lendNaming() }) else { return nil }
    var naming = loan.naming
    let result = hash(&naming, loan.end)
    if lock.withLock({ pack.takeBack(naming) }) { upload(full: pack) }
    return result
  }

  private func lendNaming() -> (PackBuilder, (naming: NameLane, end: Int))? {
    for case let pack? in open {
      if let loan = pack.lendNaming() { return (pack, loan) }
    }
    return nil
  }

  /// Stores what is open and waits until all is stored.
  ///
  /// Every lane must have flushed. Answers what was stored.
  func finish() throws(VaultError) -> RunObjects {
    for slot in open.indices {
      let pack: PackBuilder? = lock.withLock {
        defer { open[slot] = nil }
        return open[slot]
      }
      guard let pack else { continue }
      let isFree = lock.withLock { pack.close() }
      precondition(isFree, "every lane has flushed")
      if !pack.isEmpty { _ = uploads.send(Upload(pack: pack, isFull: false)) }
    }
    stop()
    if let problem { throw problem }
    return try segments.finish()
  }

  /// What was stored so far; the uploader must have ended.
  var stored: RunObjects { segments.written }

  /// Ends the uploader; what is not stored yet stays an orphan or nothing.
  package func stop() {
    uploads.close()
    uploader?.join()
    uploader = nil
  }

  /// Makes every lane stop with this error.
  package func fail(_ error: VaultError) {
    lock.withLock { if failure == nil { failure = error } }
    buffers.close()
  }

  /// Why lanes have to stop, if they have to.
  var problem: VaultError? { lock.withLock { failure } }

  package func failureOrInterrupted() -> VaultError { problem ?? .interrupted }

  private func upload() {
    while let upload = uploads.receive() {
      guard lock.withLock({ failure == nil }) else { continue }
      do throws(VaultError) {
        try store(upload)
        // The directory of the pack is gone by now: it can be as large as a segment.
        try segments.writeWhatIsFull()
      } catch { fail(error) }
    }
  }

  private func store(_ upload: consuming Upload) throws(VaultError) {
    let pack = upload.pack.finish(isFull: upload.isFull)
    let name = pack.name
    unsafe try vault.create(.pack(name), unsafe pack.bytes)
    try segments.add(name, size: pack.size, directory: pack.directory)
    _ = buffers.send(pack.buffer)
  }
}
