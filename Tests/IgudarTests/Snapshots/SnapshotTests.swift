// Snapshots and amendments come back as they were written, in one encoding only, and later
// amendments win.

import Platform
import Testing
import Vault

@testable import Igudar

extension SeededGenerator {
  mutating func texts() -> [[UInt8]] { (0..<number(below: 4)).map { _ in bytes(number(below: 9)) } }

  mutating func snapshotID() -> SnapshotID { SnapshotID(words: (next(), next(), next(), next())) }

  mutating func snapshot() -> Snapshot {
    var root = entry(named: Entry.rootName)
    root.kind = .directory(.nodes(TreeReference(level: UInt8(number(below: 17)), id: id())))
    root.hardLink = nil
    var snapshot = Snapshot(root: root, time: time())
    if chance(50) { snapshot.start = time() }
    if chance(50) { snapshot.end = time() }
    if chance(80) { snapshot.host = bytes(8) }
    if chance(80) { snapshot.user = bytes(8) }
    if chance(50) { snapshot.uid = chance(50) ? 0 : UInt32(wide() >> 32) }
    if chance(50) { snapshot.gid = chance(50) ? 0 : UInt32(wide() >> 32) }
    snapshot.paths = texts().map { FilePath($0) }
    snapshot.tags = texts()
    snapshot.excludes = texts()
    if chance(50) { snapshot.parent = snapshotID() }
    if chance(80) { snapshot.program = bytes(8) }
    if chance(20) { snapshot.description = bytes(30) }
    if chance(80) {
      snapshot.counts.filesNew = wide()
      snapshot.counts.storedBytesAdded = wide()
      if chance(20) { snapshot.counts.extra = [0, 0, 5] }
    }
    if chance(20) { snapshot.unreadableCount = wide() }
    if chance(20) { snapshot.domain = UInt32(wide() >> 32) }
    if chance(20) { snapshot.original = snapshotID() }
    if chance(80) { snapshot.zone = Int.random(in: -1440...1440, using: &self) }
    if chance(10) { snapshot.unknown = [UnknownField(number: 20, value: bytes(3))] }
    return snapshot
  }
}

@Suite struct SnapshotTests {
  @Test func randomSnapshotsRoundTrip() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let snapshot = generator.snapshot()
      let encoded = snapshot.encoded
      let decoded = try Snapshot(decoding: encoded.rawSpan)
      try #require(decoded == snapshot, "seed \(seed)")
      try #require(decoded.encoded == encoded, "seed \(seed)")
    }
  }

  @Test func everyBitFlipIsRejectedOrIsAnotherSnapshotInItsOwnEncoding() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<10 {
      let encoded = generator.snapshot().encoded
      for bit in 0..<encoded.count * 8 {
        var flipped = encoded
        flipped[bit / 8] ^= 1 << UInt8(bit % 8)
        guard let snapshot = try? Snapshot(decoding: flipped.rawSpan) else { continue }
        try #require(snapshot.encoded == flipped, "seed \(seed), bit \(bit)")
      }
      for count in 0..<encoded.count {
        let cut = Array(encoded[..<count])
        guard let snapshot = try? Snapshot(decoding: cut.rawSpan) else { continue }
        try #require(snapshot.encoded == cut, "seed \(seed), cut to \(count)")
      }
    }
  }

  @Test func amendmentsRoundTripInEveryCombination() throws {
    let until = Timestamp(seconds: 9, nanoseconds: 1)
    let pins: [Amendment.PinChange?] = [
      nil, .unpin, .pin(Pin(reason: [])), .pin(Pin(reason: [65], until: until)),
    ]
    for tags: [[UInt8]]? in [nil, [], [[]], [[65], [66]]] {
      for description: [UInt8]? in [nil, [], [67]] {
        for pin in pins {
          var amendment = Amendment()
          amendment.tags = tags
          amendment.description = description
          amendment.pin = pin
          let encoded = amendment.encoded
          #expect(try Amendment(decoding: encoded.rawSpan) == amendment)
          for bit in 0..<encoded.count * 8 {
            var flipped = encoded
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let other = try? Amendment(decoding: flipped.rawSpan) else { continue }
            #expect(other.encoded == flipped)
          }
        }
      }
    }
  }

  @Test func laterAmendmentsWin() {
    var generator = SeededGenerator(seed: 1)
    var snapshot = generator.snapshot()
    snapshot.tags = [[1]]
    snapshot.description = [2]
    var first = Amendment()
    first.tags = [[3], [4]]
    first.pin = .pin(Pin(reason: [5], until: Timestamp(seconds: 100, nanoseconds: 0)))
    var second = Amendment()
    second.description = [6]
    var info = SnapshotInfo(
      id: .zero, number: 7, snapshot: snapshot, amendments: [first, second])
    #expect(info.tags == [[3], [4]])
    #expect(info.description == [6])
    #expect(info.isPinned(at: Timestamp(seconds: 99, nanoseconds: 0)))
    #expect(!info.isPinned(at: Timestamp(seconds: 100, nanoseconds: 0)))
    var third = Amendment()
    third.tags = []
    third.pin = .unpin
    info.apply(third)
    #expect(info.tags.isEmpty)
    #expect(info.pin == nil)
    #expect(info.snapshot.tags == [[1]])
  }
}
