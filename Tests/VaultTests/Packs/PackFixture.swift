// Keys and frames of packs that are the same in every run: all that is random comes from seeds, and
// what is compressed was compressed once, because other versions of zstd compress otherwise.

import Platform

@testable import Vault

/// The keys of one run of one repository.
struct PackFixture {
  let repository = RepositoryID(bytes: Array(0..<16))
  let keyring: KeyRing
  let run: RunKeys
  let hasher: ChunkHasher

  init(_ suite: Suite = .xchacha20Poly1305) {
    keyring = KeyRingTests.keyring(60, suite: suite)
    run = RunKeys.fresh(
      for: keyring.currentEpoch, repository: repository, randomness: SeededRandomness(61))
    hasher = ChunkHasher(key: keyring.currentDomain.chunkIDKey)
  }

  /// The salt of the pack with a number.
  func salt(_ pack: UInt64 = 0) -> [UInt8] { SeededRandomness(62 + pack).bytes(32) }

  func keys(_ pack: UInt64 = 0) -> PackKeys {
    let header = PackHeader(repository: repository, run: run, salt: salt(pack))
    return PackKeys(header: header, repository: repository, run: run)
  }

  func id(_ chunk: [UInt8], _ kind: ChunkKind) -> ChunkID {
    unsafe chunk.withUnsafeBytes { unsafe hasher.id(of: $0, kind: kind) }
  }
}

/// The chunks of a frame and the inner bytes that hold them.
struct TestFrame {
  let name: String
  let chunks: [[UInt8]]
  let codec: FrameCodec
  let data: [UInt8]
  var kind = ChunkKind.data

  var plainLength: Int { chunks.reduce(0) { $0 + $1.count } }
  var inner: [UInt8] { Self.inner(plainLength, codec.rawValue, data) }

  /// Inner bytes that say whatever a test wants.
  static func inner(_ plainLength: Int, _ codec: UInt8, _ data: [UInt8]) -> [UInt8] {
    var writer = ByteWriter()
    writer.u24(UInt32(plainLength))
    writer.u8(codec)
    writer.raw(data)
    return writer.bytes
  }

  static func hex(_ digits: String) -> [UInt8] { bytesFromHex(digits) ?? [] }

  static let text = Array(
    """
    An agadir is a granary that many families share. Every family has a locked cell of its own; \
    the guardian keeps the house, and the guardian can open none of the cells. Every family \
    trusts the house, and nobody has to trust the guardian of the house.
    """.utf8)

  /// The text as zstd 1.5.4 compresses it at level 3.
  static let compressed = hex(
    "28b52ffd20f8650400a248191990a5690300b1c586c936834b8c6c42961f57e31dda0dae3fe6c3415c8305bc5524"
      + "57ebf07c75a0efc5dc1d284510e95155f86e268f102eb4165c005ad77cd02955b1a9a2603a72920540f05079a4"
      + "d6b264c68f93bbe13d5a27f97b12bed59c664edc37080d0056371c830c4731b6d8a09f98358f662ccc86b08009"
      + "d62f4a22d9948255c895d98402")

  /// The same with a checksum.
  static let checked: [UInt8] =
    Array(compressed[..<4]) + [0x24] + compressed[5...] + hex("d68e0e08")

  /// Five bytes of one value more than 500 times: a block of run-length coding.
  static let repeated = hex("28b52ffd60b80ac35d0061")

  private static let textChunks = [Array(text[..<100]), Array(text[100...])]

  static let stored = TestFrame(name: "stored", chunks: textChunks, codec: .stored, data: text)
  static let all = [
    stored,
    TestFrame(name: "compressed", chunks: textChunks, codec: .zstd, data: compressed),
    TestFrame(name: "with a checksum", chunks: [text], codec: .zstd, data: checked),
    TestFrame(
      name: "one byte repeated", chunks: [.init(repeating: 0x61, count: 3000)], codec: .zstd,
      data: repeated),
    TestFrame(name: "one byte", chunks: [[7]], codec: .stored, data: [7], kind: .tree),
  ]
}

extension PackKeys {
  /// A frame sealed into an array of its own.
  func sealed(_ inner: [UInt8], chunks: [ChunkID], at offset: Int) -> [UInt8] {
    let tail = nonceTail(offset: offset, chunks: chunks[...])
    var stored = [UInt8](repeating: 0, count: inner.count + 32)
    unsafe inner.withUnsafeBytes { inner in
      unsafe stored.withUnsafeMutableBytes { stored in
        unsafe sealFrame(inner: inner, tail: tail, offset: offset, into: stored)
      }
    }
    return stored
  }

  /// The plain text of a stored frame.
  func opened(_ stored: [UInt8], at offset: Int) throws -> [UInt8] {
    var opener = FrameOpener()
    var plain = OwnedBuffer(capacity: 16)
    let length = try unsafe stored.withUnsafeBytes { stored in
      try unsafe opener.open(stored, at: offset, keys: self, into: &plain).length
    }
    return unsafe Array(UnsafeRawBufferPointer(start: plain.pointer, count: length))
  }
}
