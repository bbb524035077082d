// The parts of packs, and a whole pack whose directory and footer are sealed as its writer would.

import Igudar
import Platform
import Storage
import Vault

extension FuzzTarget {
  static let packs = [
    FuzzTarget("pack-header", seeds: { [Fixed.header.bytes] }, run: runHeader),
    FuzzTarget("pack-footer", seeds: footerSeeds, run: runFooter),
    FuzzTarget("pack-directory", seeds: directorySeeds, run: runDirectory),
    FuzzTarget("frame", seeds: frameSeeds, run: runFrame),
    FuzzTarget("pack", seeds: packSeeds, run: runPack),
  ]

  // MARK: pack-header

  private static func runHeader(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let header = try? PackHeader(decoding: input.rawSpan, repository: Fixed.repository)
    else { return false }
    try promise(header.bytes == input, "a header is not its bytes")
    let isOurs = header.isCommitted(to: Fixed.run)
    try promise(!isOurs || input == Fixed.header.bytes, "a commitment fits another header")
    return isOurs
  }

  // MARK: pack-footer: 24 bits of the pack's size, then the footer

  private static func footerSeeds() -> [[UInt8]] {
    let footer = PackFooter(
      directoryOffset: 160, directory: PackDirectory(domain: 0), fillerOffset: 160, serial: 3)
    let size = 160 + PackDirectory(domain: 0).sealedSize + PackHeader.tailSize
    return [[UInt8(truncatingIfNeeded: size), UInt8(size >> 8), 0] + footer.encoded()]
  }

  private static func runFooter(_ input: [UInt8]) throws(Finding) -> Bool {
    var parts = InputReader(input)
    let size = parts.number16() | Int(parts.byte()) << 16
    let bytes = parts.remainder()
    guard let footer = try? PackFooter(decoding: bytes.rawSpan, packSize: size) else {
      return false
    }
    try promise(footer.encoded() == bytes, "a footer has two forms")
    return true
  }

  // MARK: pack-directory

  private static func directorySeeds() -> [[UInt8]] {
    [
      PackDirectory(domain: 0).encoded(),
      directory(
        [(100, 300, 2, .zstd, .data), (50, 14, 1, .stored, .tree)],
        [(Fixed.id(1), 100), (Fixed.id(2), 200), (Fixed.id(3), 14)]),
    ]
  }

  private static func directory(
    _ frames: [(stored: Int, plain: Int, chunks: Int, codec: FrameCodec, kind: ChunkKind)],
    _ chunks: [(id: ChunkID, length: Int)]
  ) -> [UInt8] {
    var writer = ByteWriter()
    for number in [0, frames.count, chunks.count, 0] { writer.u32(UInt32(number)) }
    for frame in frames {
      for number in [frame.stored, frame.plain, frame.chunks] { writer.u32(UInt32(number)) }
      writer.u8(frame.codec.rawValue)
      writer.u8(frame.kind.rawValue)
      writer.u16(0)
    }
    for chunk in chunks {
      writer.id(chunk.id)
      writer.u32(UInt32(chunk.length))
    }
    return writer.bytes
  }

  private static func runDirectory(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let directory = try? PackDirectory(decoding: input.rawSpan) else { return false }
    try promise(directory.encoded() == input, "a directory has two forms")
    let plain = directory.frames.reduce(0) { $0 + Int($1.plainLength) }
    let chunks = directory.chunkLengths.reduce(0) { $0 + Int($1) }
    try promise(plain == chunks, "chunks do not fill their frames")
    return true
  }

  // MARK: frame: 0 and what is inside a frame, which is sealed; or 1 and a stored frame

  private static let frameOffset = PackHeader.size

  private static func frameSeeds() -> [[UInt8]] {
    let text = [UInt8](repeating: 0x61, count: 300)
    let compressor = Compressor(level: 3)
    var compressed = [UInt8](repeating: 0, count: 300)
    let size = unsafe text.withUnsafeBytes { source in
      unsafe compressed.withUnsafeMutableBytes { target in
        unsafe compressor.compress(source, into: target) ?? 0
      }
    }
    let head: [UInt8] = [0x2c, 1, 0]
    return [[0] + head + [0] + text, [0] + head + [1] + compressed[..<size]]
      + [[1] + sealedFrame([5, 0, 0, 0] + Array("hello".utf8))]
  }

