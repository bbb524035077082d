// Many at once on one repository: backups, prunes, checks, forgets, some of them killed. Nobody waits
// for a lock and nobody is in another's way, but for a prune without a grace period, which may take from
// a backup what it was about to rely on; that one says so and is run again.

import Glibc
import Platform
import Storage
import Testing

@Suite struct CrowdTests {
  private let repository: TestRepository
  private let kept: KeptSnapshots
  private let rounds: Rounds

  init() throws {
    repository = try TestRepository()
    kept = try KeptSnapshots(repository)
    rounds = Rounds(1)
    for number in 0..<8 {
      try repository.shell(
        "mkdir -p src\(number)/a src\(number)/b/c; seq \(number) 30000 > src\(number)/a/n")
    }
  }

  /// A backup of each source, a prune, a check, all at the same time.
  private func crowd(
    _ random: inout SplitMix, prune: [String], kills: Bool, _ moment: String
  ) throws {
    for number in 0..<8 { try kept.change("src\(number)", &random) }
    let backups = try (0..<8).map { number in
      try repository.sandbox.start("backup", "-q", "--json", "src\(number)")
    }
    let others = [
      try repository.sandbox.start(words: prune),
      try repository.sandbox.start("check", "--read-data"),
    ]
    if kills {
      for child in [backups[0], backups[4], others[0]] {
        usleep(UInt32.random(in: 0...80_000, using: &random))
        child.signal(SIGKILL)
      }
    }
    for (number, child) in backups.enumerated() {
      var outcome = child.finish(within: 120)
      if outcome.code == 1 && prune.contains("0") {
        #expect(outcome.errorText.contains("meanwhile"), "\(moment): \(outcome.errorText)")
        outcome = try repository.sandbox.igudar("backup", "-q", "--json", "src\(number)")
      }
      let isKilled = kills && [0, 4].contains(number) && outcome.code == 128 + SIGKILL
      #expect(outcome.code == 0 || isKilled, "\(moment): \(outcome.errorText)")
      try kept.note(outcome, of: "src\(number)")
    }
    for (number, child) in others.enumerated() {
      let outcome = child.finish(within: 120)
      let isKilled = kills && number == 0 && outcome.code == 128 + SIGKILL
      #expect(outcome.code == 0 || isKilled, "\(moment): \(outcome.errorText)")
    }
  }

  @Test(arguments: [["prune"], ["prune", "--grace", "0"]])
  func eightBackupsAPruneAndACheckAtOnce(prune: [String]) throws {
    var random = rounds.random
    for round in 0..<rounds.count {
      let moment = "seed \(rounds.seed), round \(round), \(prune)"
      try crowd(&random, prune: prune, kills: false, moment)
      try kept.expectWhole(moment)
      let forgotten = Array(kept.ids.shuffled(using: &random).prefix(6))
      try repository.run(["forget"] + forgotten)
      try crowd(&random, prune: prune, kills: true, moment)
      try kept.expectWhole(mayLack: forgotten, moment)
    }
  }
}
