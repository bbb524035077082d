// SIGINT and SIGTERM end a backup with what it has: a partial snapshot that restores, and from which the
// next backup goes on.

import Glibc
import Platform
import Storage
import Testing

@Suite(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
struct SignalTests {
  private let repository: TestRepository
  private let rounds: Rounds

  init() throws {
    repository = try TestRepository()
    rounds = Rounds(2)
    try repository.shell(
      """
      for i in $(seq 10 49); do
        mkdir -p src/$i/lone; seq $i 3000 > src/$i/lone/only
        seq ${i}00000 $((i + 1))00000 > src/$i/other
      done
      """)
  }

  @Test(arguments: ["INT", "TERM"])
  func aBackupEndsWithAPartialSnapshot(signal: String) throws {
    var random = rounds.random
    for round in 0..<rounds.count {
      let number = Int.random(in: 15...30, using: &random)
      let moment = "seed \(rounds.seed), round \(round), \(signal) in folder \(number)"
      try repository.shell(
        "for i in src/*/* src/*/lone/*; do test -d $i || echo \(round) >> $i; done")
      // One file is there, so that there is one signal.
      let folder = repository.path("src/\(number)/lone")
      let tracer = Tracer.signalling(signal, atFirstOpenIn: folder)
      let outcome = try tracer.igudar(repository.sandbox, ["backup", "-q", "src"])
      #expect(outcome.code == 130, "\(moment): \(outcome.code) \(outcome.errorText)")
      let partial = try repository.snapshots().first { $0["partial"] != nil }
      let id = try #require(partial?["id"]?.text, "\(moment)")
      try repository.igudar("restore", "-q", id, "-t", "out")
      try repository.shell(
        "cd out/src; find . -type f -exec cmp '{}' ../../src/'{}' ';'; rm -r ../../out")
      try repository.igudar("check", "--read-data")
      try repository.igudar("backup", "-q", "src")
      #expect(try repository.snapshots().allSatisfy { $0["partial"] == nil }, "\(moment)")
      try repository.igudar("restore", "-q", "latest", "-t", "out")
      #expect(try repository.differences("src", "out/src") == [], "\(moment)")
      try repository.shell("rm -r out")
    }
  }
}

/// A second signal.
struct SecondSignalTests {
  // It waits for somebody who holds the cache's lock.
  @Test func itEndsTheProgramAtOnceAndSaysSo() throws {
    let test = try TestRepository()
    try test.igudar("backup", "-q", "--stdin-from-command", "--", "/bin/echo", "one")
    let outcome = try test.shell(
      """
      exec 9< "$(echo cache/igudar/*/guard)"; flock 9
      \(Program.path) snapshots 9<&- 2>&1 &
      catches() { echo $((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' /proc/$1/status) >> 14 & 1)); }
      while test "$(catches $!)" = 0; do sleep 0.01; done
      while kill -TERM $!; do sleep 0.05; done 2> /dev/null
      code=0; wait $! || code=$?; echo $code
      """)
    #expect(outcome.text.contains("second signal"), "\(outcome.text)")
    #expect(outcome.lines.last == "130")
    try test.igudar("check", "--read-data")
  }
}

/// A signal while the password is still to come.
struct PasswordSignalTests {
  @Test func aCommandThatIsToPrintItIsEndedToo() throws {
    let test = try TestRepository()
    let outcome = try test.shell(
      """
      unset IGUDAR_PASSWORD
      echo 'echo $$ > child; exec sleep 600' > ask
      \(Program.path) snapshots --password-command "sh ask" 2>&1 &
      while ! test -s child; do sleep 0.01; done
      kill -TERM $!
      code=0; wait $! || code=$?
      ! kill -0 $(cat child) 2> /dev/null || echo "the child is still there"
      echo $code
      """)
    #expect(outcome.lines == ["igudar: interrupted", "130"])
  }
}

/// What a system may withhold from a program.
struct BareSystemTests {
  @Test func aFileThatIsLongerThanIsPermittedIsAnErrorAndNoSignal() throws {
    let test = try TestRepository()
    try test.shell("head -c 3000000 /dev/urandom > src/large; echo small > src/small")
    try test.igudar("backup", "src")
    let script = "ulimit -f 1000; exec \(Program.path) restore -q latest:src -t out"
    let outcome = try test.sandbox.run("/bin/sh", [Array("-c".utf8), Array(script.utf8)])
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("out/large: File too large"))
    try test.shell("cmp src/small out/small; test \"$(ls -A out)\" = small")
  }

  /// Too little memory, wherever it is missed, is a message and never a crash.
  @Test func whoHasTooLittleMemoryIsToldSo() throws {
    let test = try TestRepository()
    try test.shell("head -c 20000000 /dev/urandom > src/large; echo small > src/small")
    try test.igudar("backup", "-q", "src")
    var failures = 0
    for mebibytes in stride(from: 200, through: 1500, by: 100) {
      let script = "ulimit -v \(mebibytes << 10); exec \(Program.path) backup -q -f -j 8 src"
      let outcome = try test.sandbox.run("/bin/sh", [Array("-c".utf8), Array(script.utf8)])
      #expect([0, 1].contains(outcome.code), "\(mebibytes) MiB: \(outcome.errorText)")
      guard outcome.code == 1 else { continue }
      failures += 1
      #expect(outcome.errorText.hasPrefix("igudar: "), "\(mebibytes) MiB")
      #expect(outcome.errorText.contains("ulimit -v"), "\(mebibytes) MiB: \(outcome.errorText)")
    }
    #expect(failures > 0)
    try test.igudar("check", "--read-data")
  }

  @Test func noConfigurationOfALibraryIsRead() throws {
    let test = try TestRepository()
    try test.shell("head -c 3000000 /dev/urandom > src/large; mkfifo configuration")
    let place = ["OPENSSL_CONF": test.path("configuration")]
    try test.igudar("backup", "src", environment: place)
    try test.igudar("check", "--read-data", environment: place)
  }

  @Test func aTimeZoneThatIsAPipeIsNotWaitedFor() throws {
    let test = try TestRepository()
    try test.shell("echo one > src/one; mkfifo zone")
    try test.igudar("backup", "src")
    let zone = ["TZ": ":" + test.path("zone")]
    #expect(try test.igudar("snapshots", environment: zone).text.contains("1 snapshot"))
    try test.igudar("ls", "-l", "latest", environment: zone)
  }

  @Test(.enabled(if: Disk.isPermitted, "/proc cannot be taken away here"))
  func withoutProcArgumentsAreRead() throws {
    let test = try TestRepository()
    try test.shell("echo one > src/one")
    let program = Program.path
    let script = """
      umount -l /proc; \(program) backup -q src && \(program) snapshots && \(program) nothing
      """
    let arguments = ["-m", "/bin/sh", "-c", script].map { Array($0.utf8) }
    let outcome = try test.sandbox.run("/usr/bin/unshare", arguments)
    #expect(outcome.code == 1)
    #expect(outcome.text.contains("1 snapshot"), "\(outcome.text)\(outcome.errorText)")
    #expect(outcome.errorText.contains("nothing"))
  }
}
