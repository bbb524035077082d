// When progress is shown at all, and how often: the rules of restic.

/// How often and in which style progress is shown.
struct ProgressPace: Equatable, Sendable {
  enum Style: Sendable { case none, drawn, plain, json }

  let style: Style
  let milliseconds: Int32

  var isShown: Bool { style != .none }

  /// `frames` is IGUDAR_PROGRESS_FPS: pictures a second, at most 60; nonsense counts as not set.
  init(json: Bool, quiet: Bool, terminal: Bool, frames: String?) {
    let wanted = frames.flatMap(Double.init).flatMap { $0 > 0 ? min($0, 60) : nil }
    milliseconds = Int32(1000 / max(wanted ?? (json ? 10 : 8), 0.001))
    if quiet {
      style = .none
    } else if json {
      style = .json
    } else if terminal {
      style = .drawn
    } else {
      style = wanted == nil ? .none : .plain
    }
  }
}
