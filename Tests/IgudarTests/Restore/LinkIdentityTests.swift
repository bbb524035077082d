// Files that share an inode number but are not one: the number was used again while a backup ran.

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

  /// A file that was deleted, and another with two names that got its inode number.
  private func commit() throws -> SnapshotInfo {
    let crafted = try CraftedSnapshot(in: harvest)
    let file = { (name: String, bytes: [UInt8]) in
      let content = Content.inline([.chunk(try crafted.chunk(bytes), length: UInt32(bytes.count))])
      var entry = CraftedSnapshot.entry(
        name, .file(Entry.File(size: UInt64(bytes.count), content: content)))
      entry.inode = 5
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

  @Test func theyAreRestoredAsTheTwoThatTheyAre() throws {
    let snapshot = try commit()
    let restore = Restore(
      snapshot.snapshot.root, of: try harvest.open(harvest.store),
      to: harvest.folder.appending("out"), options: RestoreOptions())
    try restore.run { Issue.record("\($0)") }
    try expectTwoFiles(in: "out")
  }

  @Test func theyAreTwoInAnArchiveToo() throws {
    let snapshot = try commit()
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
}
