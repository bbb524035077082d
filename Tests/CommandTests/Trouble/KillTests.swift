// kill -9 at any moment: nothing has to be done by hand afterwards, and nothing that was saved before
// is lost. Moments are random ones, and right before a system call of a number.

import Glibc
import Platform
import Storage
import Testing

@Suite struct KillTests {
  private let repository: TestRepository
  private let rounds: Rounds

  init() throws {
    repository = try TestRepository()
    rounds = Rounds(6)
    try repository.shell("mkdir src/a src/b src/b/c kept; seq 1 60000 > src/a/numbers")
  }

  /// A few files are new or changed, one is gone.
  private func change(_ random: inout SplitMix) throws {
    let folder = ["a", "b", "b/c"].randomElement(using: &random) ?? "a"
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let count = [0, 10, 5000, 60_000, 400_000].randomElement(using: &random) ?? 0
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      try repository.sandbox.write("src/\(folder)/\(Int.random(in: 0...20, using: &random))", bytes)
    }
    try repository.shell("find src -type f -name '1*' | head -n 1 | xargs -r rm")
  }

  /// What everybody expects of the repository after a kill; `kept` are copies of what was saved.
  private func expectAllIsWell(_ kept: inout [String: String], _ moment: String) throws {
    let check = try repository.sandbox.igudar("check", "--read-data")
    #expect(check.code == 0, "\(moment): \(check.errorText)")
    let next = try repository.sandbox.igudar("backup", "-q", "src")
    #expect(next.code == 0 && next.errors.isEmpty, "\(moment): \(next.errorText)")
    let newest = try #require(try repository.snapshots().last?["id"]?.text)
    if kept[newest] == nil {
      kept[newest] = "kept/\(kept.count)"
      try repository.shell("cp -a src kept/\(kept.count - 1)")
    }
    for snapshot in Set([newest, kept.keys.randomElement() ?? newest]) {
      try repository.igudar("restore", "-q", snapshot, "-t", "out")
      #expect(try repository.differences(kept[snapshot] ?? "", "out/src") == [], "\(moment)")
      try repository.shell("rm -r out")
    }
    #expect(try repository.shell("ls repo/tmp").output.isEmpty, "\(moment)")
  }

  @Test func atARandomMomentOfABackup() throws {
    var random = rounds.random
    var kept: [String: String] = [:]
    for round in 0..<rounds.count {
      try change(&random)
      let delay = UInt32.random(in: 0...120_000, using: &random)
      let child = try repository.sandbox.start("backup", "-q", "src")
      usleep(delay)
      child.signal(SIGKILL)
      _ = child.finish(within: 60)
      try expectAllIsWell(&kept, "seed \(rounds.seed), round \(round), \(delay) µs")
    }
  }

  // The calls that change what others see, and how many of them one thread makes at most.
  private static let calls = [
    "openat": 120, "pwrite64": 12, "write": 8, "fdatasync": 6, "fsync": 10, "renameat2": 3,
    "mkdirat": 4, "unlinkat": 3, "flock": 12, "utimensat": 8, "munmap": 40, "futex": 6,
  ].sorted { $0.key < $1.key }

  private func tracer(_ random: inout SplitMix) -> (Tracer, moment: String) {
    let (call, count) = Self.calls.randomElement(using: &random) ?? ("fsync", 1)
    let number = Int.random(in: 1...count, using: &random)
    return (
      .killing(at: call, number: number), "seed \(rounds.seed), before \(call) number \(number)"
    )
  }

  @Test(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
  func rightBeforeASystemCallOfABackup() throws {
    var random = rounds.random
    var kept: [String: String] = [:]
    for _ in 0..<rounds.count {
      try change(&random)
      let (tracer, moment) = tracer(&random)
      _ = try tracer.igudar(repository.sandbox, ["backup", "-q", "src"])
      try expectAllIsWell(&kept, moment)
    }
  }

  @Test(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
  func rightBeforeASystemCallOfAnythingElse() throws {
    var random = rounds.random
    var kept: [String: String] = [:]
    let verbs = [
      ["tag", "--add", "x", "latest"], ["repair", "index"], ["check"],
      ["key", "add", "--new-key-file", "other"], ["restore", "latest", "-t", "partly"],
    ]
    try repository.sandbox.write("other", [UInt8](repeating: 9, count: 32))
    for _ in 0..<rounds.count {
      let (tracer, moment) = tracer(&random)
      let verb = verbs.randomElement(using: &random) ?? []
      try expectAllIsWell(&kept, "\(moment) of \(verb)")
      _ = try tracer.igudar(repository.sandbox, verb)
      // A name holds a whole file or none.
      try repository.shell(
        "test ! -d partly || (cd partly; find . -type f ! -name '.*' -exec cmp '{}' ../'{}' ';')")
      try repository.shell("rm -rf partly")
      try expectAllIsWell(&kept, "\(moment) of \(verb)")
    }
  }

  // Every moment at which content is written or a file gets its name, in their order.
  @Test(
    .enabled(if: Tracer.isPermitted, "tracing is not permitted here"),
    arguments: ["pwrite64", "linkat", "renameat2", "renameat"])
  func aNameInARestoreHoldsAWholeFileOrNone(_ call: String) throws {
    try repository.shell(
      "cd src; rm -r *; head -c 900000 /dev/urandom > new; head -c 900000 /dev/urandom > old")
    _ = try repository.backup("src")
    let words = ["restore", "-q", "-j", "1", "latest:src", "-t", "out"]
    var killCount = 0
    for number in 1...60 {
      try repository.shell("rm -rf out; mkdir out; echo before > out/old")
      let code = try Tracer.killing(at: call, number: number).igudar(repository.sandbox, words).code
      let moment = "before \(call) number \(number)"
      let names = try repository.shell(
        """
        cd out; test ! -e new || cmp new ../src/new
        test "$(head -c 7 old)" = before || cmp old ../src/old; ls
        """
      ).lines
      #expect(Set(names).isSubset(of: ["new", "old"]), "\(moment)")
      if code == 0 { break }
      killCount += 1
      try repository.run(words)
      #expect(try repository.differences("src", "out") == [], "\(moment)")
    }
    // A new file gets its name by one of two, as the system lets it.
    let folder = try Descriptor.open(FilePath(repository.sandbox.path), O_RDONLY | O_DIRECTORY)
    let other = try Naming.available(in: folder.raw) == nil ? "linkat" : "renameat2"
    #expect(killCount > 0 || call == other)
  }

  @Test(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
  func rightBeforeASystemCallOfInit() throws {
    var random = rounds.random
    for round in 0..<rounds.count {
      let (tracer, moment) = tracer(&random)
      let place = "new-\(round)"
      _ = try tracer.igudar(repository.sandbox, ["-r", place, "init"])
      var again = try repository.sandbox.igudar("-r", place, "init")
      if again.errorText.contains("delete slots, keyring and journal") {
        // A repository that lost its format looks the same, so that is for a person to decide.
        try repository.shell("cd \(place); rm -r slots keyring journal")
        again = try repository.sandbox.igudar("-r", place, "init")
      }
      #expect(
        again.code == 0 || again.errorText.contains("already"), "\(moment): \(again.errorText)")
      try repository.igudar("-r", place, "backup", "-q", "src")
      try repository.igudar("-r", place, "check", "--read-data")
    }
  }
}
