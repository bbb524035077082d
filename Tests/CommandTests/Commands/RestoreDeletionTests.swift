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

  /// Restores, or only looks, and is told of each of these that something is mounted there.
  private func restoreKeeping(_ names: [String], _ options: [String]) throws {
    let outcome = try repository.run(
      ["restore", "latest:src", "-t", "out", "--delete"] + options, code: 3)
    #expect(outcome.errorText.contains("\(names.count) places were left as they are"))
    for name in names {
      let line = "out/\(name): what is in its place is kept: something is mounted there"
      #expect(outcome.errorText.contains(line), "\(line) is not in\n\(outcome.errorText)")
    }
  }

  /// Lets a folder of the sandbox be seen elsewhere in it too.
  private final class Binding {
    let path: String

    init(_ repository: TestRepository, of folder: String, at name: String) throws {
      path = repository.path(name)
      try repository.shell("mkdir -p \(folder) \(name); mount --bind \(folder) \(name)")
    }

    init(_ repository: TestRepository, ofFile file: String, at name: String) throws {
      path = repository.path(name)
      try repository.shell("echo \(file) > \(file); touch \(name); mount --bind \(file) \(name)")
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
      #expect(outcome.errorText.contains("3 places were left as they are"))
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

  @Test(.enabled(if: Disk.isPermitted, "mounting a disk is not permitted here"))
  func aFolderOfAMountedFileSystemIsKeptThoughSomethingElseHasItsName() throws {
    try repository.shell(
      "cd src; mkdir home; echo x > home/x; ln -s x home/y; echo z > home/z; echo m > m")
    _ = try repository.backup("src")
    try repository.shell("mkdir out")
    let disk = try Disk(repository.sandbox, "out/home", sizeBytes: 1 << 20)
    let bound = try Binding(repository, of: "mine", at: "out/m")
    try repository.shell(
      "cd out; mkdir -p home/x/deep home/y home/z; touch home/x/deep/file home/y/file m/file")
    for options in [["-n"], []] {
      try restoreKeeping(["home/x", "home/y", "m"], options)
      try repository.shell(
        "cd out/home; test -e x/deep/file; test -e y/file; test -e ../../mine/file")
    }
    // One that is empty is in nobody's way.
    try repository.shell("cmp src/home/z out/home/z")
    withExtendedLifetime((disk, bound)) {}
  }

  @Test(.enabled(if: Disk.isPermitted, "mounting a disk is not permitted here"))
  func aMountedFileIsKeptThoughSomethingElseHasItsName() throws {
    try repository.shell("cd src; mkdir d; echo x > d/x; ln -s x l; echo new > f; echo z > z")
    _ = try repository.backup("src")
    try repository.shell("mkdir out")
    let bound = try ["d", "l", "f"].map {
      try Binding(repository, ofFile: "mine-\($0)", at: "out/\($0)")
    }
    for options in [["-n"], []] {
      try restoreKeeping(["d", "l", "f"], options)
      for name in ["d", "l", "f"] {
        try repository.shell("test \"$(cat out/\(name))\" = mine-\(name)")
      }
    }
    try repository.shell("cmp src/z out/z")
    // It is told once where it is only on the way, and not at all where nothing is wanted of it.
    let within = try restore("--include", "d/x", code: 3)
    #expect(within.errorText.contains("1 place was left as it is"))
    _ = try restore("--include", "z", code: 0)
    withExtendedLifetime(bound) {}
  }

  // MARK: The repository in the snapshot

  /// All files of the repository, and those of what this machine knows of it.
  private func ownFiles() throws -> [String] {
    try repository.shell(
      """
      find repo -printf '%p %i %s %C@\\n' | LC_ALL=C sort
      find cache/igudar state/igudar -printf '%p %i\\n' | LC_ALL=C sort
      """
    ).lines
  }

  /// A snapshot of all that a home has, the repository with it, which has grown since.
  private func backUpHome() throws -> String {
    try repository.shell("echo one > src/one; mkdir cache/other; echo kept > cache/other/file")
    _ = try repository.backup("src")
    // What is read while it is written may be named.
    let home = repository.sandbox.path
    let outcome = try repository.sandbox.igudar("backup", "-q", home)
    #expect([0, 3].contains(outcome.code), "\(outcome.errorText)")
    try repository.shell("head -c 300000 /dev/urandom > src/new")
    _ = try repository.backup("src")
    try repository.shell("rm src/one; echo spoilt > cache/other/file; mkdir extra")
    return home
  }

  @Test(arguments: [["--delete"], ["--delete", "--verify"], ["--verify"], ["-n", "--delete"]])
  func aRepositoryThatTheSnapshotHoldsIsLeftAsItIs(_ options: [String]) throws {
    let home = try backUpHome()
    let before = try ownFiles()
    let outcome = try repository.run(
      ["restore", "latest~1:\(home)", "-t", home] + options, code: 3)
    #expect(try ownFiles() == before)
    let folders = try repository.shell("echo \(home)/repo \(home)/*/igudar/*").text
      .split(whereSeparator: \.isWhitespace)
    #expect(folders.count == 3)
    for folder in folders {
      #expect(outcome.errorText.contains("\(folder): is kept: the repository"))
    }
    #expect(outcome.errorText.split(separator: "\n").count { $0.contains("is kept") } == 4)
    #expect(outcome.errorText.contains("\(home)/key: is kept: the repository is opened with it"))
    #expect(outcome.errorText.contains("4 places were left as they are"))
    #expect(!outcome.errorText.contains("when it is read again"), "\(outcome.errorText)")
    try repository.igudar("check", "--read-data")
    let isDry = options.contains("-n")
    try repository.shell(
      isDry
        ? "test ! -e src/one; test -e extra; test -e src/new"
        : "test $(cat src/one) = one; test $(cat cache/other/file) = kept")
    guard !isDry else { return }
    let isGone = options.contains("--delete")
    try repository.shell("test \(isGone ? "!" : "") -e extra; test \(isGone ? "!" : "") -e src/new")
  }

  @Test func aRepositoryOfWhichNothingIsChosenIsNotToldOf() throws {
    let home = try backUpHome()
    let words = ["restore", "latest~1:\(home)", "-t", home, "--delete", "--include"]
    let outcome = try repository.run(words + ["one"])
    #expect(outcome.errors.isEmpty, "\(outcome.errorText)")
    try repository.shell("test -e src/one; test -e extra")
    let inside = try repository.run(words + ["/repo/format"], code: 3)
    #expect(inside.errorText.contains("\(home)/repo: is kept: the repository"))
    #expect(inside.errorText.contains("1 place was left as it is"))
  }

  @Test func nothingIsRestoredIntoWhatIsKnownOfTheRepository() throws {
    _ = try repository.backup("src")
    let folder = try repository.shell("echo cache/igudar/*").lines[0]
    let outcome = try repository.igudar(
      "restore", "latest:src", "-t", "\(folder)/a/b", code: 1)
    #expect(outcome.errorText.contains("it lies inside the repository, or what igudar knows of it"))
    try repository.shell("test ! -e \(folder)/a")
  }

  // MARK: What is closed

  @Test(.enabled(if: isSuperuser(), "what root sees is never closed"))
  func closedFoldersOfOnesOwnAreDeleted() throws {
    try repository.shell("chmod 755 src; echo one > src/one")
    _ = try repository.backup("src")
    // Read-only folders as Go's module cache has them, one that is shut, one of which something stays.
    try repository.shell(
      """
      mkdir out; cd out; mkdir -p module/deep/er shut/in kept; touch kept/a.me kept/b shut/in/file
      for folder in module module/deep module/deep/er; do touch $folder/file; done
      chmod 555 module/deep/er module/deep module kept; chmod 0 shut/in shut; chown -R 65534:65534 .
      """)
    try repository.igudarAsNobody(
      "restore", "latest:src", "-t", "out", "--delete", "--no-owner", "--exclude", "*.me")
    #expect(
      try repository.shell("cd out; find . | LC_ALL=C sort").lines == [
        ".", "./kept", "./kept/a.me", "./one",
      ])
    #expect(try repository.shell("stat -c %a out/kept").lines == ["555"])
  }

  @Test(.enabled(if: isSuperuser(), "what root sees is never closed"))
  func aFolderThatOnlyLeadsToWhatIsChosenIsClosedAgain() throws {
    try repository.shell("cd src; chmod 755 .; mkdir way; echo a > way/a.o; echo b > way/b")
    _ = try repository.backup("src")
    try repository.shell(
      """
      cp -a src out; cd out; touch way/c.o; mkdir way/d.o; chmod 550 way; chown -R 65534:65534 .
      """)
    try repository.igudarAsNobody(
      "restore", "latest:src", "-t", "out", "--delete", "--no-owner", "--include", "c.*",
      "--include", "d.*")
    #expect(try repository.shell("ls out/way").lines == ["a.o", "b"])
    #expect(try repository.shell("stat -c %a out/way").lines == ["550"])
  }

  @Test(.enabled(if: isSuperuser(), "root alone can set such flags"))
  func whatMustNotBeChangedIsDeletedToo() throws {
    try repository.shell("echo one > src/one")
    _ = try repository.backup("src")
    defer { _ = try? repository.shell("chattr -R -ia out 2> /dev/null || true") }
    // Where the file system has no flags nothing is in the way.
    try repository.shell(
      """
      mkdir -p out/a/b out/kept; cd out; touch file a/b/file kept/stays.me
      chattr +i file a/b/file a/b kept 2> /dev/null || true; chattr +a a 2> /dev/null || true
      lsattr -d kept > ../before
      """)
    _ = try restore("--exclude", "*.me", code: 0)
    try repository.shell(
      "cd out; test \"$(echo *)\" = 'kept one'; test -e kept/stays.me; lsattr -d kept | cmp - ../before"
    )
  }

  @Test(.enabled(if: isSuperuser(), "root alone can set such flags"))
  func whatMustNotBeChangedMakesWayForSomethingOfAnotherType() throws {
    try repository.shell("cd src; echo f > f; ln -s f l; mkdir d; echo x > d/x")
    _ = try repository.backup("src")
    defer { _ = try? repository.shell("chattr -R -ia out 2> /dev/null || true") }
    try repository.shell(
      """
      mkdir -p out/f out/l; cd out; touch f/z d
      chattr +i f d 2> /dev/null || true; chattr +a l 2> /dev/null || true; lsattr -d f > ../before
      """)
    // Without --delete a folder that is not empty stays, and stays as it is.
    let outcome = try repository.run(["restore", "latest:src", "-t", "out"], code: 1)
    #expect(outcome.errorText.contains("out/f: a folder that is not empty lies in its place"))
    try repository.shell(
      "test -e out/f/z; lsattr -d out/f | sed s,out/,, | cmp - before; test -L out/l; cmp src/d/x out/d/x"
    )
    try repository.shell("chattr -i out/f out/d; chattr +i out/f 2> /dev/null || true")
    _ = try restore(code: 0)
    #expect(try repository.differences("src", "out").isEmpty)
  }

  // MARK: What opens the repository

  @Test func theKeyFileIsKept() throws {
    try repository.shell("echo one > src/one; echo old > src/key2")
    _ = try repository.backup("src")
    for name in ["key", "key2"] {
      try repository.shell("rm -rf out; mkdir out; cp key out/\(name)")
      for options in [["-n"], []] {
        let outcome = try repository.run(
          ["--key-file", "out/\(name)", "restore", "latest:src", "-t", "out", "--delete"] + options,
          environment: ["IGUDAR_KEY_FILE": ""], code: 3)
        let line = "out/\(name): is kept: the repository is opened with it"
        #expect(outcome.errorText.contains(line), "\(line) is not in\n\(outcome.errorText)")
        try repository.shell("cmp key out/\(name)")
      }
      try repository.shell("cmp src/one out/one")
    }
  }

  @Test func theFileThatSaysWhereTheRepositoryIsIsKept() throws {
    try repository.shell("echo one > src/one; mkdir out; echo \"$PWD/repo\" > out/where")
    _ = try repository.backup("src")
    let outcome = try repository.run(
      ["--repository-file", "out/where", "restore", "latest:src", "-t", "out", "--delete"],
      environment: ["IGUDAR_REPOSITORY": ""], code: 3)
    #expect(outcome.errorText.contains("out/where: is kept"))
    try repository.shell("test -s out/where; cmp src/one out/one")
  }

  @Test func aFolderOfTheRepositoryThatLiesElsewhereIsKept() throws {
    try repository.shell("echo one > src/one")
    _ = try repository.backup("src")
    try repository.shell(
      "mkdir -p out/deep; mv repo/packs out/deep/packs; ln -s ../out/deep/packs repo/packs")
    let outcome = try restore(code: 3)
    #expect(outcome.errorText.contains("is kept"))
    try repository.igudar("check", "--read-data")
  }

  // MARK: Patterns

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
