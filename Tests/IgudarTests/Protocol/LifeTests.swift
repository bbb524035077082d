// Lives from many seeds.
//
//   IGUDAR_TEST_ROUNDS=100000 swift test --disable-xctest --filter LifeTests
//
// lives so many, and says what they came to; IGUDAR_TEST_SEED is the first seed, and with
// IGUDAR_TEST_ROUNDS=1 the only one.

import Storage
import Testing

@testable import Igudar
@testable import Vault

@Suite struct LifeTests {
  @Test(arguments: 0..<2)
  func whatWasReportedAsSavedRestores(part: Int) throws {
    let first = Setting.seed()
    let wanted = Setting.number("IGUDAR_TEST_ROUNDS").map { Int(clamping: $0) } ?? 1000
    let count = part == 0 ? (wanted + 1) / 2 : wanted / 2
    let scene = try Scene(.live)
    var report = LifeReport()
    var indexes: [IndexCache] = []
    for number in 0..<count {
      // Numbers of packs are never given out twice, so an index gets slower from life to life.
      if number % 64 == 0 {
        indexes = try (0..<3).map { _ in try .temporary(repository: scene.access.repository) }
      }
      let seed = first &+ UInt64(2 * number + part)
      let life = try Life(scene, seed: seed, indexes: indexes)
      try life.live()
      report += life.report
      guard let violation = life.violation else { continue }
      print(life.story.joined(separator: "\n"))
      Issue.record("IGUDAR_TEST_SEED=\(seed): \(violation)")
      return
    }
    print("IGUDAR_TEST_SEED=\(first), part \(part): \(count) lives, \(report)")
  }

  // What finds nothing proves nothing.
  @Test func withoutTheLookAtWhatACommitReliesOnALifeEndsBadly() throws {
    var rules = AppendRules()
    rules.looksAtReliance = false
    let scene = try Scene(.live, rules: rules)
    for seed in UInt64(1)...400 {
      let indexes = try (0..<3).map { _ in
        try IndexCache.temporary(repository: scene.access.repository)
      }
      let life = try Life(scene, seed: seed, indexes: indexes)
      try life.live()
      if let violation = life.violation { return print("seed \(seed): \(violation)") }
    }
    Issue.record("no life met it")
  }
}
