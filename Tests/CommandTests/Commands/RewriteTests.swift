// `rewrite`.

import Testing

@Suite struct RewriteTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      mkdir -p src/a/b src/keep; echo 1 > src/a/one; echo secret > src/a/b/key; echo 2 > src/keep/two
      for i in $(seq 400); do echo $i > src/keep/file-$i; done
      """)
    try repository.igudar("backup", "-q", "--tag", "old", "src", "--time", "2026-01-01 12:00:00")
  }

  private func id(_ index: Int) throws -> String {
    try #require(try repository.snapshots()[index]["id"]?.text)
  }

  @Test func pathsAreLeftOutOfANewSnapshot() throws {
    let old = try id(0)
    try repository.igudar("annotate", old, "first")
    let before = try repository.restoredPaths()
    #expect(try repository.igudar("rewrite", "-n", "-e", "key").text.contains("would rewrite 1"))
    #expect(try repository.snapshots().count == 1)
    try repository.igudar("rewrite", "--exclude", "key")
    let snapshots = try repository.snapshots()
    #expect(snapshots.count == 2)
    let new = try #require(snapshots.first { $0["id"]?.text != old })
    #expect(new["original"] == .text(old))
    #expect(new["tags"] == .list([.text("old"), .text("rewrite")]))
    #expect(new["description"] == .text("first"))
    #expect(new["time"] == snapshots[0]["time"])
    #expect(new["summary"]?["total_files_processed"] == .number(402))
    let name = try #require(new["id"]?.text)
    #expect(try repository.restoredPaths(name) == before.filter { $0 != "src/a/b/key" })
    #expect(try repository.restoredPaths(old) == before)
    try repository.igudar("check", "--read-data")
    #expect(try repository.igudar("rewrite", "-e", "key", name).text == "rewrote 0 snapshots\n")
  }

  // The same tree as a backup makes that leaves the same out.
  @Test func theTreeIsThatOfABackupWithoutThem() throws {
    try repository.igudar("rewrite", "--forget", "-e", "file-1*", "-e", "src/a/b")
    try repository.igudar("backup", "-q", "-e", "file-1*", "-e", "src/a/b", "src")
    let trees = try repository.snapshots().map { $0["tree"] }
    #expect(trees.count == 2)
    #expect(trees[0] == trees[1])
  }

  @Test func onlyWhatIsChosenIsKept() throws {
    try repository.shell("mkdir src/empty src/a/hollow")
    try repository.igudar("backup", "-q", "src")
    let old = try #require(try repository.snapshots().last?["id"]?.text)
    try repository.igudar("rewrite", "-i", "key", "--iinclude", "/SRC/keep/file-1?", old)
    let new = try #require(
      try repository.snapshots().first { $0["original"]?.text == old }?["id"]?.text)
    #expect(
      try repository.restoredPaths(new) == [
        "src", "src/a", "src/a/b", "src/a/b/key", "src/keep",
      ] + (10...19).map { "src/keep/file-\($0)" })
    try repository.igudar("check", "--read-data")
    try repository.igudar("rewrite", "--forget", "--include", "src/a", old)
    #expect(
      try repository.restoredPaths("latest") == [
        "src", "src/a", "src/a/b", "src/a/b/key", "src/a/hollow", "src/a/one",
      ])
    let nothing = try repository.igudar("rewrite", "--include", "nowhere", code: 3)
    #expect(nothing.errorText.contains("nothing would be left"))
    let both = try repository.igudar("rewrite", "--include", "a", "--exclude", "b", code: 1)
    #expect(both.errorText.contains("--include and --exclude exclude each other"))
  }

  @Test func originalsAreForgottenOnDemand() throws {
    let old = try id(0)
    let outcome = try repository.igudar(
      "rewrite", "--json", "--forget", "--new-host", "mill", "--new-time", "2025-06-01 08:00:00")
    let lines = try JSON.lines(outcome.text)
    #expect(lines[0]["old_snapshot_id"] == .text(old))
    #expect(lines[1]["changed_snapshots"] == .number(1))
    let snapshots = try repository.snapshots()
    #expect(snapshots.count == 1)
    #expect(snapshots[0]["id"] == lines[0]["new_snapshot_id"])
    #expect(snapshots[0]["hostname"] == .text("mill"))
    #expect(snapshots[0]["time"] == .text("2025-06-01T08:00:00Z"))
    #expect(snapshots[0]["tags"] == .list([.text("old")]))
    #expect(try repository.snapshots("--forgotten")[0]["id"] == .text(old))
    try repository.igudar("check", "--read-data")
  }

  @Test func pinnedOriginalsAreNotForgotten() throws {
    try repository.igudar("pin", "latest")
    let outcome = try repository.igudar("rewrite", "--forget", "-e", "key", code: 6)
    #expect(outcome.errorText.contains("is pinned; nothing was rewritten"))
    #expect(try repository.snapshots().count == 1)
    try repository.igudar("rewrite", "-e", "key")
    #expect(try repository.snapshots().count == 2)
  }

  @Test func nothingIsNoSnapshot() throws {
    let outcome = try repository.igudar("rewrite", "--forget", "-e", "src", code: 3)
    #expect(outcome.errorText.contains("nothing would be left"))
    #expect(try repository.snapshots().count == 1)
    let idle = try repository.igudar("rewrite", code: 1)
    #expect(idle.errorText.contains("say what to change"))
  }
}
