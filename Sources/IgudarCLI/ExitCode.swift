// The exit codes of the command, a promise to scripts. Codes are never reused.

/// What the process tells its caller at the end.
enum ExitCode: Int32, Sendable {
  case done = 0
  case failed = 1
  /// Some source data could not be read, or some snapshot not be removed; the rest was done.
  case incomplete = 3
  /// Damage was found that `repair` can mend.
  case repairable = 4
  /// Damage was found that nothing here can mend.
  case damaged = 5
  case refused = 6
  case noRepository = 10
  case wrongKey = 12
  case notPermitted = 13
  case storeFull = 14
  /// The repository went back in time, or has two histories.
  case rollback = 15
  /// The repository is newer than this program.
  case newer = 20
  case interrupted = 130

  /// The code that should win when a command met several troubles: the more alarming one.
  func worse(of other: ExitCode) -> ExitCode {
    Self.alarm.firstIndex(of: self) ?? 0 < Self.alarm.firstIndex(of: other) ?? 0 ? other : self
  }

  private static let alarm: [ExitCode] = [
    .done, .incomplete, .failed, .refused, .noRepository, .wrongKey, .notPermitted, .storeFull,
    .newer, .repairable, .damaged, .rollback, .interrupted,
  ]
}
