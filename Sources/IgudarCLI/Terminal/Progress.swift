// The progress of a long command. A thread samples the engine's counters a few times a second and
// draws two status lines on a terminal, or prints JSON `status` lines with --json. On a pipe it stays
// silent unless IGUDAR_PROGRESS_FPS is set, in restic's manner. Nothing here touches the data path.

import Glibc
import Platform
import Synchronization

/// Shows samples until it is stopped.
final class Progress: Sendable {
  private let output: Output
  private let pace: ProgressPace
  private let sample: @Sendable () -> ProgressSample
  private let status: @Sendable (ProgressSample, Double) -> JSONObject
  private let started = monotonicSeconds()
  private let bell = Bell()
  private let thread = Mutex<Thread?>(nil)

  /// Takes counters from `sample`, which must be cheap and safe on any thread.
  ///
  /// `status` makes the JSON line of a sample and the elapsed seconds; without it restic's `backup`.
  init(
    _ output: Output,
    status: @escaping @Sendable (ProgressSample, Double) -> JSONObject = backupStatus,
    sample: @escaping @Sendable () -> ProgressSample
  ) {
    self.output = output
    self.status = status
    self.sample = sample
    pace = ProgressPace.chosen(for: output)
  }

  /// Whether there will be anything to see.
  static func isShown(on output: Output) -> Bool { ProgressPace.chosen(for: output).isShown }

  /// Shows progress while `body` runs, and wipes it before the result or the error goes on.
  func during<Result>(_ body: () throws -> Result) rethrows -> Result {
    start()
    defer { stop() }
    return try body()
  }

  private func start() {
    guard pace.isShown else { return }
    thread.withLock { thread in
      thread = Thread.start(name: "progress") { [self] in
        while bell.isSilent(milliseconds: pace.milliseconds) { show() }
      }
    }
  }

  private func stop() {
    bell.ring()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
    output.status([])
  }

  private func show() {
    let elapsed = monotonicSeconds() - started
    let sample = sample()
    switch pace.style {
    case .json: output.jsonNow(status(sample, elapsed))
    case .drawn where isInBackground(): output.status([])
    case .drawn: output.status(StatusLines(sample, elapsed).drawn(width: terminalWidth() ?? 80))
    case .plain: output.message(StatusLines(sample, elapsed).summary)
    case .none: break
    }
  }
}

extension ProgressPace {
  static func chosen(for output: Output) -> ProgressPace {
    ProgressPace(
      json: output.isJSON, quiet: output.verbosity == 0, terminal: isatty(STDERR_FILENO) == 1,
      frames: environment("IGUDAR_PROGRESS_FPS").map { String(decoding: $0, as: UTF8.self) })
  }
}

/// True when another job owns the terminal on standard error.
private func isInBackground() -> Bool {
  let owner = tcgetpgrp(STDERR_FILENO)
  return owner > 0 && owner != getpgrp()
}

/// Columns of the terminal that a descriptor is; nil when nobody knows.
func terminalWidth(of descriptor: Int32 = STDERR_FILENO) -> Int? {
  var size = winsize()
  let known = unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
  return known ? Int(size.ws_col) : nil
}

/// Seconds of a clock that never jumps.
func monotonicSeconds() -> Double { Double(monotonicNanoseconds()) / 1e9 }

/// A wait that another thread can end: a pipe, because `poll` waits on it with a limit of time.
private final class Bell: Sendable {
  private let ends: (read: Int32, write: Int32)

  init() {
    var pair: [Int32] = [-1, -1]
    _ = unsafe pipe(&pair)
    ends = (pair[0], pair[1])
    for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
  }

  func ring() {
    _ = unsafe write(ends.write, "!", 1)
  }

  /// Waits; true when nobody rang in that time.
  func isSilent(milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0)
    let count = unsafe poll(&entry, 1, milliseconds)
    return count == 0 || (count < 0 && errno == EINTR)
  }

  deinit {
    close(ends.read)
    close(ends.write)
  }
}
