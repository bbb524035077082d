// What snapshots say of a file, and of what they say nothing.

import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct FileHistoryTests {
  private let harvest: Harvest

  init() throws { harvest = try Harvest() }

  /// A snapshot of /srv, in which are these files of so many bytes.
  private func commit(
    _ files: [String: Int], target: FilePath = "/srv", isPartial: Bool = false,
    unreadable: UInt64 = 0
  ) throws -> SnapshotInfo {
    let crafted = try CraftedSnapshot(in: harvest)
    let entries = try files.sorted { $0.key < $1.key }.map { name, size in
      let chunk = Extent.chunk(
        try crafted.chunk([UInt8](repeating: 1, count: size)), length: UInt32(size))
      return CraftedSnapshot.entry(
        name, .file(Entry.File(size: UInt64(size), content: .inline([chunk]))))
    }
    let srv = CraftedSnapshot.entry("srv", .directory(try crafted.folder(entries)), mode: 0o755)
    return try crafted.commit(crafted.folder([srv]), isPartial: isPartial) { snapshot in
      snapshot.paths = [target]
      snapshot.unreadableCount = unreadable
    }
  }

  private func history(of path: FilePath, in snapshots: [SnapshotInfo]) throws -> [String] {
    var found: [String] = []
    try harvest.repository.history(
      of: path, in: snapshots, unreadable: { Issue.record("\($1)") },
      found: { version in
        found.append(
          version.entry.map { "\($0.file?.size ?? 0)" } ?? (version.mayBeUnread ? "-?" : "-"))
        return true
      })
    return found
  }

  @Test func whatAPartialSnapshotHasNotReachedIsNotGone() throws {
    let snapshots = [
      try commit(["a": 1, "b": 1]), try commit(["a": 2], isPartial: true),
      try commit(["a": 2, "b": 1]), try commit(["a": 2]),
    ]
    #expect(snapshots.map(\.isPartial) == [false, true, false, false])
    #expect(try history(of: "/srv/b", in: snapshots) == ["1", "-"])
    #expect(try history(of: "/srv/a", in: snapshots) == ["1", "2"])
    // Of the folder the partial one has a part.
    #expect(try history(of: "/srv", in: Array(snapshots.prefix(3))) == ["0", "0"])
  }

  @Test func whatMayNotHaveBeenReadIsNotSurelyGone() throws {
    let snapshots = [
      try commit(["a": 1, "b": 1]), try commit(["b": 1], unreadable: 1), try commit(["b": 1]),
      try commit(["a": 1]),
    ]
    #expect(try history(of: "/srv/a", in: snapshots) == ["1", "-?", "1"])
    #expect(try history(of: "/srv/b", in: snapshots) == ["1", "-"])
  }

  @Test func aTargetThatCouldNotBeReadIsNotTheRoot() throws {
    let target: FilePath = "/srv/db.img"
    let missing = [
      try commit([:], target: target, unreadable: 1),
      try commit([:], target: target, isPartial: true),
    ]
    for snapshot in missing {
      #expect(try harvest.repository.place(of: target, in: snapshot) == target.components)
    }
    let there = try commit(["db.img": 5], target: target)
    #expect(try history(of: target, in: [there] + missing + [there]) == ["5", "-?", "5"])
    #expect(try history(of: target, in: missing) == [])
  }
}
