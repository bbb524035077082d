// Vectors of snapshot and amendment records, and records that break one rule.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct SnapshotVectorTests {
  private var least: Snapshot {
    let root = Entry(
      name: Entry.rootName, kind: .directory(.nodes(.init(level: 0, id: .zero))), mode: 0, uid: 0,
      gid: 0, mtime: Timestamp(seconds: 0, nanoseconds: 0))
    return Snapshot(root: root, time: Timestamp(seconds: 0, nanoseconds: 0))
  }

  private var full: Snapshot {
    var full = least
    full.root.kind = .directory(.nodes(.init(level: 3, id: ChunkID(words: (1, 2, 3, 4)))))
    full.root.mode = 0o755
    full.time = Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789)
    full.start = Timestamp(seconds: 1_700_000_001, nanoseconds: 0)
    full.end = Timestamp(seconds: 1_700_000_002, nanoseconds: 999_999_999)
    full.host = Array("host".utf8)
    full.user = Array("user".utf8)
    full.uid = 0
    full.gid = 100
    full.paths = ["/home", FilePath([0x2f, 0xff])]
    full.tags = [Array("a".utf8), []]
    full.excludes = [Array("*.o".utf8)]
    full.parent = SnapshotID(words: (5, 6, 7, 8))
    full.program = Array("igudar 1".utf8)
    full.description = Array("text".utf8)
    full.counts.filesNew = 1
    full.counts.filesChanged = 2
    full.counts.filesUnmodified = 3
    full.counts.directoriesNew = 4
    full.counts.directoriesChanged = 5
    full.counts.directoriesUnmodified = 6
    full.counts.dataChunksAdded = 7
    full.counts.treeChunksAdded = 8
    full.counts.plainBytesAdded = 9
    full.counts.storedBytesAdded = 10
    full.counts.filesProcessed = 11
    full.counts.bytesProcessed = 12
    full.unreadableCount = 1
    full.domain = 1
    full.original = SnapshotID(words: (9, 10, 11, 12))
    full.zone = -90
    full.unknown = [UnknownField(number: 30, value: [1])]
    return full
  }

  private var amendments: [(name: String, amendment: Amendment)] {
    var tags = Amendment()
    tags.tags = [Array("x".utf8)]
    var none = Amendment()
    none.tags = []
    none.description = []
    var pin = Amendment()
    pin.pin = .pin(Pin(reason: Array("law".utf8), until: Timestamp(seconds: 2, nanoseconds: 0)))
    var bare = Amendment()
    bare.pin = .pin(Pin(reason: []))
    var unpin = Amendment()
    unpin.pin = .unpin
    return [
      ("amendment of tags", tags), ("amendment to nothing", none), ("amendment with a pin", pin),
      ("amendment with a bare pin", bare), ("amendment without pin", unpin),
    ]
  }

  @Test func recordsHaveTheirOneEncoding() throws {
    var lines = VectorLines()
    lines.add("least", least.encoded)
    lines.add("full", full.encoded)
    for (name, amendment) in amendments { lines.add(name, amendment.encoded) }
    let committed = try lines.compare(with: "snapshot")
    for (line, snapshot) in zip(committed, [least, full]) {
      let bytes = try vectorBytes(line.value)
      #expect(try Snapshot(decoding: bytes.rawSpan) == snapshot, "\(line.name)")
    }
    for (line, (_, amendment)) in zip(committed.dropFirst(2), amendments) {
      let bytes = try vectorBytes(line.value)
      #expect(try Amendment(decoding: bytes.rawSpan) == amendment, "\(line.name)")
    }
  }

  private var rejectedSnapshots: [RejectedBytes] {
    let good = least.encoded
    let root = good.dropLast(4)
    return [
      .init("no bytes", []), .init("no root", Array(good.suffix(4))),
      .init("no time", Array(root)), .init("root not critical", 0..<1, [2], of: good),
      .init("root with a name", 2..<3, [1], of: good),
      .init("time not critical", good.count - 4..<good.count - 3, [4], of: good),
      .init("a time that is too long", good.count - 3..<good.count, [3, 0, 0, 0], of: good),
      .init("empty host", good + [10, 0]), .init("no paths in a list", good + [18, 1, 0]),
      .init("a path without end", good + [18, 2, 1, 5]),
      .init("bytes behind the tags", good + [20, 3, 1, 0, 0]),
      .init("parent of 31 bytes", good + [24, 31] + [UInt8](repeating: 0, count: 31)),
      .init("zeros at the end of counts", good + [30, 3, 2, 1, 0]),
      .init("zero is written", good + [32, 1, 0]),
      .init("zone beyond a day", good + [38, 2, 0xc2, 0x16]),
      .init("a field twice", good + [10, 1, 1, 10, 1, 1]),
      .init("host marked critical", good + [11, 1, 1]),
      .init("unknown critical field", good + [61, 1, 1], "unknownCritical"),
    ]
  }

  private var rejectedAmendments: [RejectedBytes] {
    [
      .init("tags without flag", [2, 2, 1, 0]), .init("pin without flag", [6, 0, 10, 1, 1]),
      .init("end of a pin without pin", [8, 2, 0, 0, 10, 1, 4]),
      .init("flags zero are written", [10, 1, 0]), .init("field 0", [0, 0]),
      .init("tags marked critical", [3, 2, 1, 0, 10, 1, 1]),
      .init("unknown critical field", [13, 0], "unknownCritical"),
    ]
  }

  @Test func recordsThatBreakARuleAreRejected() throws {
    var lines = VectorLines()
    for bad in rejectedSnapshots {
      lines.add(bad.name, text: "snapshot \(hexString(bad.bytes)) \(bad.error)")
    }
    for bad in rejectedAmendments {
      lines.add(bad.name, text: "amendment \(hexString(bad.bytes)) \(bad.error)")
    }
    for line in try lines.compare(with: "snapshot-rejected") {
      let words = line.value.split(separator: " ", omittingEmptySubsequences: false)
      let bytes = try vectorBytes(words[1])
      let error = damageName { () throws(Damage) in
        if words[0] == "snapshot" {
          _ = try Snapshot(decoding: bytes.rawSpan)
        } else {
          _ = try Amendment(decoding: bytes.rawSpan)
        }
      }
      #expect(error == words[2], "\(line.name)")
    }
  }
}
