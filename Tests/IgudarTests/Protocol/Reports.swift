// What players and deeds tell from their threads, each in its place.

import Platform

/// One report of everybody, changed from any thread.
final class Reports<Report: Sendable>: @unchecked Sendable {
  private let lock = Lock()
  private var reports: [Report]

  /// The same of all, until they tell.
  init(_ count: Int, _ first: Report) { reports = Array(repeating: first, count: count) }

  var all: [Report] { lock.withLock { reports } }
  func set(_ player: Int, _ report: Report) { lock.withLock { reports[player] = report } }
}
