// Every option of `backup`, by what the snapshot holds afterwards.

import Glibc
import Platform
import Testing

@Suite struct BackupOptionTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; mkdir -p a/b Cache tagged
      echo 1 > a/one.txt; echo 2 > a/two.log; echo 3 > a/b/THREE.TXT; echo 4 > four.o
      echo x > Cache/x; printf 'Signature: 8a477f597d28d172789f06886806bc55' > Cache/CACHEDIR.TAG
      echo y > tagged/y; echo nobackup > tagged/.skip; head -c 5000 /dev/zero > large
      """)
  }

  private static let all = [
    "src", "src/Cache", "src/Cache/CACHEDIR.TAG", "src/Cache/x", "src/a", "src/a/b",
    "src/a/b/THREE.TXT", "src/a/one.txt", "src/a/two.log", "src/four.o", "src/large",
    "src/tagged", "src/tagged/.skip", "src/tagged/y",
  ]

  // MARK: Leaving out

  @Test(arguments: [
    (["-e", "*.log", "--exclude", "b"], ["src/a/two.log", "src/a/b", "src/a/b/THREE.TXT"]),
    (["--iexclude", "*.txt"], ["src/a/b/THREE.TXT", "src/a/one.txt"]),
    (["-e=*.log"], ["src/a/two.log"]),
    (["--exclude", "src/**/*.TXT"], ["src/a/b/THREE.TXT"]),
    (["-e", "a/*", "-e", "!a/one.txt"], ["src/a/b", "src/a/b/THREE.TXT", "src/a/two.log"]),
    (["--exclude-caches"], ["src/Cache/x"]),
    (["--exclude-if-present", ".skip"], ["src/tagged/y"]),
    (["--exclude-if-present", ".skip:nobackup"], ["src/tagged/y"]),
    (["--exclude-if-present", ".skip:other"], []),
    (["--exclude-larger-than", "4999"], ["src/large"]), (["--exclude-larger-than", "5000"], []),
    (["--exclude-larger-than", "4k"], ["src/large"]), (["-x"], []),
  ])
  func whatMatchesIsLeftOut(_ options: [String], _ missing: [String]) throws {
    try repository.run(["backup", "-q", "src"] + options)
    let expected = Self.all.filter { !missing.contains($0) }
    #expect(try repository.restoredPaths() == expected)
  }

  @Test func patternsComeFromFilesToo() throws {
    try repository.sandbox.write("exact", "# comment\n\n *.log \n$WHAT\n")
    try repository.sandbox.write("insensitive", "three.*\n")
    try repository.igudar(
      "backup", "--exclude-file", "exact", "--iexclude-file", "insensitive", "src",
      environment: ["WHAT": "*.o"])
    let missing = ["src/a/two.log", "src/four.o", "src/a/b/THREE.TXT"]
    #expect(try repository.restoredPaths() == Self.all.filter { !missing.contains($0) })
    let excludes = try repository.snapshots()[0]["excludes"]
    #expect(excludes == .list([.text("*.log"), .text("*.o"), .text("three.*")]))
  }

  @Test func whatIsNamedIsNeverLeftOut() throws {
    try repository.igudar("backup", "-e", "*.o", "--exclude-larger-than", "1", "src/four.o")
    #expect(try repository.restoredPaths() == ["src", "src/four.o"])
  }

  @Test func excludedItemsAreToldToWhoWantsToKnow() throws {
    let text = try repository.igudar("backup", "-vv", "-e", "*.o", "src").text
    #expect(text.contains("excluded   \(repository.path("src/four.o"))\n"))
    let lines = try JSON.lines(
      try repository.igudar("backup", "-vv", "--json", "-e", "*.o", "src").text)
    let excluded = lines.filter { $0["message_type"] == .text("excluded_item") }
    #expect(excluded.map { $0["item"]?.text } == [repository.path("src/four.o")])
  }

  @Test(arguments: [
    (["--exclude", "[a"], "malformed pattern: “[a”"),
    (["--exclude-larger-than", "1MB"], "--exclude-larger-than '1MB': is ambiguous"),
    (["--exclude-file", "nowhere"], "nowhere: No such file or directory"),
    (["--exclude-if-present", "a/b"], "--exclude-if-present 'a/b': is not a file name"),
    (["--compression", "20"], "--compression '20'"), (["--time", "soon"], "--time 'soon'"),
    (["--parent", "latest", "--force"], "--parent and --force exclude each other"),
    (["--parent", "xyz"], "“xyz” is neither a snapshot ID nor “latest”"),
    (["--parent", "abc"], "no snapshot “abc”"), (["--jobs", "1000"], "--jobs must be at most 256"),
    (["--tag", "a,,b"], "--tag 'a,,b'"), (["--stdin"], "--stdin takes no paths"),
  ])
  func mistakesNameTheOption(_ options: [String], _ message: String) throws {
    let outcome = try repository.run(["backup", "src"] + options, code: 1)
    #expect(outcome.errorText.contains(message), "\(outcome.errorText)")
    #expect(try repository.snapshots().isEmpty)
  }

  // MARK: Sources

  @Test func pathsComeFromFiles() throws {
    try repository.sandbox.write(
      "globs", "# comment\n  src/a/*.txt  \n\nsrc/[ft]*\nsrc/nothing*\n")
    let outcome = try repository.igudar("backup", "--files-from", "globs", "src/large")
    #expect(outcome.errorText.contains("src/nothing*: matches no file, left out"))
    #expect(
      try repository.restoredPaths() == [
        "src", "src/a", "src/a/one.txt", "src/four.o", "src/large", "src/tagged",
        "src/tagged/.skip", "src/tagged/y",
      ])
  }

  @Test func aPlainPathInAFileThatIsMissingIsMissedAsOneOnTheCommandLine() throws {
    try repository.sandbox.write("paths", "src/four.o\nsrc/gone\n")
    let outcome = try repository.igudar("backup", "--files-from", "paths", code: 3)
    #expect(outcome.errorText.contains("src/gone: No such file"))
    #expect(try repository.restoredPaths() == ["src", "src/four.o"])
  }

  // Its relative paths would begin at the root.
  @Test(arguments: [
    ["backup", "."], ["backup", "etc"], ["backup", ".."], ["diff", "latest", "--local", "etc"],
  ])
  func inAFolderThatWasDeletedNothingIsRelative(_ words: [String]) throws {
    try repository.igudar("backup", "src")
    let command = ([Program.path, "-r", "../repo"] + words).joined(separator: " ")
    let script = "mkdir gone; cd gone; rmdir ../gone; \(command)"
    let outcome = try repository.sandbox.run("/bin/sh", ["-c", script].map { Array($0.utf8) })
    #expect(outcome.code == 1, "\(outcome.text)\(outcome.errorText)")
    #expect(try repository.snapshots().count == 1)
  }

  @Test(.enabled(if: Disk.isPermitted, "mounting a disk is not permitted here"))
  func oneFileSystemIsThoseOfAllThatIsNamed() throws {
    let script = """
      mkdir -p src/m src/n; mount -t tmpfs none src/m; mount -t tmpfs none src/n
      mkdir src/m/l; echo m > src/m/l/m; echo n > src/n/n
      \(Program.path) backup -x src src/m/l && ! \(Program.path) backup -x src src/n/n
      """
    let arguments = ["-m", "/bin/sh", "-c", script].map { Array($0.utf8) }
    let outcome = try repository.sandbox.run("/usr/bin/unshare", arguments)
    #expect(outcome.code == 0)
    #expect(outcome.errorText.contains("src/n/n: is left out: it lies on another file system"))
    let first = try #require(try repository.snapshots().first?["short_id"]?.text)
    try repository.igudar("restore", "-q", first, "-t", "first")
    let paths = try repository.shell("cd first; find src | sort").lines
    #expect(paths.contains("src/m/l/m") && paths.contains("src/n") && !paths.contains("src/n/n"))
  }

  // The kernel says that they have 4096 bytes.
  @Test(.enabled(if: (try? FileStatus.of("/sys/kernel/uevent_seqnum")) != nil, "no /sys here"))
  func whatTheKernelMakesUpHasNotChangedForBeingShorter() throws {
    let outcome = try repository.igudar("backup", "/sys/kernel/uevent_seqnum")
    #expect(!outcome.errorText.contains("changed"))
    try repository.igudar("restore", "latest:/sys/kernel", "-t", "out")
    try repository.shell("test -s out/uevent_seqnum; test $(stat -c %s out/uevent_seqnum) -lt 99")
  }

  @Test func pathsInVerbatimFilesAreTakenAsTheyAre() throws {
    try repository.shell("echo s > 'src/ # *'")
    try repository.sandbox.write("verbatim", "src/ # *\nsrc/four.o\n")
    try repository.igudar("backup", "--files-from-verbatim", "verbatim")
    #expect(try repository.restoredPaths() == ["src", "src/ # *", "src/four.o"])
  }

  @Test func pathsInRawFilesEndInNUL() throws {
    let name = Array("src/line\nbreak".utf8) + [0xFF]
    try repository.sandbox.write("raw", name + [0] + Array("src/four.o".utf8) + [0])
    let flags = O_WRONLY | O_CREAT
    _ = try Descriptor.open(FilePath(Array("\(repository.sandbox.path)/".utf8) + name), flags)
    try repository.igudar("backup", "--files-from-raw", "raw")
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.shell("ls -b out/src").lines == ["four.o", #"line\nbreak\377"#])
    try repository.sandbox.write("unended", "src/four.o")
    let outcome = try repository.igudar("backup", "--files-from-raw", "unended", code: 1)
    #expect(outcome.errorText.contains("unended does not end in a NUL byte"))
  }

  @Test func pathsComeFromStandardInput() throws {
    try repository.igudar(
      "backup", "--files-from", "-", input: Array("src/four.o\n".utf8))
    #expect(try repository.restoredPaths() == ["src", "src/four.o"])
  }

  @Test func linksOnTheWayToATargetAreFollowed() throws {
    try repository.shell("ln -s src way")
    try repository.igudar("backup", "way/a/b", "way/four.o")
    #expect(
      try repository.restoredPaths() == [
        "way", "way/a", "way/a/b", "way/a/b/THREE.TXT", "way/four.o",
      ])
    #expect(try repository.igudar("backup", "way").errors.isEmpty)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.shell("readlink out/way").text == "src\n")
    let outcome = try repository.igudar("backup", "way/", "src/")
    #expect(outcome.errorText.contains("way/: is a symbolic link, and saved as such"))
    #expect(!outcome.errorText.contains("src/: "))
  }

  // MARK: What is recorded

  @Test func theSnapshotSaysWhatTheOptionsSay() throws {
    try repository.igudar(
      "backup", "--tag", "a,b", "--tag", "c", "-H", "barn", "--time", "2020-02-03 04:05:06",
      "--comment", "the harvest", "src")
    let snapshot = try #require(try repository.snapshots().first)
    #expect(snapshot["tags"] == .list([.text("a"), .text("b"), .text("c")]))
    #expect(snapshot["hostname"] == .text("barn"))
    #expect(snapshot["time"] == .text("2020-02-03T04:05:06Z"))
    #expect(snapshot["description"] == .text("the harvest"))
    #expect(snapshot["paths"] == .list([.text(repository.path("src"))]))
    #expect(snapshot["program_version"]?.text?.hasPrefix("igudar ") == true)
  }

  @Test func accessTimesAreRecordedOnRequest() throws {
    try repository.shell("touch -a -d '2001-02-03 04:05:06Z' src/four.o")
    try repository.igudar("backup", "--with-atime", "src/four.o")
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.shell("stat -c %X out/src/four.o").text == "981173106\n")
  }

  @Test func theParentIsTheLatestOfTheSameHostAndPathsOrTheOneNamed() throws {
    let first = try repository.backup("src")["snapshot_id"]
    _ = try repository.backup("src/a")
    let second = try repository.backup("src")["snapshot_id"]
    let snapshots = try repository.snapshots()
    #expect(snapshots[0]["parent"] == nil)
    #expect(snapshots[1]["parent"] == nil)
    #expect(snapshots[2]["parent"] == first)
    _ = try repository.backup("src", "--host", "other")
    #expect(try repository.snapshots()[3]["parent"] == nil)
    _ = try repository.backup("src", "--parent", try #require(first?.text))
    #expect(try repository.snapshots()[4]["parent"] == first)
    let forced = try repository.backup("src", "--force")
    #expect(forced["files_new"] == .number(9))
    #expect(forced["data_blobs"] == .number(0))
    #expect(try repository.snapshots()[5]["parent"] == nil)
    #expect(second != first)
  }

  @Test func whatIsAlikeIsChosen() throws {
    let first = try repository.backup("src", "--host", "barn", "--tag", "b,a")["snapshot_id"]
    let other = try repository.backup("src", "--host", "mill")["snapshot_id"]
    func parent(_ arguments: String...) throws -> JSON? {
      let words = ["backup", "-q", "--json"] + arguments
      _ = try repository.run(words)
      let parent = try repository.snapshots().last?["parent"]
      try repository.igudar("forget", "latest", "-q")
      return parent
    }
    #expect(try parent("src", "--host", "barn") == first)
    #expect(try parent("src", "--host", "barn", "--group-by", "paths") == other)
    #expect(try parent("src", "--tag", "a", "--tag", "b", "-g", "tags") == first)
    #expect(try parent("src", "key", "--host", "barn", "-g", "host") == first)
    #expect(try parent("key", "--group-by", "") == other)
    #expect(try parent("src", "--host", "mill", "--tag", "c", "-g", "host,paths,tags") == nil)
    let outcome = try repository.igudar("backup", "src", "-g", "day", code: 1)
    #expect(outcome.errorText.contains("must be host, paths or tags"))
  }

  @Test func nothingNewMakesNoSnapshotOnRequest() throws {
    _ = try repository.backup("src")
    let second = try repository.backup("src", "--skip-if-unchanged")
    #expect(second["snapshot_id"] == nil)
    #expect(second["files_new"] == .number(0))
    #expect(try repository.snapshots().count == 1)
    let text = try repository.igudar("backup", "--skip-if-unchanged", "src").text
    #expect(text.contains("nothing changed, no snapshot saved"))
    try repository.sandbox.write("src/new", "new")
    #expect(try repository.backup("src", "--skip-if-unchanged")["snapshot_id"] != nil)
  }

  @Test func aDryRunWritesNothing() throws {
    let before = try repository.shell("find repo -type f | LC_ALL=C sort").text
    let summary = try repository.backup("src", "--dry-run")
    #expect(summary["dry_run"] == .bool(true))
    #expect(summary["snapshot_id"] == nil)
    #expect(summary["files_new"] == .number(9))
    #expect(try #require(summary["data_added"]?.number) > 5000)
    #expect(try repository.shell("find repo -type f | LC_ALL=C sort").text == before)
    #expect(
      try repository.igudar("backup", "-n", "src").text.contains("Would add to the repository"))
  }

  @Test(arguments: ["off", "auto", "max", "1", "zstd,7"])
  func everyCompressionRestores(_ level: String) throws {
    try repository.shell("seq 1 50000 > src/numbers")
    let summary = try repository.backup("--compression", level, "src")
    let plain = try #require(summary["data_added"]?.number)
    let stored = try #require(summary["data_added_packed"]?.number)
    #expect(level == "off" ? stored >= plain : stored < plain / 2)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test(arguments: [
    ["--jobs", "1"], ["-j", "7"], ["--read-concurrency", "3"], ["--no-extra-verify"],
    ["--no-scan"], ["--ignore-inode"], ["--ignore-ctime"], ["-q"], ["-v"], ["-vv"],
  ])
  func everyWayOfWorkingGivesTheSame(_ options: [String]) throws {
    try repository.run(["backup", "src"] + options)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func anotherInodeIsAChangeUnlessItIsIgnored() throws {
    try repository.shell(
      "cd src; find . -type f -exec touch -d 2020-01-01 '{}' +; touch -d 2020-01-01 a .")
    _ = try repository.backup("src", "--ignore-ctime")
    try repository.shell("cd src; cp -p four.o other; mv other four.o; touch -d 2020-01-01 .")
    let ignored = try repository.backup("src", "--ignore-ctime", "--ignore-inode", "-n")
    #expect(ignored["files_changed"] == .number(0))
    let noticed = try repository.backup("src", "--ignore-ctime", "-n")
    #expect(noticed["files_changed"] == .number(1))
  }

  // MARK: Messages

  @Test func theSummaryHasResticsKeys() throws {
    let summary = try repository.backup("src")
    #expect(
      summary.keys == [
        "message_type", "files_new", "files_changed", "files_unmodified", "dirs_new",
        "dirs_changed", "dirs_unmodified", "data_blobs", "tree_blobs", "data_added",
        "data_added_packed", "total_files_processed", "total_bytes_processed", "total_duration",
        "backup_start", "backup_end", "snapshot_id",
      ])
    #expect(summary["message_type"] == .text("summary"))
    #expect(summary["total_files_processed"] == .number(9))
  }

  @Test func statusLinesCountUpToTheWhole() throws {
    try repository.shell("head -c 30000000 /dev/urandom > src/random")
    let outcome = try repository.igudar(
      "backup", "--json", "-vv", "src", environment: ["IGUDAR_PROGRESS_FPS": "60"])
    let lines = try JSON.lines(outcome.text)
    let scan = lines.first { $0["action"] == .text("scan_finished") }
    #expect(scan?["total_files"] == .number(10))
    for line in lines where line["message_type"] == .text("status") {
      let share = try #require(line["percent_done"]?.number)
      #expect((0...1).contains(share))
      if let total = line["total_files"] { #expect(total == .number(10)) }
    }
    let items = lines.filter { $0["message_type"] == .text("verbose_status") }
    #expect(items.contains { $0["item"] == .text(repository.path("src/random")) })
    #expect(lines.last?["message_type"] == .text("summary"))
  }

  @Test func peopleReadASummary() throws {
    let text = try repository.igudar("backup", "src").text
    #expect(text.contains("Files:          9 new,     0 changed,     0 unmodified\n"))
    #expect(text.contains("processed 9 files, "))
    #expect(text.contains(" saved\n"))
    #expect(try repository.igudar("backup", "-q", "src").output.isEmpty)
  }

  @Test func aTerminalSeesProgressAndThenTheSummary() throws {
    try repository.shell("head -c 30000000 /dev/urandom > src/random")
    repository.sandbox.environment["IGUDAR_PROGRESS_FPS"] = "60"
    let session = try TerminalSession(repository.sandbox, "backup", "src")
    #expect(session.shows("/ 10 files"))
    #expect(session.finish() == 0)
    #expect(session.text.contains("snapshot "))
  }

  // One pack of 600 KiB, but for the quarter of a second that the first piece may take.
  @Test func theTimeThatIsToldHasTheUploadInIt() throws {
    try repository.shell("head -c 614400 /dev/urandom > src/random")
    let summary = try repository.backup("src", "--limit-upload", "400")
    #expect(try #require(summary["total_duration"]?.number) > 1.2)
  }
}
