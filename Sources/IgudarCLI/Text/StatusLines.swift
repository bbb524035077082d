// The two lines a running command draws: how far it is, and which file it is at.

import Platform

/// A sample of the counters as text.
struct StatusLines {
  private let sample: ProgressSample
  private let elapsed: Double

  init(_ sample: ProgressSample, _ elapsed: Double) {
    self.sample = sample
    self.elapsed = elapsed
  }

  /// 0 to 1, by bytes; by files when there are no bytes.
  var share: Double {
    if let total = sample.bytesTotal, total > 0 {
      return min(1, Double(sample.bytesDone) / Double(total))
    }
    guard let total = sample.filesTotal, total > 0 else { return 0 }
    return min(1, Double(sample.filesDone) / Double(total))
  }

  /// A guess from the average rate so far; nil while there is nothing to guess from.
  var secondsRemaining: Double? {
    guard elapsed >= 1, share > 0, share < 1 else { return nil }
    return elapsed * (1 - share) / share
  }

  /// One line of facts.
  ///
  /// `[0:12] 34.20%  120 / 300 files  1.234 GiB / 3.512 GiB  98.300 MiB/s  ETA 0:22`
  var summary: String {
    var parts = ["[\(humanDuration(elapsed))]"]
    if isTotalKnown { parts[0] += " \(fixed(share * 100, decimals: 2))%" }
    parts.append(filesText)
    if sample.bytesDone > 0 || sample.bytesTotal != nil { parts.append(bytesText) }
    if elapsed >= 1, sample.bytesDone > 0 {
      parts.append(humanSize(UInt64(Double(sample.bytesDone) / elapsed)) + "/s")
    }
    if sample.errorCount > 0 { parts.append(counted(sample.errorCount, "error")) }
    if let seconds = secondsRemaining { parts.append("ETA \(humanDuration(seconds))") }
    return parts.joined(separator: "  ")
  }

  /// One or two lines, none wider than the terminal: a line that wraps could not be wiped.
  func drawn(width: Int) -> [String] {
    let room = max(1, width - 1)
    var first = summary
    let barWidth = min(30, room - displayWidth(first) - 2)
    if isTotalKnown && barWidth >= 10 { first += "  " + bar(barWidth) }
    var lines = [prefix(first, room)]
    if let path = sample.current.first { lines.append(shortened(printable(path), to: room)) }
    return lines
  }

  private var isTotalKnown: Bool { sample.bytesTotal ?? sample.filesTotal != nil }

  private var filesText: String {
    let done = sample.filesDone
    guard let total = sample.filesTotal else { return counted(done, "file") }
    return "\(done) / \(counted(total, "file"))"
  }

  private var bytesText: String {
    let done = humanSize(sample.bytesDone)
    return sample.bytesTotal.map { "\(done) / \(humanSize($0))" } ?? done
  }

  private func bar(_ width: Int) -> String {
    let inner = width - 2
    let full = Int(Double(inner) * share)
    let tip = full < inner ? ">" : ""
    return "[" + String(repeating: "=", count: full) + tip
      + String(repeating: " ", count: max(0, inner - full - 1)) + "]"
  }

  private func prefix(_ text: String, _ width: Int) -> String {
    displayWidth(text) <= width ? text : String(text.prefix(width))
  }
}

/// restic's `status` line of `backup`.
@Sendable func backupStatus(_ sample: ProgressSample, _ elapsed: Double) -> JSONObject {
  var line = JSONObject(message: "status")
  line.addUnlessZero("seconds_elapsed", UInt64(elapsed))
  let remaining = StatusLines(sample, elapsed).secondsRemaining
  line.addUnlessZero("seconds_remaining", UInt64(remaining ?? 0))
  line.add("percent_done", StatusLines(sample, elapsed).share)
  line.addUnlessZero("total_files", sample.filesTotal ?? 0)
  line.addUnlessZero("files_done", sample.filesDone)
  line.addUnlessZero("total_bytes", sample.bytesTotal ?? 0)
  line.addUnlessZero("bytes_done", sample.bytesDone)
  line.addUnlessZero("error_count", sample.errorCount)
  if !sample.current.isEmpty { line.add("current_files", paths: sample.current) }
  return line
}

/// The `status` line of commands that go through packs.
@Sendable func packStatus(_ sample: ProgressSample, _ elapsed: Double) -> JSONObject {
  var line = JSONObject(message: "status")
  line.addUnlessZero("seconds_elapsed", UInt64(elapsed))
  line.addUnlessZero("total_packs", sample.filesTotal ?? 0)
  line.addUnlessZero("packs_done", sample.filesDone)
  line.addUnlessZero("total_bytes", sample.bytesTotal ?? 0)
  line.addUnlessZero("bytes_done", sample.bytesDone)
  return line
}
