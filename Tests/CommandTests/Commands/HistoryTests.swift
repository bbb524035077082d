// `history`, `ls --ncdu` and `stats --mode unique`.

import Glibc
import Testing

@Suite struct HistoryTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell("printf 1 > src/file; printf s > src/steady")
    _ = try repository.backup("src")
    _ = try repository.backup("src")
    try repository.shell("printf 22 > src/file")
    _ = try repository.backup("src")
    try repository.shell("chmod 600 src/file")
    _ = try repository.backup("src")
    try repository.shell("rm src/file")
    _ = try repository.backup("src")
    _ = try repository.backup("src", "--host", "mill")
    try repository.shell("mkdir src/file")
    _ = try repository.backup("src", "--host", "mill")
    _ = try repository.backup("src")
  }

  private func letters(_ outcome: Outcome) -> [String] {
    outcome.lines.map { $0.split(separator: " ").map(String.init)[3] }
  }

  @Test func versionsAreTold() throws {
    let outcome = try repository.igudar("history", "/src/file")
    #expect(letters(outcome) == ["+", "M", "U", "-", "+", "+"])
    let ids = try repository.snapshots().map { $0["short_id"]?.text ?? "" }
    #expect(
      outcome.lines.map { $0.split(separator: " ").map(String.init)[2] } == [
        ids[0], ids[2], ids[3], ids[4], ids[6], ids[7],
      ])
    #expect(outcome.lines[1].contains("        2 B  20"))
    #expect(outcome.lines[4].hasSuffix("  mill"))
    // A path of this machine is the same file.
    let local = try repository.igudar("history", repository.path("src/file"), "--host", "granary")
    #expect(letters(local) == ["+", "M", "U", "-", "+"])
    #expect(letters(try repository.igudar("history", "src/steady", "--host", "granary")) == ["+"])
  }

  @Test func jsonHasTheSameFacts() throws {
    let lines = try JSON.lines(try repository.igudar("history", "--json", "/src/file").text)
    #expect(lines.count == 6)
    #expect(lines.map { $0["message_type"] }.allSatisfy { $0 == .text("version") })
    #expect(lines[1]["modifier"] == .text("M"))
    #expect(lines[1]["size"] == .number(2))
    #expect(lines[3]["modifier"] == .text("-"))
    #expect(lines[3]["size"] == nil)
    #expect(lines[4]["type"] == .text("dir"))
    let gone = try repository.igudar("history", "/src/never", code: 1)
    #expect(gone.errorText.contains("no snapshot has “/src/never”"))
  }
}

@Suite struct PlaceTests {
  @Test func pathsOfThisMachineAreFoundHoweverTheBackupNamedThem() throws {
    let repository = try TestRepository()
    try repository.shell("mkdir -p src/a/b; printf x > src/a/b/file")
    let path = repository.path("src/a/b/file")
    func history(_ arguments: String...) throws -> [String] {
      try repository.run(["history", "--json"] + arguments).lines
    }
    // One of the targets is gone, which must not make another the root.
    _ = try repository.backup(repository.path("src/a"), "/gone", code: 3)
    #expect(try history(path).count == 1)
    try repository.igudar("diff", "latest", "--local", "src/a/b")
    try repository.shell("cd src; \(Program.path) backup -q . --host dot")
    #expect(try history(path, "--host", "dot").count == 1)
    try repository.shell("cd src/a; \(Program.path) backup -q b --host name")
    #expect(try history(path, "--host", "name").count == 1)
    #expect(try history("src/a/b/file").count == 3)
  }
}

@Suite struct MissingTargetTests {
  @Test func aTargetThatIsGoneIsNotTheRoot() throws {
    let repository = try TestRepository()
    let target = repository.path("src/data")
    try repository.shell("mkdir src/data; printf x > src/data/file")
    _ = try repository.backup(target)
    try repository.shell("mv src/data src/gone")
    _ = try repository.backup(target, repository.path("key"), code: 3)
    try repository.shell("mv src/gone src/data")
    _ = try repository.backup(target)
    // All that is left of this one is the way to the target.
    try repository.igudar("rewrite", "latest", "--exclude", target)
    let versions = try repository.igudar("history", target).lines
    #expect(versions.map { $0.split(separator: " ")[3] } == ["+", "-?", "+", "-"])
    let diff = try repository.igudar("diff", "latest", "--local", target, code: 1)
    #expect(diff.errorText.contains("has no “\(target)”"))
  }
}

@Suite struct NcduTests {
  @Test func nestedListsAreWhatNcduReads() throws {
    let repository = try TestRepository()
    try repository.shell(
      "cd src; mkdir -p a/b/c d; printf 12345 > a/b/f; ln a/b/f a/l; ln -s x z; printf 1 > d/1")
    _ = try repository.backup("src")
    let document = try JSON(try repository.igudar("ls", "--ncdu", "latest:src").text)
    #expect(document[0] == .number(1))
    #expect(document[1] == .number(2))
    #expect(document[2]?["progname"] == .text("igudar"))
    let root = try #require(document[3])
    #expect(root.count == 4)
    #expect(root[0]?["name"] == .text("/"))
    #expect(root[1]?[0]?["name"] == .text("a"))
    #expect(root[1]?[1]?[0]?["name"] == .text("b"))
    #expect(root[1]?[1]?[1]?[0]?["name"] == .text("c"))
    let file = try #require(root[1]?[1]?[2])
    #expect(file["name"] == .text("f"))
    #expect(file["asize"] == .number(5))
    #expect(file["dsize"] == .number(512))
    #expect(file["nlink"] == .number(2))
    #expect(file["ino"] == root[1]?[2]?["ino"])
    #expect(root[2]?[1]?["name"] == .text("1"))
    #expect(root[3]?["notreg"] == .bool(true))
    let mistake = try repository.igudar("ls", "--ncdu", "latest", "/src", code: 1)
    #expect(mistake.errorText.contains("--ncdu goes without DIRs"))
  }
}

@Suite struct UniqueStatsTests {
  @Test func onlyWhatNoOtherSnapshotNeedsIsCounted() throws {
    let repository = try TestRepository()
    try repository.shell("cd src; head -c 300000 /dev/urandom > shared; printf own > first")
    _ = try repository.backup("src")
    try repository.shell("cd src; rm first; printf others > second")
    _ = try repository.backup("src")
    func stats(_ arguments: String...) throws -> JSON {
      try JSON(try repository.run(["stats", "--json", "--mode", "unique"] + arguments).text)
    }
    // A file of its own, and the nodes that say so.
    let first = try stats("latest~1")
    #expect(first["total_blob_count"] == .number(2))
    #expect(first["total_uncompressed_size"].map { $0.number ?? 0 < 1000 } == true)
    let both = try stats()
    let raw = try JSON(try repository.igudar("stats", "--json", "--mode", "raw-data").text)
    #expect(both["total_blob_count"] == raw["total_blob_count"])
    #expect(both["total_size"] == raw["total_size"])
  }
}
