// The keys of one pack and what is sealed with them: frames, directory, footer, filler.
// Invariant: a pack key seals each frame offset at most once, so a nonce never repeats.

import CSodium

/// Seals and opens the parts of one pack.
package final class PackKeys: Sendable {
  package let header: PackHeader
  private let repository: RepositoryID
  private let pack: SecretKey
  private let directory: SecretKey
  private let filler: SecretKey

  /// Bytes that sealing adds to a frame's data: nonce tail, inner header, tag.
  package static let frameOverhead = 16 + innerHeaderSize + tagSize
  /// Plain length and codec, in front of the data.
  package static let innerHeaderSize = 4
  package static let tagSize = 16

  package init(header: PackHeader, repository: RepositoryID, run: RunKeys) {
    self.header = header
    self.repository = repository
    pack = run.derive(.packKey, header.salt)
    directory = run.derive(.packDirectory, header.salt)
    filler = run.derive(.packFiller, header.salt)
  }

  /// The 16 bytes that bind a frame's nonce to its place and chunks.
  package func nonceTail(offset: Int, chunks: ArraySlice<ChunkID>) -> (UInt64, UInt64) {
    var message = ByteWriter(capacity: 8 + chunks.count * 32)
    message.u64(UInt64(offset))
    for chunk in chunks { message.id(chunk) }
    let hash = Identifier32<Never>(
      bytes: Hash.keyed(key: pack, label: .frameTag, message.bytes))
    return (hash.words.0, hash.words.1)
  }

  /// Seals a frame's inner bytes into the pack's memory at the place reserved for it.
  ///
  /// `place` has 16 + inner length + 16 bytes and lies `offset` bytes into the pack.
  @unsafe
  package func sealFrame(
    inner: UnsafeRawBufferPointer, tail: (UInt64, UInt64), offset: Int,
    into place: UnsafeMutableRawBufferPointer
  ) {
    guard let base = place.baseAddress else { return }
    precondition(place.count == inner.count + 32, "a frame's place has its exact size")
    unsafe base.storeBytes(of: tail.0.bigEndian, as: UInt64.self)
    unsafe base.storeBytes(of: tail.1.bigEndian, toByteOffset: 8, as: UInt64.self)
    unsafe withNonceAndData(offset: offset, tail: tail, storedLength: place.count) { nonce, data in
      unsafe AEAD.seal(
        header.suite, key: pack, nonce: nonce, aad: data, plain: inner, into: base + 16)
    }
  }

  /// Opens a stored frame into `inner`, which has exactly 32 bytes less; false if not authentic.
  @unsafe
  package func openFrame(
    stored: UnsafeRawBufferPointer, offset: Int, into inner: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let base = stored.baseAddress, let target = inner.baseAddress,
      stored.count == inner.count + 32
    else { return false }
    let tail = unsafe Self.tail(at: base)
    return unsafe withNonceAndData(offset: offset, tail: tail, storedLength: stored.count) {
      nonce, data in
      unsafe AEAD.open(
        header.suite, key: pack, nonce: nonce, aad: data,
        sealed: UnsafeRawBufferPointer(rebasing: stored[16...]), into: target)
    }
  }

  /// The nonce tail that a stored frame begins with.
  @unsafe
  package static func tail(at base: UnsafeRawPointer) -> (UInt64, UInt64) {
    unsafe (
      UInt64(bigEndian: base.loadUnaligned(as: UInt64.self)),
      UInt64(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    )
  }

  @unsafe
  private func withNonceAndData<Result>(
    offset: Int, tail: (UInt64, UInt64), storedLength: Int,
    _ body: (UnsafeRawPointer, UnsafeRawBufferPointer) -> Result
  ) -> Result {
    unsafe withUnsafeTemporaryAllocation(byteCount: 24 + 28, alignment: 8) { scratch in
      guard let base = scratch.baseAddress else { preconditionFailure("no stack") }
      unsafe base.storeBytes(of: UInt64(offset).littleEndian, as: UInt64.self)
      unsafe base.storeBytes(of: tail.0.bigEndian, toByteOffset: 8, as: UInt64.self)
      unsafe base.storeBytes(of: tail.1.bigEndian, toByteOffset: 16, as: UInt64.self)
      unsafe base.storeBytes(of: repository.words.0.bigEndian, toByteOffset: 24, as: UInt64.self)
      unsafe base.storeBytes(of: repository.words.1.bigEndian, toByteOffset: 32, as: UInt64.self)
      unsafe base.storeBytes(of: UInt64(offset).littleEndian, toByteOffset: 40, as: UInt64.self)
      unsafe base.storeBytes(
        of: UInt32(storedLength).littleEndian, toByteOffset: 48, as: UInt32.self)
      return unsafe body(base, UnsafeRawBufferPointer(start: base + 24, count: 28))
    }
  }

  // Directory and footer: one message each under the directory key, told apart by nonce and AAD.
  private enum Part: UInt8 {
    case directory = 1
    case footer = 2
  }

  private func nonce(of part: Part) -> [UInt8] {
    [part.rawValue] + [UInt8](repeating: 0, count: 23)
  }

  private func aad(of part: Part) -> [UInt8] { header.bytes + [part.rawValue] }

  package func sealDirectory(_ plain: [UInt8]) -> [UInt8] { seal(plain, as: .directory) }
  package func sealFooter(_ plain: [UInt8]) -> [UInt8] { seal(plain, as: .footer) }

  /// Seals a directory into the place that waits for it, as it can be most of a pack.
  @unsafe
  package func sealDirectory(_ plain: [UInt8], into place: UnsafeMutableRawBufferPointer) {
    unsafe seal(plain, as: .directory, into: place)
  }

  package func openDirectory(_ sealed: [UInt8]) throws(Damage) -> [UInt8] {
    try open(sealed, as: .directory)
  }

  package func openFooter(_ sealed: [UInt8]) throws(Damage) -> [UInt8] {
    try open(sealed, as: .footer)
  }

  private func seal(_ plain: [UInt8], as part: Part) -> [UInt8] {
    let size = plain.count + Self.tagSize
    return unsafe [UInt8](unsafeUninitializedCapacity: size) { sealed, count in
      unsafe seal(plain, as: part, into: UnsafeMutableRawBufferPointer(sealed))
      count = size
    }
  }

  private func seal(
    _ plain: [UInt8], as part: Part, into place: UnsafeMutableRawBufferPointer
  ) {
    precondition(place.count == plain.count + Self.tagSize, "a place of the sealed size")
    guard let output = place.baseAddress else { return }
    unsafe plain.withUnsafeBytes { plain in
      unsafe AEAD.seal(
        header.suite, key: directory, nonce: nonce(of: part), aad: aad(of: part), plain: plain,
        into: output)
    }
  }

  private func open(_ sealed: [UInt8], as part: Part) throws(Damage) -> [UInt8] {
    guard
      let plain = unsafe AEAD.open(
        header.suite, key: directory, nonce: nonce(of: part), aad: aad(of: part),
        sealed: sealed.span.bytes)
    else { throw .notAuthentic }
    return plain
  }

  /// Writes the filler's key stream from its beginning.
  @unsafe
  package func fill(_ place: UnsafeMutableRawBufferPointer) {
    let nonce = [UInt8](repeating: 0, count: 24)
    guard let base = place.baseAddress, place.count > 0 else { return }
    unsafe filler.withBytes { key in
      guard let key = key.baseAddress else { return }
      _ = unsafe crypto_stream_xchacha20(
        base.assumingMemoryBound(to: UInt8.self), UInt64(place.count), nonce,
        key.assumingMemoryBound(to: UInt8.self))
    }
  }
}
