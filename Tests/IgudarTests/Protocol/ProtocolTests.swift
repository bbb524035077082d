// The protocol of FORMAT.md sections 13 and 14 over the real code: no order of what clients do, and no
// crash, takes anything from a snapshot that is live. Every run explores small casts to the end and a
// sample of the whole one;
//
//   IGUDAR_TEST_CASTS="wwp wpf:mixed wwppfu/1" swift test --disable-xctest --filter ProtocolTests
//
// explores these casts to the end instead, from every beginning or the one named, and with a number
// behind it with so many switches away from who could go on, crashes included. IGUDAR_TEST_ROUNDS is
// the size of the sample, IGUDAR_TEST_SEED decides which.

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
    let usual = "wp wf wu pf:live pf:forgotten pf:condemned pu wpp:live wwp:live"
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
    print("\(plan), \(ContinuousClock.now - start): \(result.summary)")
    #expect(result.violation == nil)
    #expect(result.isComplete)
    #expect(result.unexpectedEndings == [])
  }

  @Test(arguments: Beginning.allCases)
  func noSampleOfTheWholeCastLosesAnything(beginning: Beginning) throws {
    let seed = Setting.seed()
    let count = Setting.number("IGUDAR_TEST_ROUNDS").map { Int(clamping: $0) } ?? 15
    let rehearsal = try Rehearsal(Scene(beginning), cast: "wbppfu", seed: seed)
    try rehearsal.perform(runCount: count)
    print(
      "IGUDAR_TEST_SEED=\(seed), \(beginning): \(rehearsal.runCount) runs, "
        + "\(rehearsal.actCount) calls, \(rehearsal.crashCount) crashes, \(rehearsal.endings)")
    #expect(rehearsal.violation == nil, "seed \(seed)")
    #expect(Exploration.unexpected(rehearsal.endings) == [], "seed \(seed)")
  }

  // MARK: Whether the explorer is to be believed

  @Test(arguments: ["wf:live", "wu:forgotten", "pf:mixed", "wp:condemned", "ff:live", "bf:live"])
  func whatIsLeftOutDoesNotMatter(word: String) throws {
    let (cast, beginning) = Self.halves(word[...], ":")
    let scene = try Scene(try #require(Beginning(rawValue: String(beginning))))
    var bounds = Bounds()
    bounds.ordersTwins = false
    let reduced = try Explorer(scene, cast: String(cast), bounds: bounds).explore()
    bounds.ordersOnlyConflicts = false
    let ordered = try Explorer(scene, cast: String(cast), bounds: bounds).explore()
    bounds.isReduced = false
    let whole = try Explorer(scene, cast: String(cast), bounds: bounds).explore()
    print("\(word): \(reduced.stateCount), \(ordered.stateCount), \(whole.stateCount) states")
    #expect(whole.isComplete && whole.violation == nil)
    #expect(ordered.stores.all == whole.stores.all)
    #expect(ordered.judged.all == whole.judged.all)
    #expect(Set(ordered.endings.keys) == Set(whole.endings.keys))
    expectEqual(reduced, ordered)
  }

  // Every player does everything that it does, ends in every way, and what counts of the store is
  // everything that it is.
  private func expectEqual(_ reduced: Exploration, _ ordered: Exploration) {
    #expect(reduced.isComplete && ordered.isComplete)
    #expect(reduced.violation == nil && ordered.violation == nil)
    #expect(reduced.judged.all == ordered.judged.all)
    #expect(reduced.endings == ordered.endings)
    #expect(reduced.beatCount == ordered.beatCount)
    #expect(reduced.stateCount < ordered.stateCount)
  }

  @Test(arguments: ["wp:mixed", "pp:live", "wpp:live", "wwp:live"])
  func ordersThatNobodyCaresForDoNotMatter(word: String) throws {
    let (cast, beginning) = Self.halves(word[...], ":")
    let scene = try Scene(try #require(Beginning(rawValue: String(beginning))))
    let reduced = try Explorer(scene, cast: String(cast)).explore()
    var bounds = Bounds()
    bounds.ordersOnlyConflicts = false
    let ordered = try Explorer(scene, cast: String(cast), bounds: bounds).explore()
    print("\(word): \(reduced.stateCount) of \(ordered.stateCount) states")
    expectEqual(reduced, ordered)
  }

  // The other half of all orders is the same with the names of two changed.
  @Test(arguments: ["ff:live", "uu:forgotten", "ww:live", "wpp:live"])
  func whichOfTwoThatDoTheSameBeginsDoesNotMatter(word: String) throws {
    let (cast, beginning) = Self.halves(word[...], ":")
    let scene = try Scene(try #require(Beginning(rawValue: String(beginning))))
    var swapped = Array(0..<cast.count)
    swapped.swapAt(cast.count - 2, cast.count - 1)
    let half = try Explorer(scene, cast: String(cast)).explore()
    let other = try Explorer(scene, cast: String(cast), numbers: swapped).explore()
    var bounds = Bounds()
    bounds.ordersTwins = false
    let whole = try Explorer(scene, cast: String(cast), bounds: bounds).explore()
    print("\(word): \(half.stateCount) of \(whole.stateCount) states")
    #expect(half.isComplete && other.isComplete && whole.isComplete)
    #expect(half.judged.all.union(other.judged.all) == whole.judged.all)
    #expect(half.stateCount == other.stateCount && half.stateCount < whole.stateCount)
    #expect(Set(half.endings.keys) == Set(whole.endings.keys))
    #expect(whole.violation == nil && half.violation == nil)
  }

  @Test(arguments: ["wp:forgotten", "pf:mixed", "wfu:live"])
  func whatPlayersDoTogetherIsWhatWasExplored(word: String) throws {
    let (cast, beginning) = Self.halves(word[...], ":")
    let scene = try Scene(try #require(Beginning(rawValue: String(beginning))))
    var bounds = Bounds()
    bounds.ordersOnlyConflicts = false
    let explored = try Explorer(scene, cast: String(cast), bounds: bounds).explore()
    let seed = Setting.seed()
    let rehearsal = try Rehearsal(scene, cast: String(cast), seed: seed)
    try rehearsal.perform(runCount: 40)
    print("\(word): \(rehearsal.stores.count) of \(explored.stores.count) stores")
    #expect(rehearsal.stores.isSubset(of: explored.stores.all), "seed \(seed)")
    #expect(rehearsal.endings.isSubset(of: explored.endings.keys), "seed \(seed)")
  }

  @Test(arguments: ["wp", "bp"], [Beginning.forgotten, .condemned])
  func withoutTheLookAtWhatItReliesOnACommitLosesIt(cast: String, beginning: Beginning) throws {
    var rules = AppendRules()
    rules.looksAtReliance = false
    let result = try Explorer(Scene(beginning, rules: rules), cast: cast).explore()
    print("\(cast), \(beginning): \(result.summary)")
    #expect(result.violation?.contains("has lost a chunk") == true)
  }

  @Test(arguments: ["wp", "bp"])
  func withoutTheLookAfterALostRaceACommitLosesIt(cast: String) throws {
    var rules = AppendRules()
    rules.looksAgain = false
    let result = try Explorer(Scene(.forgotten, rules: rules), cast: cast).explore()
    print("\(cast): \(result.summary)")
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
