// The payload of an index segment: hostile counts, orders and ranges.

import Igudar
import Vault

extension FuzzTarget {
  static let segment = FuzzTarget("segment", seeds: segmentSeeds, run: runSegment)

  private static var indexKey: SecretKey { Fixed.keyring.currentEpoch.indexKey }

  private static func segmentSeeds() -> [[UInt8]] {
    var builder = SegmentBuilder()
    for pack in UInt8(1)...2 {
      let place = builder.addPack(Fixed.id(pack), size: 1 << 16)
      for frame in UInt32(0)..<2 {
        let frame = builder.addFrame(
          pack: place, offset: 160 + frame * 1000, storedLength: 1000, plainLength: 4000,
          kind: .data)
        builder.addRow(Fixed.id(7), frame: frame, offset: 0, length: 1000)
        builder.addRow(Fixed.id(8 + pack), frame: frame, offset: 1000, length: 3000)
      }
    }
    builder.supersede(Fixed.id(9))
    return [SegmentBuilder().finish(indexKey), builder.finish(indexKey)]
  }

  private static func runSegment(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let segment = try? Segment(payload: input) else { return false }
    for index in 0..<segment.rowCount {
      let row = segment.row(index)
      let frame = segment.frame(Int(row.frame))
      let pack = segment.pack(Int(frame.pack))
      try promise(
        Int(row.offset) + Int(row.length) <= Int(frame.plainLength), "a row behind its frame")
      try promise(
        Int(frame.offset) + Int(frame.storedLength) <= Int(pack.size), "a frame behind its pack")
    }
    var builder = SegmentBuilder()
    builder.add(segment) { _ in true }
    for name in segment.supersededNames { builder.supersede(name) }
    let sum = segment.computedChecksum(indexKey)
    let again = builder.finish(indexKey)
    try promise(
      again == Array(input[..<16]) + sum.bytes + input[48...], "a segment has two forms")
    return true
  }
}
