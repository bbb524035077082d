// What progress shows, as plain numbers: the engine counts, the command looks.

/// The counters of a running command at one moment.
struct ProgressSample: Sendable {
  var filesDone: UInt64 = 0
  /// What is known of the whole so far; nil while nothing is known.
  var filesTotal: UInt64?
  var bytesDone: UInt64 = 0
  var bytesTotal: UInt64?
  var errorCount: UInt64 = 0
  /// Paths being worked on.
  var current: [[UInt8]] = []
}
