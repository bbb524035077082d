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
      // One file is there, so that there is one signal: a second one ends at once.
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
