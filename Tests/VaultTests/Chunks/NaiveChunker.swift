// The chunker as FORMAT.md section 9 says it, word for word and without any trick: what the fast
// one is compared with.

@testable import Vault

/// gear-prf, one byte at a time, with thresholds of 128 bits.
struct NaiveChunker {
  let table: [UInt64]
  let sipKey: SecretKey
  private let minimum, target, maximum: Int

  init(parameters: ChunkerParameters, key: SecretKey) {
    table = (0..<UInt32(32)).flatMap { block in
      var number = ByteWriter()
      number.u32(block)
      let bytes = Hash.keyed512(key: key, label: .gear, number.bytes).revealed
      return (0..<8).map { word in
        bytes[word * 8..<word * 8 + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
    }
    sipKey = Hash.derive(key, .sipHash, [])
    (minimum, target, maximum) = (parameters.minimum, parameters.target, parameters.maximum)
  }

  /// The lengths of all chunks of a file.
  func lengths(of file: [UInt8]) -> [Int] {
    var lengths: [Int] = []
    var start = 0
    while start < file.count {
      lengths.append(first(file[start...]))
      start += lengths[lengths.count - 1]
    }
    return lengths
  }

  private func first(_ rest: ArraySlice<UInt8>) -> Int {
    let n = rest.count
    if n <= minimum { return n }
    func byte(_ position: Int) -> UInt8 { rest[rest.startIndex + position] }
    var h: UInt64 = 0
    for position in (minimum - 64)..<minimum { h = (h << 1) &+ table[Int(byte(position))] }
    for p in minimum..<min(n, maximum) {
      if h >> 56 == 0, isCut(rest[(rest.startIndex + p - 64)..<(rest.startIndex + p)], p) {
        return p
      }
      h = (h << 1) &+ table[Int(byte(p))]
    }
    return min(n, maximum)
  }

  private func isCut(_ window: ArraySlice<UInt8>, _ p: Int) -> Bool {
    let value = unsafe window.withUnsafeBytes { unsafe SipHash.hash($0, key: sipKey) }
    let bits = p < target ? 70 : 74
    return UInt128(value) << UInt128(target.trailingZeroBitCount) < UInt128(1) << UInt128(bits)
  }
}
