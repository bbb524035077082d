// Which snapshots of a group stay, with restic's meaning of every rule (its manual, "Removing backup
// snapshots"), but with all periods in one declared time zone.
//
// Rules are alternatives. A count rule keeps the newest snapshot of each period that has one, and of
// its slots left over one for the oldest snapshot of all. Windows end at the newest snapshot of the
// group that is not in the future. What is kept for another reason uses up slots all the same.

import Platform
public import Vault

/// What is kept.
public struct RetentionPolicy: Hashable, Sendable {
  /// How many snapshots of each kind of period.
  public var counts: [RetentionPeriod: KeepCount] = [:]
  /// All snapshots of this long a time before the newest.
  public var within = CalendarSpan()
  /// One of each period in so long a time before the newest; not for `last`.
  public var withinByPeriod: [RetentionPeriod: CalendarSpan] = [:]
  /// Snapshots that have all tags of one of these lists; an empty tag stands for none.
  public var tagLists: [[[UInt8]]] = []
  /// Snapshots that are kept in any case.
  public var ids: Set<SnapshotID> = []

  /// A policy that keeps nothing.
  public init() {}

  /// Whether no rule keeps anything.
  public var isEmpty: Bool {
    counts.values.allSatisfy(\.isZero) && within.isZero
      && withinByPeriod.values.allSatisfy(\.isZero) && tagLists.isEmpty && ids.isEmpty
  }

  /// What a policy looks at.
  struct Candidate: Sendable {
    var time: Timestamp
    var tags: [[UInt8]] = []
    var id: SnapshotID?
    var isPinned = false
  }

  /// Why each candidate is kept, in the words of restic; none for those that are not.
  ///
  /// Candidates come newest first.
  func reasons(
    to candidates: [Candidate], in zone: TimeZone, now: Timestamp
  ) -> [[String]] {
    var rules = CountRules(counts)
    let newest = candidates.lazy.map(\.time).filter { $0 < now }.max()
    var windows = Windows(self, before: newest, in: zone)
    return candidates.indices.map { index in
      let candidate = candidates[index]
      let place = Place(
        index: index, isOldest: index == candidates.count - 1,
        time: zone.civilTime(candidate.time))
      return special(candidate) + windows.whole(candidate.time) + rules.keep(place)
        + windows.keep(place, candidate.time)
    }
  }

  private func special(_ candidate: Candidate) -> [String] {
    var reasons = candidate.isPinned ? ["pinned"] : []
    if let id = candidate.id, ids.contains(id) { reasons.append("id") }
    for list in tagLists where SnapshotFilter.holds(list, in: candidate.tags) {
      reasons.append("has tags [\(Self.text(of: list))]")
    }
    return reasons
  }

  private static func text(of list: [[UInt8]]) -> String {
    list.map { printable($0) }.joined(separator: ", ")
  }
}

extension RetentionPolicy: CustomStringConvertible {
  /// As restic says it: `keep 7 daily, 4 weekly snapshots`.
  public var description: String {
    var parts: [String] = []
    let periods = RetentionPeriod.allCases
    let kept = periods.compactMap { period -> String? in
      let name = period == .last ? "latest" : period.rawValue
      switch counts[period] {
      case nil, .atMost(0): return nil
      case .unlimited: return "all \(name)"
      case .atMost(let count): return "\(count) \(name)"
      }
    }
    if !kept.isEmpty { parts.append("\(kept.joined(separator: ", ")) snapshots") }
    let windows = periods.compactMap { period in
      withinByPeriod[period].flatMap { span in
        span.isZero ? nil : "\(period.rawValue) snapshots within \(span)"
      }
    }
    if !windows.isEmpty { parts.append(windows.joined(separator: ", ")) }
    var text = parts.joined(separator: ", ")
    var more = ids.map(\.shortHex).sorted().map { "snapshot \($0)" }
    if !tagLists.isEmpty {
      let lists = tagLists.map { "[\(Self.text(of: $0))]" }.joined(separator: " ")
      more.append("all snapshots with tags [\(lists)]")
    }
    if !within.isZero { more.append("all snapshots within \(within) of the newest") }
    for part in more { text += (text.isEmpty ? "" : " and ") + part }
    return text.isEmpty ? "remove" : "keep \(text)"
  }
}

/// A candidate's place in its group.
private struct Place {
  let index: Int
  let isOldest: Bool
  let time: CivilTime
}

/// The rules that count, with the slots that each has left.
private struct CountRules {
  private var rules: [(period: RetentionPeriod, count: KeepCount, last: Int)] = []

  init(_ counts: [RetentionPeriod: KeepCount]) {
    for period in RetentionPeriod.allCases {
      if let count = counts[period] { rules.append((period, count, -1)) }
    }
  }

  mutating func keep(_ place: Place) -> [String] {
    var reasons: [String] = []
    for index in rules.indices where !rules[index].count.isZero {
      let bucket = rules[index].period.bucket(of: place.time, index: place.index)
      let isNew = bucket != rules[index].last
      guard isNew || place.isOldest else { continue }
      rules[index].last = bucket
      if case .atMost(let count) = rules[index].count { rules[index].count = .atMost(count - 1) }
      reasons.append("\(isNew ? "" : "oldest ")\(rules[index].period.rawValue) snapshot")
    }
    return reasons
  }
}

/// The rules about a time before the newest snapshot.
private struct Windows {
  // Every snapshot is in a window whose beginning is not known: all of the group lie in the future.
  private let whole: (span: CalendarSpan, start: Timestamp?)?
  private var rules: [(period: RetentionPeriod, span: CalendarSpan, start: Timestamp?, last: Int)]

  init(_ policy: RetentionPolicy, before newest: Timestamp?, in zone: TimeZone) {
    let start = { (span: CalendarSpan) in newest.map { span.before($0, in: zone) } }
    whole = policy.within.isZero ? nil : (policy.within, start(policy.within))
    rules = RetentionPeriod.allCases.compactMap { period in
      guard period != .last, let span = policy.withinByPeriod[period], !span.isZero else {
        return nil
      }
      return (period, span, start(span), -1)
    }
  }

  func whole(_ time: Timestamp) -> [String] {
    guard let whole, whole.start.map({ $0 < time }) ?? true else { return [] }
    return ["within \(whole.span)"]
  }

  mutating func keep(_ place: Place, _ time: Timestamp) -> [String] {
    var reasons: [String] = []
    for index in rules.indices where rules[index].start.map({ $0 < time }) ?? true {
      let bucket = rules[index].period.bucket(of: place.time, index: place.index)
      let isNew = bucket != rules[index].last
      guard isNew || place.isOldest else { continue }
      rules[index].last = bucket
      let (period, span) = (rules[index].period.rawValue, rules[index].span)
      reasons.append("\(isNew ? "" : "oldest ")\(period) within \(span)")
    }
    return reasons
  }
}
