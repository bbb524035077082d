// The protocol of FORMAT.md sections 13 and 14 over the real code: no order of what clients do, and no
// crash, takes anything from a snapshot that is live. Every run explores small casts to the end and a
// sample of the whole one;
//
//   IGUDAR_TEST_CASTS="wwp wpf:mixed wbppfu/1" swift test --disable-xctest --filter ProtocolTests
//
// explores these casts to the end instead, from every beginning or the one named, and with a number
// behind it with so many switches away from who could go on. IGUDAR_TEST_ROUNDS is the size of the
// sample, IGUDAR_TEST_SEED decides which.

import Glibc
import Testing

@testable import Igudar
@testable import Vault

@Suite struct ProtocolTests {
  /// What is to be explored.
  struct Plan: Hashable, Sendable {
    let cast: String
    let beginning: Beginning
    let switchLimit: Int?
  }

  private static let plans: [Plan] = {
    let usual = "wp:live wp:forgotten wf wu pf:live pf:forgotten pf:condemned pu"
    let wanted = Setting.text("IGUDAR_TEST_CASTS") ?? usual
    return wanted.split(separator: " ").flatMap { word in
      let (named, limit) = halves(word, "/")
      let (cast, beginning) = halves(named, ":")
      return Beginning.allCases.filter { beginning.isEmpty || $0.rawValue == beginning }.map {
        Plan(cast: String(cast), beginning: $0, switchLimit: Int(limit))
      }
    }
  }()

  private static func halves(
    _ text: Substring, _ mark: Character
  ) -> (first: Substring, second: Substring) {
    let parts = text.split(separator: mark, maxSplits: 1)
    return (parts.first ?? "", parts.count > 1 ? parts[1] : "")
  }

  @Test(arguments: plans)
  func noOrderAndNoCrashLosesAnything(plan: Plan) throws {
    var bounds = Bounds()
    bounds.switchLimit = plan.switchLimit
    let explorer = try Explorer(Scene(plan.beginning), cast: plan.cast, bounds: bounds)
    let start = ContinuousClock.now
    let result = try explorer.explore()
    print("\(plan), \(ContinuousClock.now - start): \(result)")
    #expect(result.violation == nil)
    #expect(result.isComplete)
    #expect(result.unexpectedEndings == [])
  }

  @Test(arguments: Beginning.allCases)
  func noSampleOfTheWholeCastLosesAnything(beginning: Beginning) throws {
    let seed = Setting.seed()
    let count = Setting.number("IGUDAR_TEST_ROUNDS").map { Int(clamping: $0) } ?? 15
    let explorer = try Explorer(Scene(beginning), cast: "wbppfu")
    let result = try explorer.sample(runCount: count, seed: seed)
    print("IGUDAR_TEST_SEED=\(seed), \(beginning): \(result)")
    #expect(result.violation == nil, "seed \(seed)")
    #expect(result.unexpectedEndings == [], "seed \(seed)")
  }

  @Test(arguments: ["wp", "bp"], [Beginning.forgotten, .condemned])
  func withoutTheLookAtWhatItReliesOnACommitLosesIt(cast: String, beginning: Beginning) throws {
    var rules = AppendRules()
    rules.looksAtReliance = false
    let result = try Explorer(Scene(beginning, rules: rules), cast: cast).explore()
    print("\(cast), \(beginning): \(result)")
    #expect(result.violation?.contains("has lost a chunk") == true)
  }

  @Test(arguments: ["wp", "bp"])
  func withoutTheLookAfterALostRaceACommitLosesIt(cast: String) throws {
    var rules = AppendRules()
    rules.looksAgain = false
    let result = try Explorer(Scene(.forgotten, rules: rules), cast: cast).explore()
    print("\(cast): \(result)")
    #expect(result.violation?.contains("has lost a chunk") == true)
  }

  // What was condemned from the beginning is rescued at the first look, and the rules of replay refuse
  // a rescue that comes too late.
  @Test func afterALostRaceNothingSweptIsRescued() throws {
    var rules = AppendRules()
    rules.looksAgain = false
    let result = try Explorer(Scene(.condemned, rules: rules), cast: "wp").explore()
    #expect(result.violation == nil)
    #expect(result.endings.keys.contains { $0.contains("it relies on a swept pack") })
  }
}
