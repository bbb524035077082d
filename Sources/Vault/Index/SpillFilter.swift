// Which digests may have left memory: a Bloom filter whose bits of one ID lie in one cache line (Putze,
// Sanders, Singler: Cache-, Hash- and Space-Efficient Bloom Filters, 2007). A digest is a hash
// already, so its words serve as hashes. With it a chunk that is new, as most are, is not looked for
// in the file of those that left.

/// A set of digests of fixed size that can say yes to one it does not hold, never no to one it holds.
///
/// 64 bytes a line. With 1,024 lines one in a thousand is answered wrongly with 25,000 in it, one in five
/// with 150,000, and most with more: then it only costs time.
@safe
struct SpillFilter: ~Copyable {
  private typealias Line = SIMD8<UInt64>

  static let lineCount = 1024
  private let mask: Int
  private let lines: UnsafeMutablePointer<Line>

  /// `lineCount` is a power of two.
  init(lineCount: Int = Self.lineCount) {
    precondition(lineCount.nonzeroBitCount == 1, "a power of two")
    mask = lineCount - 1
    unsafe lines = .allocate(capacity: lineCount)
    unsafe lines.initialize(repeating: .zero, count: lineCount)
  }

  deinit {
    unsafe lines.deallocate()
  }

  // Words 0 and 1 choose the shard and the slot already.
  @inline(__always)
  private func line(of digest: ChunkID) -> Int {
    Int(truncatingIfNeeded: digest.words.2) & mask
  }

  // Four bits.
  @inline(__always)
  private static func bits(of digest: ChunkID) -> Line {
    var bits = Line.zero
    var word = digest.words.3
    for _ in 0..<4 {
      bits[Int(truncatingIfNeeded: word >> 6) & 7] |= 1 << (word & 63)
      word >>= 9
    }
    return bits
  }

  mutating func insert(_ digest: ChunkID) {
    unsafe lines[line(of: digest)] |= Self.bits(of: digest)
  }

  func mayContain(_ digest: ChunkID) -> Bool {
    let bits = Self.bits(of: digest)
    return unsafe lines[line(of: digest)] & bits == bits
  }
}
