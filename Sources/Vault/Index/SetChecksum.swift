// The set checksum of FORMAT.md section 11: a sum over rows that does not depend on their order, so
// that a segment made from others proves that it dropped nothing but what its journal entry names.

/// A sum of keyed hashes modulo 2^256.
package struct SetChecksum: Hashable, Sendable, CustomStringConvertible {
  // Little-endian words, the lowest first.
  private var words: (UInt64, UInt64, UInt64, UInt64)

  package static var zero: SetChecksum { SetChecksum(words: (0, 0, 0, 0)) }

  private init(words: (UInt64, UInt64, UInt64, UInt64)) {
    self.words = words
  }

  package init(bytes: RawSpan) { self.init(ObjectHash(bytes: bytes)) }

  fileprivate init(_ hash: ObjectHash) {
    let hash = hash.words
    words = (hash.0.byteSwapped, hash.1.byteSwapped, hash.2.byteSwapped, hash.3.byteSwapped)
  }

  /// The 32 bytes as they stand in a segment.
  package var bytes: [UInt8] {
    var writer = ByteWriter(capacity: 32)
    for word in [words.0, words.1, words.2, words.3] { writer.u64(word) }
    return writer.bytes
  }

  package var description: String { hexString(bytes) }

  package static func += (sum: inout SetChecksum, other: SetChecksum) {
    var carry = false
    sum.words.0 = add(sum.words.0, other.words.0, &carry)
    sum.words.1 = add(sum.words.1, other.words.1, &carry)
    sum.words.2 = add(sum.words.2, other.words.2, &carry)
    sum.words.3 = add(sum.words.3, other.words.3, &carry)
  }

  package static func -= (sum: inout SetChecksum, other: SetChecksum) {
    // −x = ~x + 1
    let inverse = (~other.words.0, ~other.words.1, ~other.words.2, ~other.words.3)
    sum += SetChecksum(words: inverse)
    sum += SetChecksum(words: (1, 0, 0, 0))
  }

  package static func == (left: SetChecksum, right: SetChecksum) -> Bool {
    left.words == right.words
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }

  private static func add(_ left: UInt64, _ right: UInt64, _ carry: inout Bool) -> UInt64 {
    let (partial, first) = left.addingReportingOverflow(right)
    let (whole, second) = partial.addingReportingOverflow(carry ? 1 : 0)
    carry = first || second
    return whole
  }
}

/// Adds up rows, hashing many of them side by side.
struct RowSum {
  private let key: SecretKey
  private var total = SetChecksum.zero
  // Messages that wait, each with room for whole words.
  private var messages = [UInt8](repeating: 0, count: Self.batchCount * Self.stride)
  private var count = 0

  private static let batchCount = 64
  private static let messageSize = 78
  private static let stride = 80

  init(_ key: SecretKey) { self.key = key }

  /// Adds one row.
  mutating func add(_ row: SegmentRow, in frame: SegmentFrame, of pack: ObjectHash) {
    let offset = count * Self.stride
    unsafe messages.withUnsafeMutableBytes { bytes in
      guard let start = bytes.baseAddress else { return }
      let base = unsafe start + offset
      unsafe row.id.store(to: base)
      unsafe pack.store(to: base + 32)
      unsafe base.storeBytes(of: frame.offset.littleEndian, toByteOffset: 64, as: UInt32.self)
      unsafe base.storeBytes(of: frame.storedLength.littleEndian, toByteOffset: 68, as: UInt32.self)
      // Two u24 of which the second overwrites the fourth byte of the first.
      unsafe base.storeBytes(of: row.offset.littleEndian, toByteOffset: 72, as: UInt32.self)
      unsafe base.storeBytes(of: row.length.littleEndian, toByteOffset: 75, as: UInt32.self)
    }
    count += 1
    if count == Self.batchCount { hash() }
  }

  /// The checksum of all rows.
  consuming func finish() -> SetChecksum {
    hash()
    return total
  }

  private mutating func hash() {
    let hashes = unsafe messages.withUnsafeBytes { bytes in
      let parts = unsafe (0..<count).map { index in
        let start = index * Self.stride
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + Self.messageSize])
      }
      return unsafe Hash.keyed(key: key, label: .setSum, parts, as: ObjectHash.self)
    }
    for hash in hashes { total += SetChecksum(hash) }
    count = 0
  }
}
