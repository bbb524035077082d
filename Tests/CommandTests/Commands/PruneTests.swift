// `prune` and `forget --prune` on real stores: what is freed, what is told, and that all of the rest
// comes back.

import Platform
import Testing

@testable import IgudarCLI

@Suite struct PruneCommandTests {
  private let repository: TestRepository

  /// Two snapshots; of the files of the first every third is gone in the second, and some are new.
  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      for n in $(seq 1 60); do head -c 40000 /dev/urandom > src/grain$n; done
      mkdir -p src/deep/er; seq 1 2000 > src/deep/er/text; ln src/grain1 src/link
      """)
    try repository.igudar("backup", "-q", "src", "--time", "2026-01-01 12:00:00")
    try repository.shell(
      "for n in $(seq 3 3 60); do rm src/grain$n; done; head -c 50000 /dev/urandom > src/new")
    try repository.igudar("backup", "-q", "src", "--time", "2026-01-02 12:00:00")
  }

  private func packBytes() throws -> Int {
    let lines = try repository.shell("cat $(find repo/packs -type f) | wc -c").lines
    return Int(lines[0].filter(\.isNumber)) ?? 0
  }

  private func requireWhole() throws {
    try repository.igudar("check", "--read-data")
    try repository.igudar("restore", "-q", "latest", "--target", repository.path("back"))
    #expect(try repository.differences("src", "back/src").isEmpty)
  }

  @Test func whatNoSnapshotNeedsIsFreed() throws {
    let before = try packBytes()
    try repository.igudar("forget", "--keep-last", "1")
    let plan = try repository.igudar("prune", "-n", "--max-unused", "0", "--grace", "0").text
    #expect(plan.contains("to write anew: "))
    #expect(try packBytes() == before)
    let outcome = try repository.igudar("prune", "--max-unused", "0", "--grace", "0")
    // What it deletes itself is no loss to warn of.
    #expect(!outcome.errorText.contains("missing"))
    let done = outcome.text
    #expect(done.contains("wrote anew what is needed of "))
    #expect(done.contains("deleted "))
    #expect(try packBytes() < before - 600_000)
    try requireWhole()
    let again = try repository.igudar("prune", "--max-unused", "0", "--grace", "0").text
    #expect(again.contains("deleted 0 objects"))
  }

  @Test func whatIsCondemnedWaitsForTheGracePeriod() throws {
    let before = try packBytes()
    let first = try #require(try repository.snapshots()[0]["id"]?.text)
    let text = try repository.igudar("forget", "--keep-last", "1", "--prune").text
    #expect(text.contains("frees now: 0 B\n"))
    #expect(text.contains("by the first prune after 1d (--grace)"))
    #expect(try packBytes() >= before)
    try requireWhole()
    try repository.igudar("unforget", first)
    try repository.igudar("check", "--read-data")
    try repository.igudar("restore", "-q", first, "--target", repository.path("first"))
    let files = try repository.shell("ls first/src").lines
    #expect(files.contains("grain3"))
  }

  @Test func jsonHasResticsKeys() throws {
    try repository.igudar("forget", "--keep-last", "1")
    for option in ["--dry-run", "--max-unused=0"] {
      let text = try repository.igudar("prune", "--json", "--grace", "0", option).lines.last
      let line = try JSON(try #require(text))
      #expect(line["message_type"] == .text("summary"))
      let parts = [
        "blobs": [
          "used", "duplicate", "unused", "total", "repack", "repack_remove", "remove",
          "remove_total", "remaining",
        ],
        "bytes": [
          "used", "duplicate", "unused", "unreferenced", "total", "repack", "repack_remove",
          "remove", "remove_total", "remaining", "remaining_unused",
        ],
        "packfiles": [
          "used", "unused", "partly_used", "unreferenced", "total", "keep", "repack", "remove",
          "remove_total",
        ],
      ]
      for (part, keys) in parts {
        #expect(Set(keys).isSubset(of: line[part]?.keys ?? []))
      }
    }
  }

  @Test func aDryRunOfForgetForeseesThePrune() throws {
    let text = try repository.igudar(
      "forget", "--keep-last", "1", "-n", "--prune", "--max-unused", "0", "--grace", "0"
    ).text
    #expect(text.contains("Would have removed the following snapshots:"))
    #expect(text.contains("to write anew: "))
    #expect(try repository.snapshots().count == 2)
    let wrong = try repository.igudar("forget", "--keep-last", "1", "--max-unused", "x", code: 1)
    #expect(wrong.errorText.contains("--max-unused 'x'"))
    #expect(try repository.snapshots().count == 2)
  }

  @Test func damagedPacksStayAndAreTold() throws {
    try repository.igudar("forget", "--keep-last", "1")
    try repository.shell(
      """
      pack=$(find repo/packs -type f -size +1000k); chmod u+w $pack
      for at in $(seq 1000 9000 1500000); do
        printf X | dd of=$pack bs=1 seek=$at conv=notrunc status=none
      done
      """)
    let outcome = try repository.igudar("prune", "--max-unused", "0", "--grace", "0", code: 3)
    #expect(outcome.errorText.contains("stays as it is"))
  }

  @Test(
    arguments: [
      ("0", 0), ("90s", 90), ("30m", 1800), ("2h", 7200), ("1d12h", 129_600), ("7d", 604_800),
    ] as [(String, Int64)])
  func spans(_ text: String, _ seconds: Int64) throws {
    #expect(try TimeSpan(parsing: text).seconds == seconds)
    #expect(TimeSpan(seconds: seconds).description == (text == "90s" ? "1m30s" : text))
  }

  @Test(arguments: ["", "5", "h", "-1h", "1.5h", "1w", "99999999999d", "1h2"])
  func badSpans(_ text: String) {
    #expect(throws: Malformed.self) { try TimeSpan(parsing: text) }
  }
}
