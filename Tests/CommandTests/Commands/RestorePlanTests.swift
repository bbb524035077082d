// A restore into a folder that is not empty: what it would do, what it does, what it leaves alone.

import Glibc
import Platform
import Testing

@Suite struct RestorePlanTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; mkdir -p a/b c; echo one > a/one; echo two > a/b/two; echo three > c/three.o
      ln -s one a/link; head -c 3000000 /dev/urandom > big
      find . -exec touch -h -d '2020-02-02 02:02:02.02Z' '{}' +
      """)
    _ = try repository.backup("src")
  }

  private func restore(_ arguments: String..., code: Int32 = 0) throws -> Outcome {
    try repository.run(["restore", "latest:src", "-t", "out"] + arguments, code: code)
  }

  private func summary(_ arguments: String...) throws -> JSON {
    let outcome = try repository.run(["restore", "latest:src", "-t", "out", "--json"] + arguments)
    return try #require(try JSON.lines(outcome.text).last)
  }

  /// Inodes and times of change of everything: what is the same was not written.
  private func traces() throws -> [String] {
    try repository.shell("find out -printf '%p %i %C@ %T@\\n' | sort").lines
  }

  /// A target in which everything is wrong in some way.
  private func spoil() throws {
    try repository.shell(
      """
      cd out; echo longer than it was > a/one; rm a/link; mkdir a/link; rm -r c; echo c > c
      printf XXXXXXXX | dd of=big bs=1 seek=1000000 conv=notrunc 2>/dev/null
      mkdir -p extra/deep; touch extra/deep/file a/b/other; chmod 700 a/b
      """)
  }

  // MARK: Plan

  @Test func aDryRunTellsAllAndDoesNothing() throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    try spoil()
    let before = try traces()
    let text = try restore("--dry-run", "--delete", "-v").text
    for line in [
      "patch    out/big, 2.861 MiB (", "replace  out/a/one, 4 B (its content differs)",
      "replace  out/a/link (something else is there)", "create   out/c/three.o, 6 B (not there)",
      "replace  out/c (something else is there)",
      "delete   out/extra/deep/file (not in the snapshot)", "delete   out/extra (",
      "leave    out/a/b/two, 4 B (the same is there)",
      "update   out/a/b (owner, mode, time or attributes differ)",
    ] { #expect(text.contains(line), "\(line) is not in\n\(text)") }
    #expect(try traces() == before)
    #expect(!(try restore("-n").text.contains("leave")))
  }

  @Test func whatADryRunTellsIsWhatIsDone() throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    try spoil()
    let actions = { (outcome: Outcome) throws in
      try Set(
        JSON.lines(outcome.text).filter { $0["message_type"] == .text("verbose_status") }.map {
          "\($0["action"]?.text ?? "") \($0["item"]?.text ?? "")"
        })
    }
    let plan = try actions(restore("-n", "--delete", "--json", "-vv"))
    let done = try actions(restore("--delete", "--json", "-vv"))
    // What lies in a folder changes its time meanwhile.
    let isFixed = { (line: String) in !line.hasSuffix("/a") && !line.hasSuffix("/b") }
    #expect(plan.filter(isFixed) == done.filter(isFixed))
    #expect(plan.count == done.count)
    #expect(try repository.differences("src", "out") == [])
  }

  @Test func aDryRunIntoNothingMakesNothing() throws {
    let text = try restore("-n").text
    #expect(text.contains("create   out/a/b/two, 4 B"))
    try repository.shell("test ! -e out")
  }

  @Test func aDryRunForeseesWhatStandsInTheWay() throws {
    try repository.shell("mkdir -p out/big/full")
    for options in [["-n"], []] {
      let outcome = try repository.run(
        ["restore", "latest:src", "-t", "out"] + options, code: 1)
      #expect(outcome.errorText.contains("out/big: a folder that is not empty lies in its place"))
    }
    _ = try restore("--delete")
    #expect(try repository.differences("src", "out") == [])
  }

  // MARK: In place

  @Test(arguments: [[], ["--overwrite", "if-changed"]])
  func whatIsThereAlreadyIsNotWritten(_ options: [String]) throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    let before = try traces()
    let outcome = try repository.run(
      ["restore", "latest:src", "-t", "out", "--json"] + options)
    let summary = try #require(try JSON.lines(outcome.text).last)
    #expect(try traces() == before)
    #expect(summary["files_restored"] == .number(0))
    #expect(summary["files_skipped"] == .number(8))
    #expect(summary["bytes_restored"] == .number(0))
    #expect(summary["bytes_skipped"] == .number(3_000_014))
  }

  @Test(arguments: [[], ["--inplace"]])
  func onlyChunksThatDifferAreFetched(_ options: [String]) throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell("printf X | dd of=out/big bs=1 seek=1000000 conv=notrunc 2>/dev/null")
    let inode = try repository.shell("stat -c %i out/big").text
    let outcome = try repository.run(
      ["restore", "latest:src", "-t", "out", "--json"] + options)
    let summary = try #require(try JSON.lines(outcome.text).last)
    let fetched = try #require(summary["bytes_restored"]?.number)
    #expect(0 < fetched && fetched <= 524_288)
    #expect(try repository.differences("src", "out") == [])
    #expect(try (repository.shell("stat -c %i out/big").text == inode) == !options.isEmpty)
  }

  @Test func sizesAndHolesAreMendedToo() throws {
    try repository.shell(
      "cd src; truncate -s 9M hole; echo end >> hole; truncate -s 1M tail; : > empty")
    _ = try repository.backup("src")
    for script in [
      "truncate -s 1M hole; truncate -s 0 tail; echo x > empty",
      "yes | head -c 5M > hole; yes | head -c 3M > tail", "truncate -s 20M hole; rm tail",
    ] {
      for option in ["--sparse", "--inplace"] {
        try repository.igudar("restore", "latest:src", "-t", "out")
        try repository.shell("cd out; \(script)")
        try repository.igudar("restore", "latest:src", "-t", "out", option)
        #expect(try repository.differences("src", "out") == [])
        try repository.shell("test $(stat -c %b out/hole) -le 16")
      }
    }
  }

  @Test func onlyMetadataIsMendedWhereOnlyThatDiffers() throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell(
      """
      cd out; chmod 600 a/one; touch -d 2001-01-01 a/b/two; chmod 0 c
      setfattr -n user.own -v x big; setfacl -m u:7:r big
      """)
    let summary = try summary()
    #expect(summary["bytes_restored"] == .number(0))
    #expect(try repository.differences("src", "out") == [])
  }

  @Test func otherNamesOfWhatIsThereStayWhatTheyAre() throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell("cp out/big mine; ln -f mine out/big; ln out/a/one out/a/more")
    for option in ["--inplace", "--sparse"] {
      try repository.shell("printf X | dd of=mine bs=1 seek=9 conv=notrunc 2>/dev/null")
      let before = try repository.shell("cksum mine").text
      _ = try restore(option)
      #expect(try repository.shell("cksum mine").text == before)
      #expect(try repository.shell("stat -c %h out/big out/a/one").lines == ["1", "1"])
    }
  }

  @Test(arguments: ["always", "if-changed"])
  func twoFilesThatTheTargetHasAsOneBecomeTwo(_ policy: String) throws {
    try repository.shell(
      """
      cd src; echo same > one; cp one two; chmod 600 one; chmod 4755 two; ln -s same soft
      ln -s same weak; touch -d 2020-01-01 one two; touch -h -d 2001-01-01 soft
      for name in one two soft weak; do ln $name more-$name; done
      mkdir ../out; cd ../out; echo same > one; touch -d 2020-01-01 one; ln -s same soft
      ln one two; ln one more-one; ln one more-two
      ln soft weak; ln soft more-soft; ln soft more-weak
      """)
    _ = try repository.backup("src")
    _ = try restore("--overwrite", policy)
    #expect(try repository.differences("src", "out") == [])
    let inodes = try repository.shell(
      "cd out; stat -c %i one more-one two more-two soft more-soft weak more-weak"
    ).lines
    #expect(Set(inodes).count == 4)
    for pair in [0, 2, 4, 6] { #expect(inodes[pair] == inodes[pair + 1]) }
  }

  // MARK: Overwriting

  @Test(.enabled(if: isSuperuser(), "what root sees is never closed"))
  func neverLeavesWhatIsInAClosedFolder() throws {
    try repository.shell(
      "mkdir -p out/c; echo mine > out/c/three.o; chmod 600 out/c; chown -R 65534:65534 out")
    let options = ["--overwrite", "never", "--no-owner"]
    let dry = try repository.igudarAsNobody(
      "restore", "latest:src", "-t", "out", "-n", options[0], options[1], options[2], code: 3)
    #expect(dry.errorText.contains("out/c/three.o: Permission denied (looking at what is there)"))
    #expect(try repository.shell("stat -c %a out/c").lines == ["600"])
    try repository.igudarAsNobody(
      "restore", "latest:src", "-t", "out", options[0], options[1], options[2])
    #expect(try repository.sandbox.read("out/c/three.o") == Array("mine\n".utf8))
    #expect(try repository.sandbox.read("out/a/b/two") == Array("two\n".utf8))
  }

  @Test func neverLeavesWhatIsThere() throws {
    try repository.shell("mkdir -p out/a; echo mine > out/a/one; ln -s elsewhere out/a/link")
    _ = try restore("--overwrite", "never", "--verify")
    #expect(try repository.sandbox.read("out/a/one") == Array("mine\n".utf8))
    #expect(try repository.shell("readlink out/a/link").lines == ["elsewhere"])
    #expect(try repository.sandbox.read("out/a/b/two") == Array("two\n".utf8))
  }

  @Test func ifNewerReplacesWhatIsOlder() throws {
    try repository.shell(
      """
      mkdir -p out/a/b; echo old > out/a/one; touch -d 2019-01-01 out/a/one
      echo new > out/a/b/two; touch -d 2021-01-01 out/a/b/two
      """)
    _ = try restore("--overwrite", "if-newer")
    #expect(try repository.sandbox.read("out/a/one") == Array("one\n".utf8))
    #expect(try repository.sandbox.read("out/a/b/two") == Array("new\n".utf8))
  }

  @Test func ifChangedTrustsSizeAndTimeAndAlwaysDoesNot() throws {
    try repository.igudar("restore", "latest:src", "-t", "out")
    try repository.shell("echo ONE > out/a/one; touch -d '2020-02-02 02:02:02.02Z' out/a/one")
    _ = try restore("--overwrite", "if-changed")
    #expect(try repository.sandbox.read("out/a/one") == Array("ONE\n".utf8))
    _ = try restore("--overwrite", "always")
    #expect(try repository.sandbox.read("out/a/one") == Array("one\n".utf8))
    let outcome = try restore("--overwrite", "sometimes", code: 1)
    #expect(outcome.errorText.contains("must be one of always, if-changed, if-newer, never"))
    #expect(outcome.errorText.contains("`igudar help restore`"))
  }

  // MARK: Choosing

  @Test(arguments: [
    (["--include", "*.o"], ["c", "c/three.o"]), (["-i", "/a/b"], ["a", "a/b", "a/b/two"]),
    (["--iinclude", "/A/ONE"], ["a", "a/one"]), (["--include-file", "list"], ["big"]),
    (["--exclude", "a", "-e", "big"], ["c", "c/three.o"]),
    (["--exclude-file", "list", "--iexclude", "*.O", "-e", "/a/*"], ["a", "c"]),
    (["--include", "nothing"], []),
  ])
  func patternsChoose(_ options: [String], _ paths: [String]) throws {
    try repository.sandbox.write("list", "# what\n\n/big\n")
    try repository.run(["restore", "latest:src", "-t", "out", "-q"] + options)
    let found = try repository.shell("cd out && find . -mindepth 1 | cut -c3- | LC_ALL=C sort")
    #expect(found.lines == paths)
  }

  @Test func whatLeadsToTheChosenHasItsMetadataAndNothingElseIsTouched() throws {
    try repository.shell("mkdir -p out/c; touch -d 2001-01-01 out/c; chmod 711 out/c")
    let before = try repository.shell("stat -c '%a %y %z' out/c").text
    _ = try restore("--include", "two")
    #expect(try repository.differences("src/a/b", "out/a/b") == [])
    #expect(try repository.shell("stat -c %Y src/a out/a | uniq").lines.count == 1)
    #expect(try repository.shell("stat -c '%a %y %z' out/c").text == before)
    let both = try restore("--include", "x", "--exclude", "y", code: 1)
    #expect(both.errorText.contains("--include and --exclude exclude each other"))
  }

  @Test func whatLeadsToTheChosenIsMadeOnceHoweverManyWorkersNeedIt() throws {
    try repository.shell(
      "cd src; mkdir -p w/x/y; for f in $(seq 2000); do echo $f > w/x/y/$f.w; done")
    _ = try repository.backup("src")
    _ = try restore("--include", "*.w", "--jobs", "8")
    #expect(try repository.differences("src/w", "out/w") == [])
  }

  // MARK: Deleting

  @Test func deletingMakesTheTargetWhatTheSnapshotIs() throws {
    try repository.shell(
      "mkdir -p out/x/y out/a/one/full; ln -s ../../src out/x/y/link; touch out/x/f out/a/b")
    _ = try restore("--delete")
    #expect(try repository.differences("src", "out") == [])
    #expect(try repository.shell("ls src | wc -l").lines == ["3"])
  }

  @Test func deletingObeysPatterns() throws {
    try repository.shell("mkdir -p out/a/old out/c/old; touch out/a/old/keep.me out/x out/c/y.o")
    _ = try restore("--delete", "--include", "/c")
    try repository.shell(
      "test -e out/x; test -e out/a/old; test ! -e out/c/old; test ! -e out/c/y.o")
    _ = try restore("--delete", "--exclude", "*.me")
    try repository.shell("test ! -e out/x; test -e out/a/old/keep.me")
  }

  @Test func theRepositoryIsNeverDeletedAndTheRootOnlyByNames() throws {
    let outcome = try repository.igudar("restore", "latest:src", "-t", ".", "--delete", code: 3)
    for folder in ["repo", "cache", "state"] {
      #expect(outcome.errorText.contains("./\(folder): is kept: the repository"))
    }
    try repository.shell("test ! -e home; ls repo/format > /dev/null")
    for target in ["/", "//", "/usr/.."] {
      let refused = try repository.igudar(
        "restore", "latest:src", "-t", target, "--delete", code: 6)
      #expect(refused.errorText.contains("--include"))
    }
  }

  @Test func aLinkToAFolderIsDeletedAndNotWhatItLeadsTo() throws {
    try repository.shell("mkdir -p out mine; touch mine/file; ln -s ../mine out/mine")
    _ = try restore("--delete")
    try repository.shell("test -e mine/file; test ! -L out/mine")
  }

  // MARK: Interrupted, verified

  @Test func leftoversOfAKilledRestoreGoWithTheNext() throws {
    try repository.shell(
      "mkdir -p out/a; : > out/a/.igudar-1abcdefgh2abcdefgh3; : > out/a/.igudar-mine")
    _ = try restore()
    #expect(
      try repository.shell("ls -A out/a").lines.sorted() == [".igudar-mine", "b", "link", "one"])
  }

  @Test func verifyingTellsWhatIsNotAsItWasRestored() throws {
    #expect(try restore("--verify").text.contains("reading the restored files again"))
    #expect(try repository.differences("src", "out") == [])
  }

  @Test func verifyingTellsWhatWasLeftAndHasRotted() throws {
    _ = try restore()
    // As a disk does it: neither size nor time tells.
    try repository.shell(
      """
      touch -r out/a/one time; printf X | dd of=out/a/one bs=1 seek=1 conv=notrunc 2>/dev/null
      touch -r time out/a/one
      """)
    _ = try restore("--overwrite", "if-changed")
    let outcome = try restore("--overwrite", "if-changed", "--verify", code: 1)
    #expect(outcome.errorText.contains("out/a/one"))
    #expect(outcome.errorText.contains("is not what was restored when it is read again"))
    _ = try restore("--verify")
    #expect(try repository.differences("src", "out") == [])
  }

  @Test(.enabled(if: isSuperuser(), "only root can make files of others"))
  func verifyingTellsOfContentThoughTheOwnerCouldNotBeSet() throws {
    try repository.shell("chown 12:34 src/a/one")
    _ = try repository.backup("src")
    try repository.igudarAsNobody("restore", "latest:src", "-t", "out", code: 3)
    try repository.shell(
      """
      touch -r out/a/one time; printf X | dd of=out/a/one bs=1 seek=1 conv=notrunc 2>/dev/null
      touch -r time out/a/one
      """)
    let outcome = try repository.igudarAsNobody(
      "restore", "latest:src", "-t", "out", "--overwrite", "if-changed", "--verify", code: 1)
    #expect(outcome.errorText.contains("out/a/one: Operation not permitted (chown)"))
    #expect(outcome.errorText.contains("out/a/one: is not what was restored when it is read again"))
  }

  @Test func ownersCanBeLeftAlone() throws {
    try repository.shell("cd src; chmod 6755 a/one; chown 12:34 a/one c || true")
    _ = try repository.backup("src")
    _ = try restore("--no-owner")
    let owners = try repository.shell("find out ! -user $(id -u) -o ! -group $(id -g)")
    #expect(owners.lines.isEmpty)
    if isSuperuser() {
      #expect(try repository.shell("stat -c %a out/a/one").lines == ["755"])
    }
  }
}
