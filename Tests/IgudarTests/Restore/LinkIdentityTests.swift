// Which entries are one file: restores, archives and statistics go by the same rule. An inode number
// can be met again while a backup runs, as that of another file, and need not be known.

import Glibc
import Platform
import Testing
import Vault

@testable import Igudar

@Suite struct LinkIdentityTests {
  private let harvest: Harvest

  init() throws {
    harvest = try Harvest()
  }

  /// A file that was deleted, and another with two names that got its inode number, if they have one.
  private func commit(inode: UInt64 = 5) throws -> SnapshotInfo {
    let crafted = try CraftedSnapshot(in: harvest)
    let file = { (name: String, bytes: [UInt8]) in
      let content = Content.inline([.chunk(try crafted.chunk(bytes), length: UInt32(bytes.count))])
      var entry = CraftedSnapshot.entry(
        name, .file(Entry.File(size: UInt64(bytes.count), content: content)))
      entry.inode = inode
      entry.hardLink = Entry.HardLink(device: 0, count: 2)
      return entry
    }
    let first = try crafted.folder([file("x1", [1])])
    let second = try crafted.folder([file("y1", [2, 2]), file("y2", [2, 2])])
    return try crafted.commit(
      crafted.folder([
        CraftedSnapshot.entry("a", .directory(first), mode: 0o755),
        CraftedSnapshot.entry("z", .directory(second), mode: 0o755),
      ]))
  }

  private func expectTwoFiles(in folder: String) throws {
    try harvest.shell(
      """
      cd \(folder); test $(stat -c %s a/x1) = 1; test $(stat -c %s z/y1) = 2
      test z/y1 -ef z/y2; test $(stat -c %h a/x1) = 1
      """)
  }

  @Test(arguments: [0, 5] as [UInt64])
  func theyAreRestoredAsTheTwoThatTheyAre(_ inode: UInt64) throws {
    let snapshot = try commit(inode: inode)
    let restore = Restore(
      snapshot.snapshot.root, of: try harvest.open(harvest.store),
      to: harvest.folder.appending("out"), options: RestoreOptions())
    try restore.run { Issue.record("\($0)") }
    try expectTwoFiles(in: "out")
  }

  @Test(arguments: [0, 5] as [UInt64])
  func theyAreTwoInAnArchiveToo(_ inode: UInt64) throws {
    let snapshot = try commit(inode: inode)
    let dump = ArchiveDump(try harvest.open(harvest.store), as: .tar) { Issue.record("\($0)") }
    let file = try Descriptor.open(
      harvest.folder.appending("a.tar"), O_WRONLY | O_CREAT, mode: 0o600)
    let isWhole = try dump.run(snapshot.snapshot.root, at: FilePath("")) { bytes in
      unsafe bytes.withUnsafeBytes { bytes in
        (try? unsafe file.write(bytes)) != nil
      }
    }
    #expect(isWhole)
    try harvest.shell("mkdir unpacked; tar xf a.tar -C unpacked")
    try expectTwoFiles(in: "unpacked")
  }

  @Test(arguments: [0, 5] as [UInt64])
  func theyAreTwoInStatisticsToo(_ inode: UInt64) throws {
    let snapshot = try commit(inode: inode)
    let statistics = try harvest.open(harvest.store).statistics(
      of: [snapshot], counting: .restoreSize
    ) { Issue.record("\($2)") }
    #expect(statistics.totalSize == 1 + 2)
  }
}
