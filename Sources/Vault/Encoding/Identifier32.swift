// A 32-byte identifier as a value of four words. The kind parameter keeps identifiers of
// different things apart: a chunk ID is never taken for an object hash by mistake.

/// A 32-byte identifier of one kind of thing, compared as its bytes are.
public struct Identifier32<Kind>: Hashable, Comparable, Sendable, CustomStringConvertible {
  // The bytes as four big-endian words, so that words compare as the bytes do.
  package let words: (UInt64, UInt64, UInt64, UInt64)

  package init(words: (UInt64, UInt64, UInt64, UInt64)) {
    self.words = words
  }

  /// The identifier with these bytes; exactly 32 are needed.
  package init(bytes: RawSpan) {
    precondition(bytes.byteCount == 32, "an identifier has 32 bytes")
    func word(_ index: Int) -> UInt64 {
      unsafe UInt64(
        bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    self.words = (word(0), word(1), word(2), word(3))
  }

  package init(bytes: [UInt8]) {
    unsafe self.init(bytes: bytes.span.bytes)
  }

  /// The 32 bytes at a pointer.
  @unsafe
  package init(loading pointer: UnsafeRawPointer) {
    func word(_ index: Int) -> UInt64 {
      unsafe UInt64(bigEndian: pointer.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }
    self.words = (word(0), word(1), word(2), word(3))
  }

  /// The identifier written as 64 hex digits, upper or lower case; nil for anything else.
  public init?(hex: String) {
    guard let bytes = bytesFromHex(hex), bytes.count == 32 else { return nil }
    self.init(bytes: bytes)
  }

  /// Writes the 32 bytes to a place that has room for them.
  @unsafe
  package func store(to pointer: UnsafeMutableRawPointer) {
    unsafe pointer.storeBytes(of: words.0.bigEndian, as: UInt64.self)
    unsafe pointer.storeBytes(of: words.1.bigEndian, toByteOffset: 8, as: UInt64.self)
    unsafe pointer.storeBytes(of: words.2.bigEndian, toByteOffset: 16, as: UInt64.self)
    unsafe pointer.storeBytes(of: words.3.bigEndian, toByteOffset: 24, as: UInt64.self)
  }

  /// The 32 bytes.
  public var bytes: [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
      if let base = buffer.baseAddress { unsafe store(to: UnsafeMutableRawPointer(base)) }
      count = 32
    }
  }

  /// The first eight bytes as a little-endian number, as the format's cut rules read them.
  package var leadingWord: UInt64 { words.0.byteSwapped }

  /// 64 lower-case hex digits.
  public var hex: String { hexString(bytes) }

  /// The first eight hex digits, for people.
  public var shortHex: String { String(hex.prefix(8)) }

  /// 64 lower-case hex digits.
  public var description: String { hex }

  /// Whether both have the same bytes.
  public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

  /// Byte order.
  public static func < (left: Self, right: Self) -> Bool { left.words < right.words }

  /// Feeds the first word only: identifiers are hashes, so it is as good as all of them.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  package static var zero: Self { Self(words: (0, 0, 0, 0)) }
}

/// A 16-byte identifier, random.
public struct Identifier16<Kind>: Hashable, Sendable, CustomStringConvertible {
  package let words: (UInt64, UInt64)

  package init(bytes: RawSpan) {
    precondition(bytes.byteCount == 16, "an identifier has 16 bytes")
    unsafe words = (
      UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self)),
      UInt64(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
    )
  }

  package init(bytes: [UInt8]) {
    unsafe self.init(bytes: bytes.span.bytes)
  }

  /// The identifier written as 32 hex digits; nil for anything else.
  public init?(hex: String) {
    guard let bytes = bytesFromHex(hex), bytes.count == 16 else { return nil }
    self.init(bytes: bytes)
  }

  /// The 16 bytes.
  public var bytes: [UInt8] {
    var writer = ByteWriter()
    writer.u64(words.0.byteSwapped)
    writer.u64(words.1.byteSwapped)
    return writer.bytes
  }

  /// 32 lower-case hex digits.
  public var hex: String { hexString(bytes) }

  /// 32 lower-case hex digits.
  public var description: String { hex }

  /// Whether both have the same bytes.
  public static func == (left: Self, right: Self) -> Bool { left.words == right.words }

  /// Feeds the first word: the bytes are random.
  public func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// What a `ChunkID` identifies.
public enum ChunkKindMark {}
/// What an `ObjectHash` identifies.
public enum ObjectMark {}
/// What a `SnapshotID` identifies.
public enum SnapshotMark {}
/// What a `PublicKey` identifies.
public enum PublicKeyMark {}
/// What a `RepositoryID` identifies.
public enum RepositoryMark {}
/// What a `RunID` identifies.
public enum RunMark {}
/// What a `SlotID` identifies.
public enum SlotMark {}

/// The keyed hash that names a chunk.
public typealias ChunkID = Identifier32<ChunkKindMark>
/// BLAKE2b-256 of an object's stored bytes.
public typealias ObjectHash = Identifier32<ObjectMark>
/// The hash of a commit entry, which names its snapshot.
public typealias SnapshotID = Identifier32<SnapshotMark>
/// An Ed25519 or X25519 public key.
public typealias PublicKey = Identifier32<PublicKeyMark>
/// The random name of a repository.
public typealias RepositoryID = Identifier16<RepositoryMark>
/// The random name of one backup run.
public typealias RunID = Identifier16<RunMark>
/// The random name of a slot.
public typealias SlotID = Identifier16<SlotMark>

/// What a chunk holds.
public enum ChunkKind: UInt8, Sendable, CaseIterable {
  /// A piece of a file.
  case data = 0
  /// A node of a tree.
  case tree = 1
}
