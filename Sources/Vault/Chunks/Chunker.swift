// The chunker gear-prf of FORMAT.md section 9. Where a file is cut depends on the domain's keys
// and the last 64 bytes alone, so an insertion moves cuts only near itself.
//
// Source of the shape: FastCDC (Xia et al., USENIX ATC 2016) for gear hash, minimum skipping and
// normalised sizes; the keyed second stage is described in FORMAT.md section 16.

internal import CGear

/// Cuts byte strings into chunks; a value that threads share.
package final class Chunker: Sendable {
  package let parameters: ChunkerParameters
  // The gear table, and the same shifted left by one for the first byte of a pair.
  private let gear: [UInt64]
  private let shiftedGear: [UInt64]
  private let sipKey: SecretKey
  // The largest value of the second stage that is a cut, before and from the target on.
  private let smallLimit: UInt64
  private let largeLimit: UInt64

  package init(parameters: ChunkerParameters, key: SecretKey) {
    self.parameters = parameters
    gear = Self.gearTable(key)
    shiftedGear = gear.map { $0 << 1 }
    sipKey = Hash.derive(key, .sipHash, [])
    let bits = parameters.target.trailingZeroBitCount
    smallLimit = Self.limit(70 - bits)
    largeLimit = Self.limit(74 - bits)
  }

  // Below 2^exponent; everything from 2^64 on, as for the smallest targets.
  private static func limit(_ exponent: Int) -> UInt64 {
    exponent < 64 ? (1 << UInt64(exponent)) - 1 : .max
  }

  private static func gearTable(_ key: SecretKey) -> [UInt64] {
    var words: [UInt64] = []
    words.reserveCapacity(256)
    for block in 0..<UInt32(32) {
      var number = ByteWriter()
      number.u32(block)
      let bytes = Hash.keyed512(key: key, label: .gear, number.bytes)
      unsafe bytes.withBytes { bytes in
        for word in 0..<8 {
          let value = unsafe bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self)
          words.append(UInt64(littleEndian: value))
        }
      }
    }
    return words
  }

  /// The length of the first chunk of these bytes, which begin where the last chunk ended.
  ///
  /// `nil` when the bytes do not reach the maximum size and are not the end of the file, so that
  /// more of them are needed to decide.
  package func firstCut(of bytes: UnsafeRawBufferPointer, isEnd: Bool) -> Int? {
    let count = bytes.count
    if count < parameters.maximum && !isEnd { return nil }
    if count <= parameters.minimum { return count }
    guard let base = bytes.baseAddress else { return nil }
    return unsafe scan(base, end: min(count, parameters.maximum))
  }

  // Looks for a cut in [minimum, end), else answers end. Reads bytes [minimum − 64, end) only.
  private func scan(_ base: UnsafeRawPointer, end: Int) -> Int {
    unsafe gear.withUnsafeBufferPointer { gear in
      unsafe shiftedGear.withUnsafeBufferPointer { shifted in
        guard let table = gear.baseAddress, let shiftedTable = shifted.baseAddress else {
          return end
        }
        let start = unsafe base.assumingMemoryBound(to: UInt8.self)
        var place = unsafe start + (parameters.minimum - 64)
        var state: UInt64 = 0
        for _ in 0..<64 {
          unsafe state = (state << 1) &+ table[Int(place.pointee)]
          unsafe place += 1
        }
        // What is taken ends where the chunk may end. Bytes up to `last` are read.
        let last = unsafe start + (end - 1)
        while true {
          if state < cgear_candidates, unsafe isCut(base, at: place - start) {
            return unsafe place - start
          }
          guard unsafe place < last else { return end }
          unsafe place = unsafe cgear_next(place, last, &state, table, shiftedTable)
        }
      }
    }
  }

  // The second stage: a PRF of the last 64 bytes decides, with a limit by distance.
  private func isCut(_ base: UnsafeRawPointer, at position: Int) -> Bool {
    let value = unsafe SipHash.hash(
      UnsafeRawBufferPointer(start: base + position - 64, count: 64), key: sipKey)
    return value <= (position < parameters.target ? smallLimit : largeLimit)
  }
}
