// What a policy keeps: restic's worked examples, its rules one by one, and a naive model.

import Platform
import Testing

@testable import Igudar

@Suite struct RetentionTests {
  private func noon(_ year: Int, _ month: Int, _ day: Int, hour: Int = 12) -> Timestamp {
    CivilTime(year: year, month: month, day: day, hour: hour).moment
  }

  private func kept(
    _ policy: RetentionPolicy, of times: [Timestamp], in zone: TimeZone = .utc,
    now: Timestamp = Timestamp(seconds: 4_000_000_000)
  ) -> [Timestamp: [String]] {
    let candidates = times.sorted(by: >).map { RetentionPolicy.Candidate(time: $0) }
    let reasons = policy.reasons(to: candidates, in: zone, now: now)
    return Dictionary(uniqueKeysWithValues: zip(candidates.map(\.time), reasons))
      .filter { !$1.isEmpty }
  }

  private var usual: RetentionPolicy {
    var policy = RetentionPolicy()
    policy.counts = [.daily: .atMost(7), .weekly: .atMost(4), .monthly: .atMost(6)]
    return policy
  }

  private var firstQuarter: [Timestamp] {
    (0..<90).map { Timestamp(seconds: noon(2026, 1, 1).seconds + $0 * 86400) }
  }

  @Test func resticsWorkedExample() {
    let expected =
      (25...31).map { noon(2026, 3, $0) } + [
        noon(2026, 3, 22), noon(2026, 3, 15), noon(2026, 2, 28), noon(2026, 1, 31),
        noon(2026, 1, 1),
      ]
    let kept = kept(usual, of: firstQuarter)
    #expect(Set(kept.keys) == Set(expected))
    #expect(kept[noon(2026, 1, 1)] == ["oldest monthly snapshot"])
    #expect(
      kept[noon(2026, 3, 31)] == ["daily snapshot", "weekly snapshot", "monthly snapshot"])
  }

  @Test func periodsWithoutSnapshotsDoNotCount() {
    let gap = noon(2026, 3, 10)...noon(2026, 3, 28)
    #expect(kept(usual, of: firstQuarter.filter { !gap.contains($0) }).count == 10)
  }

  @Test func windowsEndBeforeTheNewest() {
    var policy = RetentionPolicy()
    policy.within = CalendarSpan(months: 1)
    let times = [noon(2026, 3, 31), noon(2026, 3, 3), noon(2026, 3, 3, hour: 13)]
    // A month before 31 March is 3 March, and what is exactly so old goes.
    #expect(Set(kept(policy, of: times).keys) == [times[0], times[2]])
  }

  @Test func theFutureDoesNotMoveWindows() {
    var policy = RetentionPolicy()
    policy.within = CalendarSpan(days: 2)
    let times = [noon(2026, 3, 1), noon(2026, 3, 2), noon(2030, 1, 1)]
    #expect(kept(policy, of: times, now: noon(2026, 3, 3)).count == 3)
    #expect(kept(policy, of: [times[2]], now: noon(2026, 3, 3)).count == 1)
  }

  @Test func periodsBeginInTheZone() throws {
    var policy = RetentionPolicy()
    policy.counts[.daily] = .atMost(1)
    let evening = [noon(2026, 6, 1, hour: 21), noon(2026, 6, 1, hour: 23), noon(2026, 6, 1)]
    #expect(Set(kept(policy, of: evening).keys) == [evening[1]])
    policy.counts[.daily] = .atMost(2)
    #expect(Set(kept(policy, of: evening).keys) == [evening[1], evening[2]])
    let berlin = try TimeZone(named: "Europe/Berlin")
    #expect(Set(kept(policy, of: evening, in: berlin).keys) == [evening[1], evening[0]])
  }

  @Test func quartersAndHalves() {
    var policy = RetentionPolicy()
    policy.counts = [.quarterly: .atMost(3), .halfYearly: .atMost(2)]
    let times = (1...12).map { noon(2026, $0, 15) }
    let kept = kept(policy, of: times)
    #expect(kept[noon(2026, 12, 15)] == ["quarterly snapshot", "half-yearly snapshot"])
    #expect(Set(kept.keys) == Set([12, 9, 6].map { noon(2026, $0, 15) }))
  }

  @Test func tagsPinsAndNamesAreKeptBesides() {
    var policy = RetentionPolicy()
    policy.counts[.last] = .atMost(1)
    policy.tagLists = [[Array("a".utf8), Array("b".utf8)], [[]]]
    let tags: [[[UInt8]]] = [
      [Array("x".utf8)], [Array("a".utf8)], [Array("b".utf8), Array("a".utf8)], [],
      [Array("c".utf8)],
    ]
    var candidates = tags.indices.map { index in
      RetentionPolicy.Candidate(time: noon(2026, 1, 20 - index), tags: tags[index])
    }
    candidates[4].isPinned = true
    let reasons = policy.reasons(to: candidates, in: .utc, now: noon(2027, 1, 1))
    #expect(
      reasons == [["last snapshot"], [], ["has tags [a, b]"], ["has tags []"], ["pinned"]])
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func asTheModelSays(_ seed: UInt64) {
    var chance = SeededGenerator(seed: seed)
    var time = noon(2026, 11, 3).seconds
    var times: Set<Timestamp> = []
    for _ in 0..<Int.random(in: 1...60, using: &chance) {
      times.insert(Timestamp(seconds: time))
      time -= Int64.random(
        in: 1...([3000, 80_000, 900_000].randomElement(using: &chance) ?? 1), using: &chance)
    }
    var policy = RetentionPolicy()
    for period in RetentionPeriod.allCases where Bool.random(using: &chance) {
      policy.counts[period] =
        Int.random(in: 0...9, using: &chance) == 0
        ? .unlimited : .atMost(Int.random(in: 0...9, using: &chance))
    }
    let sorted = times.sorted(by: >)
    #expect(Set(kept(policy, of: sorted).keys) == model(policy, sorted), "seed \(seed)")
  }

  // For each rule the newest of each of the newest periods, and the oldest where there are too few.
  private func model(_ policy: RetentionPolicy, _ newestFirst: [Timestamp]) -> Set<Timestamp> {
    var kept: Set<Timestamp> = []
    for (period, count) in policy.counts where !count.isZero {
      var names: [String] = []
      var newest: [Timestamp] = []
      for time in newestFirst {
        let name = Self.name(of: period, at: time)
        if names.contains(name) { continue }
        names.append(name)
        newest.append(time)
      }
      let limit = if case .atMost(let limit) = count { limit } else { Int.max }
      kept.formUnion(newest.prefix(limit))
      if newest.count < limit, let oldest = newestFirst.last { kept.insert(oldest) }
    }
    return kept
  }

  // Periods of 2026 and the years around it by counting days, without a calendar.
  private static func name(of period: RetentionPeriod, at time: Timestamp) -> String {
    let days = Int(time.seconds / 86400)
    var (year, day) = (1970, days)
    func length(_ year: Int) -> Int { year % 4 == 0 ? 366 : 365 }
    while day >= length(year) {
      day -= length(year)
      year += 1
    }
    let months = [31, year % 4 == 0 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    var rest = day
    while rest >= months[month] {
      rest -= months[month]
      month += 1
    }
    switch period {
    case .last: return "\(time)"
    case .hourly: return "\(time.seconds / 3600)"
    case .daily: return "\(days)"
    case .weekly: return "\((days + 3) / 7)"
    case .monthly: return "\(year) \(month)"
    case .quarterly: return "\(year) \(month / 3)"
    case .halfYearly: return "\(year) \(month / 6)"
    case .yearly: return "\(year)"
    }
  }

  @Test func simulationsSettle() {
    let simulation = RetentionSimulation(
      usual, in: .utc, from: noon(2026, 1, 1), for: CalendarSpan(days: 400))
    #expect(simulation.days.count == 400)
    #expect(simulation.days.prefix(7).map(\.keptCount) == [1, 2, 3, 4, 5, 6, 7])
    #expect(simulation.days.map(\.keptCount).max() ?? 0 <= 17)
    #expect(simulation.days.last?.keptCount == simulation.kept.count)
    #expect(simulation.kept.first?.time == noon(2027, 2, 4))
  }
}
