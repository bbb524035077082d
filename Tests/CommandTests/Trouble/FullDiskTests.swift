// Disks that are full, wherever something is written: one message with the place, nothing lost, and
// all goes on once there is room.

import Glibc
import Platform
import Testing

@Suite(.enabled(if: Disk.isPermitted, "mounting a disk is not permitted here"))
struct FullDiskTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell("head -c 300000 /dev/urandom > src/a")
  }

  private func expectFull(
    _ outcome: Outcome, at place: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.code == 14, "\(outcome.errorText)", sourceLocation: sourceLocation)
    #expect(outcome.errorText.contains("\(place)/"), sourceLocation: sourceLocation)
    #expect(
      outcome.errorText.contains("No space left on device"), "\(outcome.errorText)",
      sourceLocation: sourceLocation)
    #expect(outcome.errorText.split(separator: "\n").count == 2, sourceLocation: sourceLocation)
  }

  @Test func aFullStoreFailsABackupAndNothingElse() throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 8 << 20)
    let place = disk.path + "/repo"
    try disk.fill()
    expectFull(try repository.igudar("-r", place, "init", code: 14), at: place)
    disk.empty()
    try repository.igudar("-r", place, "init")
    try repository.igudar("-r", place, "backup", "-q", "src")
    try repository.shell("cp -a src first; head -c 1500000 /dev/urandom > src/b")
    for rest in [0, 70_000, 1_100_000] {
      try disk.fill(leaving: rest)
      expectFull(try repository.igudar("-r", place, "backup", "-q", "src", code: 14), at: place)
      try repository.igudar("-r", place, "check", "--read-data")
      try repository.igudar("-r", place, "restore", "-q", "latest", "-t", "out-\(rest)")
      #expect(try repository.differences("first", "out-\(rest)/src") == [])
      disk.empty()
    }
    try repository.igudar("-r", place, "backup", "-q", "src")
    try repository.igudar("-r", place, "check", "--read-data")
    try repository.igudar("-r", place, "restore", "-q", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  // A command that has more to say, but not yet, does not keep the backup from its end, be it that its data
  // waits for the store or that all of it is read when a pack cannot be stored.
  @Test(arguments: [60_000_000, 30_000_000])
  func aFullStoreFailsABackupOfACommandThatGoesOn(_ size: Int) throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 8 << 20)
    let place = disk.path + "/repo"
    try repository.igudar("-r", place, "init")
    let script = "head -c \(size) /dev/urandom; exec sleep 86400"
    let child = try repository.sandbox.start(
      "-r", place, "backup", "-q", "--stdin-from-command", "--", "sh", "-c", script)
    expectFull(child.finish(within: 120), at: place)
  }

  @Test func aFullStoreIsPruned() throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 16 << 20)
    let place = disk.path + "/repo"
    try repository.igudar("-r", place, "init")
    for script in [
      "head -c 3000000 /dev/urandom > src/old", "rm src/old; head -c 1500000 /dev/urandom > src/b",
      "rm src/a; head -c 900000 /dev/urandom > src/c",
    ] {
      try repository.shell(script)
      try repository.igudar("-r", place, "backup", "-q", "src")
    }
    try disk.fill()
    expectFull(
      try repository.igudar("-r", place, "tag", "--add", "x", "latest", code: 14), at: place)
    try repository.igudar("-r", place, "forget", "-q", "--keep-last", "1")
    let text = try repository.igudar(
      "-r", place, "prune", "--max-unused", "0", "--grace", "0"
    ).text
    #expect(text.contains("deleted "))
    try repository.igudar("-r", place, "tag", "--add", "x", "latest")
    try repository.shell("test -s '\(place)/reserve'")
    disk.empty()
    try repository.igudar("-r", place, "check", "--read-data")
    try repository.igudar("-r", place, "restore", "-q", "latest", "-t", "out")
    #expect(try repository.differences("src", "out/src") == [])
  }

  // A small pack before a large one once made every smaller step the same step.
  @Test func aStoreWithoutRoomForAnythingEndsAPrune() throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 24 << 20)
    let place = disk.path + "/repo"
    try repository.igudar("-r", place, "init", "--pack-size", "4M")
    try repository.igudar("-r", place, "backup", "-q", "src")
    for name in 1...3 {
      try repository.shell("head -c 1800000 /dev/urandom > src/large\(name)")
      try repository.igudar("-r", place, "backup", "-q", "src")
    }
    try disk.fill()
    let outcome = try repository.igudar("-r", place, "prune", code: 14)
    #expect(outcome.errorText.contains("the store is full"))
    disk.empty()
    try repository.igudar("-r", place, "check", "--read-data")
  }

  @Test func aFullStoreChangesNoTagKeyOrIndex() throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 4 << 20)
    let place = disk.path + "/repo"
    try repository.sandbox.write("other", [UInt8](repeating: 9, count: 32))
    try repository.igudar("-r", place, "init")
    try repository.igudar("-r", place, "backup", "-q", "src")
    let keys = try repository.igudar("-r", place, "key", "list").text
    try disk.fill()
    for verb in [
      ["tag", "--add", "x", "latest"], ["key", "add", "--new-key-file", "other"],
      ["key", "passwd", "--new-key-file", "other"], ["repair", "index"],
    ] {
      expectFull(try repository.run(["-r", place] + verb, code: 14), at: place)
    }
    disk.empty()
    #expect(try repository.igudar("-r", place, "key", "list").text == keys)
    #expect(try JSON(repository.igudar("-r", place, "snapshots", "--json").text)[0]?["tags"] == nil)
    try repository.igudar("-r", place, "check", "--read-data")
  }

  // The sizes end in different calls of the index cache.
  @Test(arguments: [0, 8 << 10, 68 << 10, 96 << 10, 160 << 10])
  func aFullCacheCostsATemporaryOneAndNothingElse(room: Int) throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 1 << 20)
    let cache = ["XDG_CACHE_HOME": disk.path]
    try disk.fill(leaving: room)
    for verb in [
      ["backup", "-q", "src"], ["restore", "-q", "latest", "-t", "out"], ["check", "--read-data"],
      ["repair", "index"], ["backup", "-q", "src"], ["stats"],
    ] {
      let outcome = try repository.run(verb, environment: cache)
      #expect(room > 90_000 || outcome.errorText.contains(disk.path), "\(verb)")
      #expect(room > 90_000 || outcome.errorText.contains("makes a temporary one"), "\(verb)")
    }
    #expect(try repository.differences("src", "out/src") == [])
    disk.empty()
    #expect(try repository.igudar("backup", "-q", "src", environment: cache).errors.isEmpty)
    #expect(try repository.igudar("check", environment: cache).errors.isEmpty)
  }

  @Test func aFullStateFolderIsToldAndWhatItRemembersStillProtects() throws {
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 1 << 20)
    let state = ["XDG_STATE_HOME": disk.path]
    try disk.fill()
    let new = try repository.igudar("backup", "-q", "src", environment: state)
    #expect(new.errorText.contains(disk.path) && new.errorText.contains("cannot be noticed"))
    disk.empty()
    try repository.shell("cp -a repo old")
    #expect(try repository.igudar("backup", "-q", "src", environment: state).errors.isEmpty)
    try disk.fill()
    try repository.igudar("backup", "-q", "src", environment: state)
    try repository.igudar("restore", "-q", "latest", "-t", "out", environment: state)
    try repository.shell("mv repo new; mv old repo")
    try repository.igudar("snapshots", environment: state, code: 15)
    disk.empty()
    try repository.shell("mv repo old; mv new repo")
    #expect(try repository.igudar("snapshots", environment: state).errors.isEmpty)
  }

  // Without a cache the index is a temporary file.
  @Test func wherePartOfATemporaryFileHasNoRoomTheNextFolderIsTaken() throws {
    try repository.igudar("backup", "-q", "src")
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 256 << 10)
    for rest in [0, 8192, 80_000] {
      try disk.fill(leaving: rest)
      let outcome = try repository.igudar(
        "restore", "-q", "--no-cache", "latest", "-t", "out-\(rest)",
        environment: ["TMPDIR": disk.path])
      #expect(outcome.errors.isEmpty, "\(outcome.errorText)")
      #expect(try repository.differences("src", "out-\(rest)/src") == [])
      disk.empty()
      #expect(try repository.shell("ls -A \(disk.path)").lines.isEmpty)
    }
  }

  @Test func aFullTargetLeavesWholeFilesAndNoOthers() throws {
    try repository.shell("for i in 1 2 3 4 5; do head -c 300000 /dev/urandom > src/$i; done")
    try repository.igudar("backup", "-q", "src")
    let disk = try Disk(repository.sandbox, "disk", sizeBytes: 1 << 20)
    let outcome = try repository.igudar("restore", "latest", "-t", "\(disk.path)/out", code: 1)
    #expect(outcome.errorText.contains("\(disk.path)/out/src/"))
    #expect(outcome.errorText.contains("making room"))
    #expect(outcome.errorText.contains("No space left on device"))
    let left = try repository.shell(
      "cd \(disk.path)/out/src; find . -type f -print -exec cmp '{}' '\(repository.path("src"))/{}' ';'"
    )
    #expect((1...4).contains(left.lines.count), "\(left.text)")
  }
}
