// Reads packs: the keys of one, its directory alone (to rebuild the index), or all of it (to
// prove every byte). Works on ranges of an object, so nothing here needs a whole pack but `verify`.

import Platform
package import Storage

/// Reads the parts of packs from a store.
package struct PackReader: Sendable {
  private let store: any ObjectStore
  private let repository: RepositoryID
  private let runs: RunKeyring

  package init(store: any ObjectStore, repository: RepositoryID, runs: RunKeyring) {
    self.store = store
    self.repository = repository
    self.runs = runs
  }

  /// The keys of a pack, from the header at its beginning, or its copy if that is damaged.
  package func keys(of pack: ObjectHash) throws(VaultError) -> PackKeys {
    do throws(VaultError) {
      return try keys(header: read(pack, at: 0, count: PackHeader.size), of: pack)
    } catch {
      guard case .damaged = error, let copy = try? headerCopy(of: pack),
        let keys = try? keys(header: copy, of: pack)
      else { throw error }
      return keys
    }
  }

  private func headerCopy(of pack: ObjectHash) throws(VaultError) -> [UInt8] {
    let size: Int
    do throws(StoreError) { size = try store.size(of: .pack(pack)) } catch {
      throw VaultError(error, reading: Self.name(pack))
    }
    guard size >= PackHeader.size + PackHeader.tailSize else {
      throw .damaged(object: Self.name(pack), .badLength)
    }
    return try read(
      pack, at: size - PackHeader.endSize - PackHeader.size, count: PackHeader.size)
  }

  private func keys(header bytes: [UInt8], of pack: ObjectHash) throws(VaultError) -> PackKeys {
    let header = try damage(in: pack) { () throws(Damage) in
      try unsafe PackHeader(decoding: bytes.span.bytes, repository: repository)
    }
    let run = try runs.run(of: header, object: Self.name(pack))
    guard header.isCommitted(to: run) else {
      throw .damaged(object: Self.name(pack), .badCommitment)
    }
    return PackKeys(header: header, repository: repository, run: run)
  }

  // Says of which pack the damage is.
  private func damage<Result>(
    in pack: ObjectHash, _ body: () throws(Damage) -> Result
  ) throws(VaultError) -> Result {
    do throws(Damage) { return try body() } catch {
      throw .damaged(object: Self.name(pack), error)
    }
  }

  /// What a pack holds, read from its end alone.
  package func directory(
    of pack: ObjectHash, size: Int
  ) throws(VaultError) -> PackDirectory {
    guard size >= PackHeader.size + PackHeader.tailSize, size <= Limits.packSize else {
      throw .damaged(object: Self.name(pack), .badLength)
    }
    let suffixSize = min(size, 64 << 10)
    let suffix = try read(pack, at: size - suffixSize, count: suffixSize)
    let (keys, footer) = try tail(suffix, of: pack, packSize: size)
    let length = Int(footer.directoryLength)
    let start = suffixSize - PackHeader.tailSize - length
    let sealed =
      start >= 0
      ? Array(suffix[start..<start + length])
      : try read(pack, at: Int(footer.directoryOffset), count: length)
    return try damage(in: pack) { () throws(Damage) in
      try self.directory(sealed, keys: keys, footer: footer)
    }
  }

  // The keys and the footer from the end of a pack.
  private func tail(
    _ suffix: [UInt8], of pack: ObjectHash, packSize: Int
  ) throws(VaultError) -> (PackKeys, PackFooter) {
    guard suffix.suffix(PackHeader.endSize).elementsEqual(PackHeader.endMagic) else {
      throw .damaged(object: Self.name(pack), .badMagic)
    }
    let headerEnd = suffix.count - PackHeader.endSize
    let keys = try keys(header: Array(suffix[headerEnd - PackHeader.size..<headerEnd]), of: pack)
    let footerStart = suffix.count - PackHeader.tailSize
    let sealed = Array(suffix[footerStart..<footerStart + PackHeader.footerSize])
    return try damage(in: pack) { () throws(Damage) in
      let plain = try keys.openFooter(sealed)
      return (keys, try unsafe PackFooter(decoding: plain.span.bytes, packSize: packSize))
    }
  }

  private func directory(
    _ sealed: [UInt8], keys: PackKeys, footer: PackFooter
  ) throws(Damage) -> PackDirectory {
    let plain = try keys.openDirectory(sealed)
    let directory = unsafe try PackDirectory(decoding: plain.span.bytes)
    var end = PackHeader.size
    for frame in directory.frames { end += Int(frame.storedLength) }
    guard directory.frames.count == footer.frameCount,
      directory.chunkIDs.count == footer.chunkCount, end == footer.fillerOffset
    else { throw .malformed("directory and footer disagree") }
    guard runs.hasDomain(directory.domain) else { throw .malformed("of an unknown domain") }
    return directory
  }

  /// Keys, footer and directory of a pack that is in memory as a whole.
  @unsafe
  package func parts(
    of bytes: UnsafeRawBufferPointer, named pack: ObjectHash
  ) throws(VaultError) -> (PackKeys, PackFooter, PackDirectory) {
    let suffix = unsafe Array(bytes.suffix(PackHeader.tailSize))
    let (keys, footer) = try tail(suffix, of: pack, packSize: bytes.count)
    guard unsafe bytes.prefix(PackHeader.size).elementsEqual(keys.header.bytes) else {
      throw .damaged(object: Self.name(pack), .malformed("its two headers differ"))
    }
    let start = Int(footer.directoryOffset)
    let sealed = unsafe Array(bytes[start..<start + Int(footer.directoryLength)])
    let directory = try damage(in: pack) { () throws(Damage) in
      try self.directory(sealed, keys: keys, footer: footer)
    }
    return (keys, footer, directory)
  }

  /// Reads a range of a pack; a short pack is damage.
  package func read(
    _ pack: ObjectHash, at offset: Int, count: Int
  ) throws(VaultError) -> [UInt8] {
    var failure: VaultError?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      do throws(VaultError) {
        try unsafe read(pack, at: offset, into: UnsafeMutableRawBufferPointer(buffer))
        filled = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }

  /// Fills a buffer from a pack; a short pack is damage.
  @unsafe
  package func read(
    _ pack: ObjectHash, at offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) throws(VaultError) {
    let count: Int
    do throws(StoreError) {
      count = try unsafe store.read(.pack(pack), at: offset, into: buffer)
    } catch {
      throw VaultError(error, reading: Self.name(pack))
    }
    guard count == buffer.count else {
      throw .damaged(object: Self.name(pack), .badLength)
    }
  }

  static func name(_ pack: ObjectHash) -> String { ObjectName.pack(pack).description }
}
