// Lists that appear while they grow: a reader on a pipe waits a tenth of a second at most for what
// was found, and a fast list still goes out in large writes.

import Platform

/// Flushes an output often enough.
struct PatientLines {
  private let output: Output
  private var flushed = 0.0

  private static let patience = 0.1

  init(_ output: Output) {
    self.output = output
  }

  /// Flushes if the last time is long enough ago.
  mutating func flushIfDue() {
    let now = monotonicSeconds()
    guard now - flushed > Self.patience else { return }
    output.flush()
    flushed = now
  }
}
