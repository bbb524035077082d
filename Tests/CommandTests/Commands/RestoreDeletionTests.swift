// `restore --delete`: what it must not delete, and says so.

import Glibc
import Platform
import Testing

@Suite struct RestoreDeletionTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
  }

  private func restore(_ arguments: String..., code: Int32) throws -> Outcome {
    try repository.run(
      ["restore", "latest:src", "-t", "out", "--delete"] + arguments, code: code)
  }

  /// Lets a folder of the sandbox be seen elsewhere in it too.
  private final class Binding {
    let path: String

    init(_ repository: TestRepository, of folder: String, at name: String) throws {
      path = repository.path(name)
      try repository.shell("mkdir -p \(folder) \(name); mount --bind \(folder) \(name)")
    }

    deinit { _ = try? Process(["/bin/umount", "-l", path].map { Array($0.utf8) }).end() }
  }

  @Test(.enabled(if: Disk.isPermitted, "mounting a disk is not permitted here"))
  func whatIsMountedInTheTargetIsKept() throws {
    // What a backup with --one-file-system sees of a mounted folder is an empty one.
    try repository.shell("cd src; mkdir -p home/sub bound; echo new > home/sub/new")
    _ = try repository.backup("src")
    try repository.shell("mkdir out")
    let disk = try Disk(repository.sandbox, "out/home", sizeBytes: 1 << 20)
    let known = try Binding(repository, of: "mine", at: "out/bound")
    let unknown = try Binding(repository, of: "yours", at: "out/other")
    try repository.shell(
      """
      cd out; mkdir home/sub home/old; touch home/file home/sub/file home/old/file
      touch bound/file other/file extra
      """)
    for options in [["-n"], []] {
      let outcome = try repository.run(
        ["restore", "latest:src", "-t", "out", "--delete"] + options, code: 3)
      #expect(outcome.errorText.contains("--delete left 3 folders as they are"))
      for (path, text) in [
        ("home", "nothing in it is deleted"), ("bound", "nothing in it is deleted"),
        ("other", "is kept"),
      ] {
        let line = "out/\(path): \(text): another file system is mounted there"
        #expect(outcome.errorText.contains(line), "\(line) is not in\n\(outcome.errorText)")
      }
      #expect(!outcome.errorText.contains("out/home/sub"), "told at the folder above")
      try repository.shell(
        """
        cd out; test -e home/file; test -e home/sub/file; test -e home/old/file
        test -e ../mine/file; test -e ../yours/file
        """)
    }
    try repository.shell("test ! -e out/extra; cmp src/home/sub/new out/home/sub/new")
    withExtendedLifetime((disk, known, unknown)) {}
  }

  @Test func whatPatternsLeaveOutIsKeptInAFolderThatIsInTheWayToo() throws {
    try repository.shell("cd src; echo file > x; ln -s x y")
    _ = try repository.backup("src")
    try repository.shell(
      "mkdir -p out/x/deep out/y; touch out/x/deep/keep.tmp out/x/other out/y/keep.tmp")
    for options in [["-n"], []] {
      let outcome = try repository.run(
        ["restore", "latest:src", "-t", "out", "--delete", "--exclude", "*.tmp"] + options, code: 1)
      for name in ["x", "y"] {
        let line = "out/\(name): a folder lies in its place of which something is kept"
        #expect(outcome.errorText.contains(line), "\(line) is not in\n\(outcome.errorText)")
      }
      try repository.shell("test -e out/x/deep/keep.tmp; test -e out/y/keep.tmp")
    }
    try repository.shell("test ! -e out/x/other")
    _ = try restore(code: 0)
    #expect(try repository.differences("src", "out") == [])
  }

  @Test(.enabled(if: isSuperuser(), "root alone can back up as another user"))
  func whatABackupCouldNotReadIsWarnedOf() throws {
    try repository.shell("cd src; chmod 755 .; echo one > one; echo two > two; chmod 0 two")
    try repository.igudarAsNobody("backup", "-q", "src", code: 3)
    try repository.shell("chown -R 0:0 .; mkdir out; echo two > out/two")
    let kept = try repository.igudar("restore", "latest:src", "-t", "out")
    #expect(kept.errors.isEmpty)
    let outcome = try restore("-n", code: 0)
    #expect(outcome.errorText.contains("1 source could not be read for this snapshot; --delete"))
    try repository.shell("test -e out/two")
  }
}
