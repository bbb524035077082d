// A journal entry that is lost or damaged: machines that know it warn and write it back, others are
// told what to do.

import Testing

struct RepairJournalTests {
  private let test: TestRepository
  // What a machine needs that never saw the repository.
  private let stranger: [String: String]

  init() throws {
    test = try TestRepository()
    stranger = [
      "XDG_CACHE_HOME": test.path("other-cache"), "XDG_STATE_HOME": test.path("other-state"),
    ]
    try test.shell("mkdir other-cache other-state; chmod 700 other-cache other-state")
    for text in ["one", "two", "three"] {
      try test.shell("echo \(text) > src/\(text)")
      _ = try test.backup("src")
    }
    try test.shell("cp -a repo/journal good")
  }

  private static let entry = "journal/0000000000000002"

  @Test(arguments: ["rm", "truncate -s 5", "truncate -s +1"])
  func whoKnowsAnEntryWritesItBack(_ damage: String) throws {
    try test.shell("\(damage) repo/\(Self.entry)")
    // This machine reads what it remembers, and says so.
    let warned = try test.igudar("snapshots")
    #expect(warned.errorText.contains(Self.entry))
    #expect(warned.errorText.contains("igudar repair journal"))
    // Another cannot open the repository; its advice is about the journal.
    let other = try test.igudar("snapshots", environment: stranger, code: 5)
    #expect(other.errorText.contains(Self.entry))
    #expect(other.errorText.contains("igudar repair journal"))
    #expect(!other.errorText.contains("repair packs"))
    let lost = try test.igudar("repair", "journal", environment: stranger, code: 5)
    #expect(lost.errorText.contains("this machine has no copy of it"))
    let check = try test.igudar("check", code: 4)
    #expect(check.errorText.contains("igudar repair journal"))
    #expect(!check.errorText.contains("repair packs"))

    let plan = try test.igudar("repair", "journal", "--dry-run")
    #expect(plan.text.contains("\(Self.entry) "))
    #expect(plan.text.contains("1 entry would be written back, 0 lost"))
    try test.shell("! cmp -s good/0000000000000002 repo/\(Self.entry)")
    let repair = try test.igudar("repair", "journal", "--json")
    let lines = try JSON.lines(repair.text)
    #expect(lines.first?["object"] == .text(Self.entry))
    #expect(lines.last?["entries_repaired"] == .number(1))
    try test.shell("diff -r good repo/journal")

    #expect(try test.igudar("snapshots").errors.isEmpty)
    try test.igudar("check", environment: stranger)
    let again = try test.igudar("repair", "journal")
    #expect(again.text.contains("all of 4 entries are whole"))
  }

  @Test func theNewestEntryComesBackToo() throws {
    let newest = try test.shell("ls repo/journal | tail -1").lines[0]
    try test.shell("rm repo/journal/\(newest)")
    let alarm = try test.igudar("snapshots", code: 15)
    #expect(alarm.errorText.contains("has seen entry"))
    try test.igudar("repair", "journal")
    try test.shell("diff -r good repo/journal")
    #expect(try test.snapshots().count == 3)
  }

  // It is damage of one entry, and no sign of an older repository put back.
  @Test(arguments: ["mkdir", "mkfifo", "ln -s nothing"])
  func whatStandsInThePlaceOfTheNewestEntryMakesRoomForIt(_ kind: String) throws {
    let newest = try test.shell("cd repo; ls journal/* | tail -1").lines[0]
    try test.shell("rm repo/\(newest); \(kind) repo/\(newest)")
    for command in ["snapshots", "backup"] {
      let outcome = try test.igudar(command, command == "backup" ? "src" : "latest", code: 5)
      #expect(outcome.errorText.contains("\(newest) cannot be read (is no regular file)"))
      #expect(outcome.errorText.contains("igudar repair journal"))
    }
    try test.igudar("repair", "journal")
    try test.shell("diff -r good repo/journal")
    #expect(try test.snapshots().count == 3)
  }

  @Test func rebuildingTheIndexForgetsNoEntry() throws {
    try test.shell("rm repo/\(Self.entry)")
    try test.igudar("repair", "index")
    try test.igudar("repair", "journal")
    try test.shell("cmp good/$(basename \(Self.entry)) repo/\(Self.entry)")
    try test.igudar("check", environment: stranger)
  }

  @Test(arguments: [
    ("format", "has not changed since `igudar init`"),
    ("keyring/*", "has not changed since `igudar init`"), ("index/*", "igudar repair index"),
  ])
  func adviceIsAboutWhatIsDamaged(_ object: String, _ advice: String) throws {
    try test.shell("printf X | tee repo/\(object) > /dev/null")
    let outcome = try test.sandbox.igudar("check")
    #expect([4, 5].contains(outcome.code))
    #expect(outcome.errorText.contains(advice), "\(outcome.errorText)")
    #expect(!outcome.errorText.contains("repair packs"), "\(outcome.errorText)")
  }
}
