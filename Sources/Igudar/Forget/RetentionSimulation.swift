// What a policy keeps over time: one snapshot a day, at one time of day, and the policy applied after
// each. No repository is needed for it.

public import Platform

/// A policy at work, day after day.
public struct RetentionSimulation: Sendable {
  /// What is kept after the run of a day.
  public struct Day: Sendable {
    /// The number of the day, from 1.
    public let number: Int
    /// When it ran.
    public let time: Timestamp
    /// How many snapshots are kept.
    public let keptCount: Int
    /// When the oldest of them was made.
    public let oldest: Timestamp
  }

  /// No simulation goes on for more days.
  static let limit = 36_600

  /// All days, in order.
  public let days: [Day]
  /// What is kept at the end, newest first, with the reasons.
  public let kept: [(time: Timestamp, reasons: [String])]
  /// On how many days the policy would have kept nothing, and was not applied.
  public let emptyCount: Int

  /// Daily runs from a moment on, for so long a time; `existing` are times of snapshots that are there
  /// before.
  ///
  /// Rules about tags, pins and single snapshots keep nothing here.
  public init(
    _ policy: RetentionPolicy, in zone: TimeZone, from start: Timestamp, for span: CalendarSpan,
    existing: [Timestamp] = []
  ) {
    let first = zone.civilTime(start)
    let end = span.after(start, in: zone)
    var candidates = existing.filter { $0 < start }.sorted(by: >)
      .map { RetentionPolicy.Candidate(time: $0) }
    var days: [Day] = []
    var reasons: [[String]] = []
    var emptyCount = 0
    for number in 1...Self.limit {
      var fields = first
      fields.day += number - 1
      let time = zone.moment(fields)
      guard time < end || number == 1 else { break }
      candidates.insert(RetentionPolicy.Candidate(time: time), at: 0)
      let later = Timestamp(seconds: time.seconds + 1, nanoseconds: time.nanoseconds)
      let judged = policy.reasons(to: candidates, in: zone, now: later)
      let kept = candidates.indices.filter { !judged[$0].isEmpty }
      if kept.isEmpty {
        emptyCount += 1
        reasons = candidates.map { _ in [] }
      } else {
        candidates = kept.map { candidates[$0] }
        reasons = kept.map { judged[$0] }
      }
      days.append(
        Day(
          number: number, time: time, keptCount: candidates.count,
          oldest: candidates.last?.time ?? time))
    }
    self.days = days
    self.emptyCount = emptyCount
    kept = zip(candidates, reasons).map { ($0.time, $1) }
  }
}
