// The tree of what is backed up, and the folders that lead there.

import Glibc
import Platform
import Testing

@testable import Igudar

@Suite struct BackupTargetsTests {
  private func lines(_ node: BackupTargets.Node, _ prefix: String = "") -> [String] {
    node.children.flatMap { child in
      ["\(prefix)\(child.name)\(child.isTarget ? " *" : "")"]
        + (child.isTarget ? [] : lines(child, "\(prefix)\(child.name)/"))
    }
  }

  @Test func everyNameIsThereOnceAndInOrder() {
    let paths: [FilePath] = [
      "/x/a/b", "/x/a-b", "/x/b/z", "/x/a", "/x/a.c/e", "/x/b/y/1", "/x/a.c/d", "/x/a/c", "/x/a-b",
      "/x/b/y",
    ]
    let targets = BackupTargets(paths, workingDirectory: "/")
    let tree = [
      "x", "x/a *", "x/a-b *", "x/a.c", "x/a.c/d *", "x/a.c/e *", "x/b", "x/b/y *", "x/b/z *",
    ]
    #expect(lines(targets.root) == tree)
    #expect(lines(BackupTargets(paths.reversed(), workingDirectory: "/").root) == tree)
    #expect(targets.paths == Set(paths).sorted())
  }

  @Test func flagsOfAFolderOnTheWayAreSaved() throws {
    let harvest = try Harvest()
    try harvest.shell("mkdir -p src/way/target; chattr +d src/way 2> /dev/null || true")
    let way = harvest.folder.appending("src/way")
    let open = try Descriptor.open(way, O_RDONLY)
    let flags = try InodeFlags.flags(of: open.raw) ?? 0
    let backup = Backup(
      [way.appending("target")], to: harvest.repository, options: BackupOptions())
    let id = try #require(try backup.run { _ in }.snapshot)
    let snapshot = try #require(try harvest.repository.snapshots().first { $0.id == id })
    let entry = try harvest.repository.entry(at: way.components, in: snapshot)
    #expect(entry.inodeFlags == flags & InodeFlags.restorable)
  }
}
