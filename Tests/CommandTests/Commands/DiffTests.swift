// `diff`: restic's letters and numbers, and folders of this machine.

import Glibc
import Testing

@Suite struct DiffTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; mkdir -p keep a/gone; printf one > keep/one; printf two > a/two; printf 1 > a/gone/x
      printf t > type; printf m > mode; ln -s two a/link; printf same > a/same
      find . -exec touch -h -d '2020-02-03T04:05:06.5Z' '{}' +
      """)
    _ = try repository.backup("src")
    try repository.shell(
      """
      cd src; rm -r a/gone type; mkdir -p type/below new/deep; printf 2 > type/below/x
      chmod 600 mode; ln -sfn three a/link; printf other > a/two; printf n > new/deep/n; mkfifo new/p
      """)
    _ = try repository.backup("src")
  }

  private static let lines = [
    "-    /a/gone/", "-    /a/gone/x", "M    /a/link", "M    /a/two", "+    /new/",
    "+    /new/deep/",
    "+    /new/deep/n", "+    /new/p", "T    /type/", "+    /type/below/", "+    /type/below/x",
  ]

  private func changes(_ outcome: Outcome) -> [String] {
    outcome.lines.filter { $0.contains("    /") }
  }

  @Test func differencesAreShownAsResticDoes() throws {
    let outcome = try repository.igudar("diff", "latest~1:src", "latest:src")
    let lines = outcome.lines
    #expect(lines[0].hasPrefix("comparing snapshot "))
    #expect(changes(outcome) == Self.lines)
    #expect(lines.contains("Files:          2 new,     1 removed,     2 changed"))
    #expect(lines.contains("Dirs:           3 new,     1 removed"))
    #expect(lines.contains("Others:         1 new,     0 removed"))
    #expect(lines.contains { $0.hasPrefix("Data Blobs:     3 new,     3 removed") })
    let metadata = try repository.igudar("diff", "--metadata", "latest~1:src", "latest:src")
    #expect(metadata.lines.contains("U    /mode"))
    #expect(metadata.lines.contains("U    /a/"))
    #expect(!metadata.lines.contains { $0.contains("keep") })
    let none = try repository.igudar("diff", "latest", "latest")
    #expect(changes(none).isEmpty)
    #expect(none.lines.contains("  Added:   0 B"))
  }

  @Test func jsonHasResticsKeys() throws {
    let lines = try JSON.lines(
      try repository.igudar("diff", "--json", "latest~1:src", "latest:src").text)
    #expect(
      lines.dropLast().map { "\($0["modifier"]?.text ?? "")    \($0["path"]?.text ?? "")" }
        == Self.lines)
    #expect(lines.dropLast().allSatisfy { $0["message_type"] == .text("change") })
    let numbers = try #require(lines.last)
    #expect(numbers["message_type"] == .text("statistics"))
    let ids = try repository.snapshots().map { $0["id"] }
    #expect([numbers["source_snapshot"], numbers["target_snapshot"]] == ids)
    #expect(numbers["changed_files"] == .number(2))
    let added = try #require(numbers["added"])
    #expect(added.keys == ["files", "dirs", "others", "data_blobs", "tree_blobs", "bytes"])
    #expect(added["files"] == .number(2))
    #expect(added["data_blobs"] == .number(3))
    #expect(numbers["removed"]?["dirs"] == .number(1))
  }

  @Test func aFolderOfThisMachineIsCompared() throws {
    let source = repository.path("src")
    #expect(changes(try repository.igudar("diff", "latest", "--local", source)).isEmpty)
    let old = try repository.igudar("diff", "latest~1:src", "--local", "src")
    #expect(changes(old) == Self.lines)
    let metadata = try repository.igudar("diff", "--metadata", "latest~1", "--local", source)
    #expect(metadata.lines.contains("U    /mode"))
    try repository.igudar("restore", "latest:src", "-t", "out")
    let restored = try repository.igudar(
      "diff", "--metadata", "--checksum", "latest:src", "--local", "out")
    #expect(changes(restored).isEmpty)
    // Another time alone is no difference in content, and bit rot is seen when files are read.
    try repository.shell(
      "cd out; touch -d 2021-01-01 keep/one; printf sane > a/same; touch -r ../src/a/same a/same")
    let quick = try repository.igudar("diff", "latest:src", "--local", "out")
    #expect(changes(quick).isEmpty)
    let thorough = try repository.igudar("diff", "latest:src", "--local", "out", "--checksum")
    #expect(thorough.lines.contains("M?   /a/same"))
  }

  @Test func inodeFlagsAreMetadataOfAFolderHere() throws {
    let flagged = try repository.shell(
      "chattr +d src/mode src/keep 2> /dev/null && echo yes || true")
    // Not every file system has flags.
    guard flagged.lines == ["yes"] else { return }
    _ = try repository.backup("src")
    func diff(_ options: String...) throws -> [String] {
      changes(try repository.run(["diff", "latest:src", "--local", "src"] + options))
    }
    #expect(try diff("--metadata").isEmpty)
    try repository.shell("chattr -d src/mode src/keep")
    #expect(try diff("--metadata") == ["U    /keep/", "U    /mode"])
    #expect(try diff().isEmpty)
  }

  @Test func whatIsExcludedIsPassedOverOnBothSides() throws {
    try repository.shell(
      """
      cd src; printf x > a/junk.o; printf x > new/junk.o; rm new/deep/n mode; mkdir cache
      printf 'Signature: 8a477f597d28d172789f06886806bc55' > cache/CACHEDIR.TAG; printf x > cache/x
      """)
    let all = try repository.igudar("diff", "latest:src", "--local", "src")
    #expect(changes(all).count == 7)
    let some = try repository.igudar(
      "diff", "latest:src", "--local", "src", "-e", "*.o", "--exclude", "mode", "--exclude-caches",
      "--iexclude", "src/NEW/deep")
    #expect(changes(some) == ["+    /cache/", "+    /cache/CACHEDIR.TAG"])
  }

  @Test func contentIsComparedChunkByChunkWithHoles() throws {
    try repository.shell(
      """
      cd src; head -c 5000000 /dev/urandom > large; truncate -s 8M hole; printf end >> hole
      """)
    _ = try repository.backup("src")
    try repository.shell(
      """
      cp -r --sparse=never src dense; cd dense
      printf X | dd of=large bs=1 seek=4000000 conv=notrunc status=none
      """)
    let outcome = try repository.igudar("diff", "latest:src", "--local", "dense", "--checksum")
    #expect(changes(outcome) == ["M    /large"])
    try repository.shell("printf X | dd of=dense/hole bs=1 seek=4000000 conv=notrunc status=none")
    let hole = try repository.igudar("diff", "latest:src", "--local", "dense", "--checksum")
    #expect(changes(hole) == ["M    /hole", "M    /large"])
  }

  @Test func mistakesAreExplained() throws {
    let one = try repository.igudar("diff", "latest", code: 1)
    #expect(one.errorText.contains("name two snapshots, or one and --local PATH"))
    let file = try repository.igudar("diff", "latest:src/mode", "latest", code: 1)
    #expect(file.errorText.contains("is a file, not a folder"))
    let missing = try repository.igudar("diff", "latest:src", "--local", "gone", code: 1)
    #expect(missing.errorText.contains("gone: No such file or directory"))
    let elsewhere = try repository.igudar("diff", "latest", "--local", "/usr", code: 1)
    #expect(elsewhere.errorText.contains("has no “/usr”"))
    let two = try repository.igudar("diff", "latest", "latest", "--checksum", code: 1)
    #expect(two.errorText.contains("--checksum is about --local"))
  }
}