  private static func sealedFrame(_ inner: [UInt8], chunks: [ChunkID] = []) -> [UInt8] {
    let tail = Fixed.packKeys.nonceTail(offset: frameOffset, chunks: chunks[...])
    var stored = [UInt8](repeating: 0, count: inner.count + 32)
    unsafe inner.withUnsafeBytes { inner in
      unsafe stored.withUnsafeMutableBytes { stored in
        unsafe Fixed.packKeys.sealFrame(
          inner: inner, tail: tail, offset: frameOffset, into: stored)
      }
    }
    return stored
  }

  private static func runFrame(_ input: [UInt8]) throws(Finding) -> Bool {
    var parts = InputReader(input)
    let isSealed = parts.byte() == 1
    let given = parts.remainder()
    let stored = isSealed ? given : sealedFrame(given)
    var opener = FrameOpener()
    var plain = OwnedBuffer(capacity: 64)
    let length = try? unsafe stored.withUnsafeBytes { stored in
      try unsafe opener.open(stored, at: frameOffset, keys: Fixed.packKeys, into: &plain).length
    }
    guard let length else { return false }
    try promise(length > 0 && length <= Limits.frameSize, "a frame of \(length) bytes")
    guard !isSealed else { return true }
    let declared = Int(given[0]) | Int(given[1]) << 8 | Int(given[2]) << 16
    try promise(length == declared, "a frame of another length")
    if given[3] == FrameCodec.stored.rawValue {
      let opened = unsafe UnsafeRawBufferPointer(start: plain.pointer, count: length)
      try promise(unsafe opened.elementsEqual(given[4...]), "a frame with other bytes")
    }
    return true
  }

  // MARK: pack: the directory, whether the footer is right or given, the footer, the frames

  private static let hasher = ChunkHasher(key: Fixed.keyring.currentDomain.chunkIDKey)

  private static func packSeeds() -> [[UInt8]] {
    let inner: [UInt8] = [5, 0, 0, 0] + Array("hello".utf8)
    let id = unsafe inner[4...].withUnsafeBytes { unsafe hasher.id(of: $0, kind: .data) }
    let frame = sealedFrame(inner, chunks: [id])
    let directory = directory([(frame.count, 5, 1, .stored, .data)], [(id, 5)])
    return [piece(directory) + [0] + frame]
  }

  private static func pack(from input: [UInt8]) -> [UInt8] {
    var parts = InputReader(input)
    let directory = parts.piece()
    let isFooterGiven = parts.byte() == 1
    var footer = isFooterGiven ? parts.bytes(32) : []
    let frames = parts.remainder()
    if !isFooterGiven {
      let counts = Array(directory.dropFirst(4).prefix(8)) + [UInt8](repeating: 0, count: 8)
      var writer = ByteWriter()
      writer.u32(UInt32(frameOffset + frames.count))
      writer.u32(UInt32(directory.count + PackKeys.tagSize))
      writer.raw(Array(counts[..<8]))
      writer.u32(UInt32(frameOffset + frames.count))
      writer.zeros(12)
      footer = writer.bytes
    }
    let header = Fixed.header.bytes
    return header + frames + Fixed.packKeys.sealDirectory(directory)
      + Fixed.packKeys.sealFooter(footer) + header + PackHeader.endMagic
  }

  private static func runPack(_ input: [UInt8]) throws(Finding) -> Bool {
    let pack = pack(from: input)
    let name = Hash.name(of: pack)
    let store = MemoryStore()
    _ = try? store.create(.pack(name), pack)
    let reader = PackReader(
      store: store, repository: Fixed.repository,
      runs: RunKeyring(keyring: Fixed.keyring, repository: Fixed.repository))
    var verifier = PackVerifier(reader: reader, hasher: hasher)
    guard let findings = try? verifier.verify(name, size: pack.count) else {
      throw Finding("a verification ended early")
    }
    let directory = try? reader.directory(of: name, size: pack.count)
    if findings.isEmpty {
      try promise(directory != nil, "a pack without findings has no directory")
    }
    if let directory {
      try promise(directory.encoded() == pieceOfDirectory(input), "another directory")
    }
    return findings.isEmpty
  }

  private static func pieceOfDirectory(_ input: [UInt8]) -> [UInt8] {
    var parts = InputReader(input)
    return parts.piece()
  }
}
