// `restore`: choosing what and where, options, messages, and damage.

import Glibc
import Platform
import Testing

@Suite struct RestoreTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      "cd src; mkdir -p a/b; echo one > a/one; echo two > a/b/two; ln -s one a/link; echo top > top"
    )
  }

  // MARK: What

  @Test(arguments: [
    ("latest:src/a", ["b", "b/two", "link", "one"]), ("latest:/src//a/./b/", ["two"]),
    ("latest:src/a/one", ["one"]), ("latest:src/a/link", ["link"]),
  ])
  func aPartCanBeRestored(_ selector: String, _ paths: [String]) throws {
    _ = try repository.backup("src")
    #expect(try repository.restoredPaths(selector) == paths)
  }

  @Test(arguments: [
    (["-i", "*.txt"], true), (["-i", "*.c"], false), (["-e", "*.txt"], false),
    (["--iexclude", "/ONE.TXT"], false), (["-e", "src"], true),
  ])
  func patternsCountForASingleFileToo(_ options: [String], _ isRestored: Bool) throws {
    try repository.shell("echo 1 > src/one.txt")
    _ = try repository.backup("src")
    try repository.run(["restore", "latest:src/one.txt", "-t", "single"] + options)
    try repository.shell(isRestored ? "cmp src/one.txt single/one.txt" : "test ! -e single/one.txt")
  }

  @Test(arguments: [
    (["-i", "/src/a/tow"], true), (["--iinclude", "*.TXT"], true), (["-i", "two"], false),
    (["-i", "/src", "-i", "tow"], false), (["-e", "src"], false),
  ])
  func patternsThatChooseNothingAreToldSo(_ options: [String], _ isTold: Bool) throws {
    _ = try repository.backup("src")
    for more in [[], ["-n"], ["--json"]] {
      let words = ["restore", "latest", "-t", "chosen"] + options + more
      let errors = try repository.sandbox.igudar(words.map { Array($0.utf8) }).errorText
      #expect(errors.contains("nothing matches --include") == isTold, "\(words): \(errors)")
    }
  }

  @Test func snapshotsAreNamedByIDsAndOrder() throws {
    let first = try repository.backup("src/top")["snapshot_id"]
    _ = try repository.backup("src/a/one")
    let id = try #require(first?.text)
    for name in [id, String(id.prefix(12)), id.uppercased(), "latest~1"] {
      #expect(try repository.restoredPaths(name) == ["src", "src/top"])
    }
    #expect(try repository.restoredPaths("latest") == ["src", "src/a", "src/a/one"])
  }

  @Test func latestObeysTheFilters() throws {
    _ = try repository.backup("src/top", "--tag", "x", "--host", "barn")
    _ = try repository.backup("src/a/one")
    for filter in [["--tag", "x"], ["--host", "barn"], ["--path", "src/top"]] {
      try repository.run(["restore", "-q", "latest", "-t", "out-\(filter[0])"] + filter)
      #expect(try repository.sandbox.read("out-\(filter[0])/src/top") == Array("top\n".utf8))
    }
  }

  @Test func namesThatNameNothingOrTooMuchAreExplained() throws {
    let empty = try repository.igudar("restore", "latest", "-t", "out", code: 1)
    #expect(empty.errorText.contains("no snapshot “latest”"))
    for _ in 0..<17 { _ = try repository.backup("src/top") }
    let digits = try repository.snapshots().compactMap { $0["id"]?.text?.first }
    let twice = try #require(digits.first { digit in digits.count { $0 == digit } > 1 })
    let ambiguous = try repository.igudar("restore", String(twice), "-t", "out", code: 1)
    #expect(ambiguous.errorText.contains("“\(twice)” could be any of "))
    let malformed = try repository.igudar("restore", "newest", "-t", "out", code: 1)
    #expect(malformed.errorText.contains("“newest” is neither a snapshot ID nor “latest”"))
    let path = try repository.igudar("restore", "latest:src/gone", "-t", "out", code: 1)
    #expect(path.errorText.contains("has no “/src/gone”"))
    #expect(path.errorText.contains("igudar snapshots"))
  }

  // MARK: Where

  @Test func aTargetIsRequired() throws {
    let outcome = try repository.igudar("restore", "latest", code: 1)
    #expect(outcome.errorText.contains("say where to: --target DIR"))
  }

  @Test func aTargetThatCannotBeIsExplained() throws {
    _ = try repository.backup("src")
    let outcome = try repository.igudar("restore", "latest", "-t", "src/top/below", code: 1)
    #expect(outcome.errorText.contains("cannot restore into src/top/below: Not a directory"))
    #expect(outcome.errorText.contains("--target"))
  }

  @Test func aForgottenSnapshotIsToldToBeThatAndHowItComesBack() throws {
    let id = try #require(try repository.backup("src")["snapshot_id"]?.text)
    _ = try repository.backup("src/top")
    try repository.igudar("forget", id)
    for words in [
      ["restore", id, "-t", "out"], ["ls", String(id.prefix(9))], ["dump", id, "src/top"],
      ["diff", id, "latest"], ["find", "-s", id, "top"], ["tag", "--add", "x", id],
      ["snapshots", id], ["forget", id], ["stats", id],
    ] {
      let errors = try repository.sandbox.igudar(words.map { Array($0.utf8) }).errorText
      let short = id.prefix(8)
      #expect(
        errors.contains(
          "snapshot \(short) is forgotten; `igudar unforget \(short)` brings it back"),
        "\(words): \(errors)")
    }
    try repository.igudar("unforget", id)
    #expect(try repository.restoredPaths(id).contains("src/a/b/two"))
  }

  @Test(.enabled(if: isSuperuser(), "root may write everywhere"))
  func aTargetThatMayNotBeWrittenIsExit13() throws {
    _ = try repository.backup("src")
    try repository.shell(
      "mkdir closed; chmod 755 closed; chown 0:0 closed; mkdir shut; chmod 700 shut")
    for options in [[], ["-n"]] {
      let words = ["restore", "latest:src", "-t", repository.path("shut/below")] + options
      let inside = try repository.igudarAsNobody(words, code: 13)
      #expect(inside.errorText.contains("cannot restore into"))
    }
    let outcome = try repository.igudarAsNobody(
      ["restore", "latest:src", "-t", "closed"], code: 13)
    #expect(outcome.text.contains("restored 0 files and folders, 0 B in "))
    #expect(
      outcome.errorText.contains("could not be restored as they should: that takes more rights"))
    #expect(outcome.errorText.contains("Run as a user who may"))
    // What is in folders of one's own is restored all the same.
    try repository.shell("mkdir closed/a; chown 65534:65534 closed/a")
    let partly = try repository.igudarAsNobody(
      ["restore", "latest:src", "-t", "closed", "--no-owner"], code: 3)
    #expect(partly.errorText.contains("closed/top: Permission denied"))
    try repository.shell("cmp src/a/b/two closed/a/b/two")
  }

  @Test(.enabled(if: isSuperuser(), "root alone can set such flags"))
  func aFileOfWhichNothingButItsFlagsDiffersGetsThem() throws {
    _ = try repository.backup("src")
    // Where the file system has no flags nothing differs.
    try repository.shell("cp -a src out; chattr +i out/top 2> /dev/null || true")
    defer { _ = try? repository.shell("chattr -i out/top 2> /dev/null || true") }
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell("echo free >> out/top")
  }

  @Test func filesInTheTargetAreReplacedAndOthersKept() throws {
    _ = try repository.backup("src")
    try repository.shell(
      """
      mkdir -p out/src/a/b/two out/src/top; echo old > out/src/a/one; echo mine > out/src/a/mine
      ln -s /etc out/src/a/link; rmdir out/src/a/b/two out/src/top; ln -s /etc/passwd out/src/top
      """)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.sandbox.read("out/src/a/mine") == Array("mine\n".utf8))
    try repository.shell("rm out/src/a/mine; touch -r src/a out/src/a")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func linksInTheTargetAreNotFollowed() throws {
    _ = try repository.backup("src")
    try repository.shell("mkdir -p out/src elsewhere; ln -s ../../elsewhere out/src/a")
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.shell("ls elsewhere").output.isEmpty)
    #expect(try repository.differences("src", "out/src") == [])
  }

  // MARK: How

  @Test func attributesAreLeftOutOnRequest() throws {
    let name = Array("user.grain".utf8)
    try AttributeTarget.path(FilePath(repository.path("src/top"))).set(name, to: [1])
    _ = try repository.backup("src")
    try repository.igudar("restore", "latest", "-t", "with")
    try repository.igudar("restore", "latest", "-t", "without", "--no-xattrs")
    let with = AttributeTarget.path(FilePath(repository.path("with/src/top")))
    let without = AttributeTarget.path(FilePath(repository.path("without/src/top")))
    #expect(try with.names() == [name])
    #expect(try without.names().isEmpty)
  }

  // The mask of a list stands in the group's bits.
  @Test func withoutItsAccessListAFileGivesItsGroupNoMore() throws {
    let test = try TestRepository()
    try test.shell("echo x > src/file; chmod 640 src/file; setfacl -m u:33:rwx src/file")
    try test.igudar("backup", "src")
    for option in ["--no-xattrs", "--exclude-xattr=system.*"] {
      try test.igudar("restore", "latest:src", "-t", "out", option)
      #expect(try test.shell("stat -c %a out/file").lines == ["640"])
    }
    try test.igudar("restore", "latest:src", "-t", "out")
    #expect(try test.shell("stat -c %a out/file").lines == ["670"])
    try test.shell("getfacl -c out/file | grep -q user:www-data:rwx")
  }

  @Test func attributesAreChosenByName() throws {
    let source = AttributeTarget.path(FilePath(repository.path("src/top")))
    for name in ["user.grain", "user.grape", "user.oil"] {
      try source.set(Array(name.utf8), to: [1])
    }
    _ = try repository.backup("src")
    for (number, (options, names)) in [
      (["--include-xattr", "user.g*"], ["user.grain", "user.grape"]),
      (["--exclude-xattr", "*.grain", "--exclude-xattr", "user.oil"], ["user.grape"]),
      (["--include-xattr", "*"], ["user.grain", "user.grape", "user.oil"]),
    ].enumerated() {
      let out = "out-\(number)"
      try repository.run(["restore", "latest", "-t", out] + options)
      let target = AttributeTarget.path(FilePath(repository.path("\(out)/src/top")))
      #expect(try Set(target.names()) == Set(names.map { Array($0.utf8) }), "\(options)")
      // What is not chosen is not taken away either.
      try target.set(Array("user.oil".utf8), to: [2])
      try target.set(Array("user.grout".utf8), to: [2])
      try repository.run(["restore", "latest", "-t", out, "--include-xattr", "user.gr*"])
      let now = ["user.grain", "user.grape", "user.oil"]
      #expect(try Set(target.names()) == Set(now.map { Array($0.utf8) }))
    }
    let both = try repository.igudar(
      "restore", "latest", "-t", "x", "--no-xattrs", "--include-xattr", "*", code: 1)
    #expect(both.errorText.contains("--no-xattrs and --include-xattr exclude each other"))
  }

  @Test func zerosBecomeHolesOnRequest() throws {
    try repository.shell("(head -c 8000000 /dev/zero; echo end) > src/zeros")
    _ = try repository.backup("src")
    try repository.igudar("restore", "latest", "-t", "plain")
    try repository.igudar("restore", "latest", "-t", "sparse", "--sparse")
    let blocks = try repository.shell("stat -c %b plain/src/zeros sparse/src/zeros").lines
    #expect(try #require(Int(blocks[0])) > 10000)
    #expect(try #require(Int(blocks[1])) < 3000)
    #expect(try repository.differences("src", "sparse/src") == [])
  }

  @Test(arguments: [["--jobs", "1"], ["-j", "9"], ["--numeric-ids"], ["-q"], ["-v"], ["-vv"]])
  func everyWayOfWorkingGivesTheSame(_ options: [String]) throws {
    _ = try repository.backup("src")
    try repository.run(["restore", "latest", "-t", "out"] + options)
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func fewOpenFilesAreEnoughForManySmallOnes() throws {
    try repository.shell(
      """
      cd src; for d in $(seq 40); do mkdir d$d; for f in $(seq 50); do echo $d $f > d$d/$f; done; done
      """)
    _ = try repository.backup("src")
    for _ in 0..<2 {
      let script = "ulimit -n 64; exec \(Program.path) restore -q latest:src -t out --jobs 4"
      let outcome = try repository.sandbox.run("/bin/sh", ["-ec", script].map { Array($0.utf8) })
      #expect(outcome.code == 0, "\(outcome.errorText)")
      #expect(try repository.differences("src", "out") == [])
      // The next has old files to compare with, and to replace.
      try repository.shell("cd out; for f in d*/*; do echo other > $f; done")
    }
  }

  // MARK: Messages

  @Test func messagesInJSONAreRestics() throws {
    _ = try repository.backup("src")
    let outcome = try repository.igudar("restore", "latest", "-t", "out", "--json", "-vv")
    #expect(outcome.errors.isEmpty)
    let lines = try JSON.lines(outcome.text)
    let items = lines.filter { $0["message_type"] == .text("verbose_status") }
    #expect(items.allSatisfy { $0.keys == ["message_type", "action", "item", "size"] })
    #expect(items.contains { $0["item"]?.text?.hasSuffix("src/a/b/two") == true })
    let summary = try #require(lines.last)
    #expect(summary["message_type"] == .text("summary"))
    #expect(
      summary.keys.isSubset(of: [
        "message_type", "seconds_elapsed", "total_files", "files_restored", "total_bytes",
        "bytes_restored",
      ]))
    #expect(summary["files_restored"] == .number(7))
    #expect(summary["total_files"] == .number(7))
    #expect(summary["bytes_restored"] == .number(12))
  }

  @Test func peopleReadWhatAndWhere() throws {
    let id = try #require(try repository.backup("src")["snapshot_id"]?.text)
    let text = try repository.igudar("restore", "latest:src/a", "-t", "out").text
    #expect(text.hasPrefix("restoring /src/a of snapshot \(id.prefix(8)) of "))
    #expect(text.contains("restored 4 files and folders, 8 B in "))
  }

  // MARK: Damage

  @Test func damageIsExit5AndNamesTheFilesAndTheRestComesBack() throws {
    try repository.shell("head -c 3000000 /dev/urandom > src/random")
    _ = try repository.backup("src/top", "src/a")
    let before = Set(try repository.shell("find repo/packs -type f").lines)
    _ = try repository.backup("src")
    let after = Set(try repository.shell("find repo/packs -type f -size +1000k").lines)
    let pack = try #require(after.subtracting(before).first)
    try repository.shell("printf XXXX | dd of=\(pack) bs=1 seek=1500000 conv=notrunc 2>/dev/null")
    let outcome = try repository.igudar("restore", "latest", "-t", "out", code: 5)
    #expect(outcome.errorText.contains("out/src/random: its content cannot be read: packs/"))
    #expect(outcome.errorText.contains("igudar check"))
    try repository.shell("test ! -e out/src/random; rm src/random; touch -r src out/src")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func aFileThatCannotBePutInPlaceIsExit1() throws {
    _ = try repository.backup("src")
    // A folder that is not empty stands where a file should go.
    try repository.shell("mkdir -p out/src/top/full")
    let outcome = try repository.igudar("restore", "latest", "-t", "out", code: 1)
    #expect(outcome.errorText.contains("out/src/top: "))
    #expect(outcome.errorText.contains("1 item could not be restored as it should"))
    #expect(try repository.sandbox.read("out/src/a/one") == Array("one\n".utf8))
  }

  @Test(.enabled(if: isSuperuser(), "only root can become somebody else"))
  func whatTakesMoreRightsIsNamedAndExit3() throws {
    try repository.shell("chmod 4755 src/top; mknod src/null c 1 3; chown 12:34 src/a/one")
    _ = try repository.backup("src")
    let outcome = try repository.igudarAsNobody("restore", "latest", "-t", "out", code: 3)
    #expect(outcome.errorText.contains("out/src/top: Operation not permitted (chown)"))
    #expect(outcome.errorText.contains("out/src/null: Operation not permitted (making it)"))
    #expect(outcome.errorText.contains("that takes more rights"))
    // What would run as root must not run as somebody else.
    let modes = try repository.shell("stat -c %a out/src/top out/src/a/one; cat out/src/a/b/two")
    #expect(modes.lines == ["755", "644", "two"])
  }
}
