// When a running backup is to commit what it has. The clock is one that nobody sets and that runs on
// while the machine sleeps, so that neither a wrong date nor its correction puts a checkpoint off.

/// Says when the next checkpoint is due.
struct CheckpointPace {
  private let interval: Duration
  private var last: ContinuousClock.Instant

  /// Counts from `start`.
  init(every interval: Duration, from start: ContinuousClock.Instant = .now) {
    self.interval = interval
    last = start
  }

  /// Whether a checkpoint is due, which then counts as made.
  mutating func isDue(at now: ContinuousClock.Instant = .now) -> Bool {
    guard now - last >= interval else { return false }
    last = now
    return true
  }
}
