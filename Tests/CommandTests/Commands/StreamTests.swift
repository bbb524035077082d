// `backup --stdin` and `--stdin-from-command`.

import Testing

@Suite struct StreamTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
  }

  @Test func standardInputBecomesAFile() throws {
    let outcome = try repository.igudar("backup", "--stdin", input: Array("grain\n".utf8))
    #expect(outcome.text.contains("processed 1 file, 6 B"))
    try repository.igudar("restore", "latest", "-t", "out")
    #expect(try repository.sandbox.read("out/stdin") == Array("grain\n".utf8))
    #expect(try repository.shell("stat -c %a out/stdin").text == "644\n")
    #expect(try repository.snapshots()[0]["paths"] == .list([.text("/stdin")]))
  }

  @Test func theFileGoesWhereItIsWanted() throws {
    try repository.igudar(
      "backup", "--stdin", "--stdin-filename", "/dumps/./db/all.sql", "--tag", "db",
      "--time", "2020-01-01 00:00:00", input: [1, 2, 3])
    #expect(try repository.restoredPaths() == ["dumps", "dumps/db", "dumps/db/all.sql"])
    #expect(try repository.snapshots("--tag", "db").count == 1)
    let outcome = try repository.igudar(
      "backup", "--stdin", "--stdin-filename", "..", code: 1)
    #expect(outcome.errorText.contains("the stream's file has no name"))
  }

  @Test func anEmptyStreamIsNotSaved() throws {
    let outcome = try repository.igudar("backup", "--stdin", code: 1)
    #expect(outcome.errorText.contains("stdin: the stream gave no data; no snapshot was made"))
    #expect(try repository.snapshots().isEmpty)
  }

  @Test(arguments: [["--jobs", "1"], ["--jobs", "4"]])
  func aLargeStreamComesBackAndDeduplicates(_ options: [String]) throws {
    try repository.shell("head -c 20000001 /dev/urandom > random")
    let command = ["--stdin-from-command", "--", "cat", "random"]
    try repository.run(["backup", "-q"] + options + command)
    try repository.igudar("restore", "latest", "-t", "out")
    try repository.shell("cmp random out/stdin")
    let second = try repository.backup("--stdin-from-command", "--", "cat", "random")
    #expect(second["data_blobs"] == .number(0))
    #expect(second["total_bytes_processed"] == .number(20_000_001))
  }

  @Test func aCommandThatFailsLeavesNoSnapshot() throws {
    let outcome = try repository.igudar(
      "backup", "--stdin-from-command", "--", "sh", "-c", "echo half; exit 7", code: 1)
    #expect(outcome.errorText.contains("the command 'sh -c echo half; exit 7' failed: exit code 7"))
    #expect(outcome.errorText.contains("no snapshot was made"))
    let killed = try repository.igudar(
      "backup", "--stdin-from-command", "--", "sh", "-c", "kill -9 $$", code: 1)
    #expect(killed.errorText.contains("ended by signal 9"))
    let unknown = try repository.igudar(
      "backup", "--stdin-from-command", "--", "/no/such/program", code: 1)
    #expect(unknown.errorText.contains("cannot start /no/such/program: No such file"))
    #expect(try repository.snapshots().isEmpty)
  }

  @Test(arguments: [
    (["--stdin-from-command"], "say which command"),
    (["--stdin", "--stdin-from-command", "--", "true"], "exclude each other"),
    (["--stdin", "--files-from", "x"], "--files-from and a stream exclude each other"),
  ])
  func mistakesNameTheOption(_ options: [String], _ message: String) throws {
    let outcome = try repository.run(["backup"] + options, code: 1)
    #expect(outcome.errorText.contains(message))
  }

  @Test func aNameThatNoFileHasIsRefusedBeforeTheStreamIsRead() throws {
    let name = String(repeating: "n", count: 256)
    let outcome = try repository.igudar(
      "backup", "--stdin", "--stdin-filename", "a/\(name)/b", input: Array("hi".utf8), code: 1)
    #expect(outcome.errorText.contains("has 256 bytes, and may have 255"))
    #expect(try repository.snapshots().isEmpty)
  }

  @Test func aDirectoryOnStandardInputIsNoStream() throws {
    let outcome = try repository.sandbox.run(
      "/bin/sh", ["-c", "\(Program.path) backup --stdin < src"].map { Array($0.utf8) })
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("Is a directory (read)"))
  }
}
