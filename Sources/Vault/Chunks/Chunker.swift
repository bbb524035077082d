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
        var place = unsafe start + (parameters.minimum - Self.windowSize)
        var state: UInt64 = 0
        for _ in 0..<Self.windowSize {
          unsafe state = (state << 1) &+ table[Int(place.pointee)]
          unsafe place += 1
        }
        return unsafe withUnsafeTemporaryAllocation(
          of: UnsafePointer<UInt8>?.self, capacity: Self.capacity
        ) { candidates in
          // What is taken ends where the chunk may end. Bytes before `last` are read.
          let last = unsafe start + (end - 1)
          var count = 0
          while true {
            if state < cgear_candidates {
              unsafe candidates[count] = place
              count += 1
            }
            let isOver = unsafe place >= last
            if count == Self.capacity || isOver {
              let cut = unsafe firstCut(of: candidates, count: count, from: start)
              if cut != nil || isOver { return cut ?? end }
              count = 0
            }
            unsafe place = unsafe cgear_next(place, last, &state, table, shiftedTable)
          }
        }
      }
    }
  }

  // The second stage: a PRF of the last 64 bytes decides, with a limit by distance. Nearly no
  // candidate is a cut, so that little is lost by deciding on several at once, the rest of which
  // may lie behind it.
  private func firstCut(
    of candidates: UnsafeMutableBufferPointer<UnsafePointer<UInt8>?>, count: Int,
    from start: UnsafePointer<UInt8>
  ) -> Int? {
    guard count > 0 else { return nil }
    defer { withExtendedLifetime(sipKey) {} }
    for idle in count..<Self.capacity { unsafe candidates[idle] = unsafe candidates[0] }
    return unsafe withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.capacity) {
      values in
      unsafe cgear_siphash(
        Self.vectors, candidates.baseAddress, sipKey.pointer.assumingMemoryBound(to: UInt8.self),
        values.baseAddress)
      for index in 0..<count {
        guard let place = unsafe candidates[index] else { return nil }
        let position = unsafe place - start
        let limit = position < parameters.target ? smallLimit : largeLimit
        if unsafe values[index] <= limit { return position }
      }
      return nil
    }
  }

  private static let vectors = cgear_vectors()
  // How many candidates are decided on at once, and how many bytes before each decide.
  private static let capacity = Int(cgear_windows)
  private static let windowSize = Int(cgear_window_size)
}
