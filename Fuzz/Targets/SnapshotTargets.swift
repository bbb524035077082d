// The records in the notes of commits and amendments, and what people type to name a snapshot.

import Igudar
import Platform
import Vault

extension FuzzTarget {
  static let snapshots = [
    FuzzTarget("snapshot", seeds: snapshotSeeds, run: runSnapshot),
    FuzzTarget("amendment", seeds: amendmentSeeds, run: runAmendment),
    FuzzTarget("selector", seeds: selectorSeeds, run: runSelector),
  ]

  // MARK: snapshot

  private static func snapshotSeeds() -> [[UInt8]] {
    let reference = TreeReference(level: 1, id: Fixed.id(1))
    let root = Entry(
      name: Entry.rootName, kind: .directory(.nodes(reference)), mode: 0o755, uid: 0, gid: 0,
      mtime: Timestamp(seconds: 1, nanoseconds: 0))
    let small = Snapshot(root: root, time: Timestamp(seconds: 1_700_000_000, nanoseconds: 0))
    var large = small
    large.start = Timestamp(seconds: 1, nanoseconds: 2)
    large.end = Timestamp(seconds: 3, nanoseconds: 4)
    large.host = Array("host".utf8)
    large.user = Array("user".utf8)
    large.uid = 0
    large.gid = 7
    large.paths = ["/home", "/etc"]
    large.tags = [Array("tag".utf8), []]
    large.excludes = [Array("*.o".utf8)]
    large.parent = Fixed.id(2)
    large.program = Array("igudar".utf8)
    large.description = Array("text".utf8)
    large.counts.filesNew = 3
    large.counts.bytesProcessed = 1 << 40
    large.unreadableCount = 1
    large.domain = 1
    large.original = Fixed.id(3)
    large.zone = -90
    return [small.encoded, large.encoded]
  }

  private static func runSnapshot(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let snapshot = try? Snapshot(decoding: input.rawSpan) else { return false }
    try promise(snapshot.encoded == input, "a snapshot has two forms")
    return true
  }

  // MARK: amendment

  private static func amendmentSeeds() -> [[UInt8]] {
    var unpin = Amendment()
    unpin.pin = .unpin
    unpin.tags = []
    var pin = Amendment()
    pin.tags = [Array("tag".utf8)]
    pin.description = Array("text".utf8)
    pin.pin = .pin(Pin(reason: [], until: Timestamp(seconds: 9, nanoseconds: 0)))
    return [Amendment().encoded, unpin.encoded, pin.encoded]
  }

  private static func runAmendment(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let amendment = try? Amendment(decoding: input.rawSpan) else { return false }
    try promise(amendment.encoded == input, "an amendment has two forms")
    return true
  }

  // MARK: selector

  private static func selectorSeeds() -> [[UInt8]] {
    ["latest", "latest~3:/home/./user/..", "00ffAA:etc/passwd", "0:"].map { Array($0.utf8) }
  }

  private static func runSelector(_ input: [UInt8]) throws(Finding) -> Bool {
    guard let selector = try? SnapshotSelector(parsing: input) else { return false }
    for name in selector.path ?? [] {
      try promise(FileName(name.bytes) == name, "a path of names that are none")
    }
    if case .latest(let back) = selector.base { try promise(back >= 0, "a later than latest") }
    _ = try? selector.resolve(among: [SnapshotInfo]())
    return true
  }
}
