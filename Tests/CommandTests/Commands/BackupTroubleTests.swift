// Backups that meet trouble: sources that are gone or closed, interruptions, stores that fail.

import Glibc
import Platform
import Testing

@Suite struct BackupTroubleTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.sandbox.write("src/file", "grain")
  }

  @Test func aMissingTargetIsExit3AndTheRestIsSaved() throws {
    let outcome = try repository.igudar("backup", "src", "nowhere", code: 3)
    #expect(outcome.errorText.contains("\(repository.path("nowhere")): No such file or directory"))
    #expect(outcome.errorText.contains("1 source could not be read; the snapshot is saved"))
    #expect(try repository.restoredPaths() == ["src", "src/file"])
  }

  @Test func allTargetsMissingIsExit1WithoutASnapshot() throws {
    let outcome = try repository.igudar("backup", "nowhere", "no/where", code: 1)
    #expect(outcome.errorText.contains("none of the sources can be read; no snapshot was made"))
    #expect(try repository.snapshots().isEmpty)
  }

  @Test func noTargetIsAMistake() throws {
    let outcome = try repository.igudar("backup", code: 1)
    #expect(outcome.errorText.contains("nothing to back up: name files or folders"))
  }

  @Test func troublesInJSONAreErrorLines() throws {
    let outcome = try repository.igudar("backup", "--json", "-q", "src", "nowhere", code: 3)
    let lines = try JSON.lines(outcome.errorText)
    #expect(lines.count == 2)
    #expect(lines[0].keys == ["message_type", "error", "during", "item"])
    #expect(lines[0]["message_type"] == .text("error"))
    #expect(lines[0]["error"]?["message"]?.text?.contains("No such file") == true)
    #expect(lines[0]["during"] == .text("scan"))
    #expect(lines[0]["item"] == .text(repository.path("nowhere")))
    #expect(lines[1]["message_type"] == .text("exit_error"))
    #expect(lines[1]["code"] == .number(3))
    #expect(try JSON.lines(outcome.text).last?["snapshot_id"] != nil)
  }

  // As root everything can be read, so root becomes nobody for this.
  private func asNobody(_ arguments: [String]) throws -> Outcome {
    guard isSuperuser() else {
      return try repository.sandbox.igudar(arguments.map { Array($0.utf8) })
    }
    try repository.shell("chown -R 65534:65534 .")
    let words =
      ["--reuid=65534", "--regid=65534", "--clear-groups", Program.path] + arguments
    return try repository.sandbox.run("/usr/bin/setpriv", words.map { Array($0.utf8) })
  }

  @Test func whatCannotBeReadIsNamedAndTheRestIsSaved() throws {
    try repository.shell(
      "cd src; echo a > closed; mkdir shut; echo b > shut/b; chmod 0 closed shut")
    let outcome = try asNobody(["backup", "src"])
    #expect(outcome.code == 3)
    #expect(outcome.errorText.contains("\(repository.path("src/closed")): Permission denied"))
    #expect(outcome.errorText.contains("\(repository.path("src/shut")): Permission denied"))
    #expect(outcome.errorText.contains("2 sources could not be read"))
    let restore = try asNobody(["restore", "latest", "-t", "out"])
    #expect(restore.code == 0, "\(restore.errorText)")
    #expect(try repository.shell("find out -type f").lines == ["out/src/file"])
  }

  @Test func foldersThatMayOnlyBePassedAreNoTrouble() throws {
    try repository.shell("mkdir -p src/way/in; echo a > src/way/in/a; chmod 311 src/way")
    let outcome = try asNobody(["backup", "src/way/in"])
    #expect(outcome.code == 0, "\(outcome.errorText)")
    try repository.shell("chmod 755 src/way")
    #expect(try asNobody(["restore", "latest", "-t", "out"]).code == 0)
    #expect(try repository.sandbox.read("out/src/way/in/a") == Array("a\n".utf8))
  }

  @Test func aRepositoryThatMayNotBeWrittenIsExit13() throws {
    try repository.shell("chmod -R a-w repo")
    let outcome = try asNobody(["backup", "src"])
    #expect(outcome.code == 13)
    #expect(outcome.errorText.contains(repository.path("repo")))
  }

  @Test func anInterruptedBackupSavesWhatIsDoneAndTheNextGoesOnFromThere() throws {
    // Slow by hard compression, so that there is always something left to interrupt.
    try repository.shell(
      """
      cd src; mkdir a; i=0; while [ $i -lt 200 ]; do echo $i > a/$i; i=$((i + 1)); done
      find a -exec touch -d '2020-01-01' '{}' +
      seq 1 6000000 > z
      """)
    repository.sandbox.environment["IGUDAR_PROGRESS_FPS"] = "60"
    let options = ["--ignore-ctime", "src"]
    let session = try TerminalSession(
      repository.sandbox, "backup", "--json", "--compression", "19", options[0], options[1])
    #expect(session.shows(#""bytes_done""#))
    session.type("\u{3}")
    #expect(session.finish() == 130)
    #expect(session.text.contains("partial snapshot "))
    let snapshot = try #require(try repository.snapshots().first)
    #expect(snapshot["partial"] == .bool(true))
    #expect(try repository.igudar("snapshots").text.contains("(partial)"))
    let id = try #require(snapshot["id"]?.text)
    #expect(try repository.restoredPaths(id).contains("src/a/17"))
    let refused = try repository.igudar("restore", id, "-t", "x", "--delete", code: 6)
    #expect(refused.errorText.contains("Restore it without --delete"))
    #expect(try repository.igudar("restore", "latest", "-t", "x", code: 1).errors.count > 0)

    let next = try repository.backup(options[0], options[1])
    #expect(try #require(next["files_unmodified"]?.number) >= 200)
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  @Test func theRepositoryPutBackInTimeIsNoticed() throws {
    _ = try repository.backup("src")
    try repository.shell("cp -a repo old")
    _ = try repository.backup("src")
    try repository.shell("rm -rf repo; mv old repo")
    let outcome = try repository.igudar("snapshots", code: 15)
    #expect(outcome.errorText.contains("this machine has seen entry"))
    #expect(outcome.errorText.contains("the repository at \(repository.path("repo")): "))
    // A machine that has seen nothing cannot know.
    try repository.igudar("snapshots", environment: ["XDG_STATE_HOME": repository.path("other")])
  }

  @Test func manyBackupsAtTheSameTimeAllSucceed() throws {
    try repository.shell("for i in 1 2 3 4; do mkdir src/$i; seq $i 9999 > src/$i/numbers; done")
    let children = try (1...4).map { try repository.sandbox.start("backup", "-q", "src/\($0)") }
    for child in children {
      let outcome = child.finish(within: 120)
      #expect(outcome.code == 0, "\(outcome.errorText)")
    }
    #expect(try repository.snapshots().count == 4)
    for number in 1...4 {
      try repository.igudar(
        "restore", "latest", "--path", "src/\(number)", "-t", "out\(number)")
      #expect(try repository.differences("src/\(number)", "out\(number)/src/\(number)") == [])
    }
  }

  @Test func whatIsStoredAgainIsSavedAlsoWhereNothingChanged() throws {
    let repository = try TestRepository()
    try repository.shell(
      "head -c 300000 /dev/urandom > src/grain; touch -d 2020-01-01 src/grain src")
    _ = try repository.backup("--ignore-ctime", "src")
    try repository.shell("rm -r repo/packs")
    let summary = try repository.backup("--ignore-ctime", "--skip-if-unchanged", "src")
    #expect(summary["snapshot_id"] != nil)
    try repository.igudar("restore", "latest:src", "-t", "out")
    #expect(try repository.differences("src", "out") == [])
  }
}
