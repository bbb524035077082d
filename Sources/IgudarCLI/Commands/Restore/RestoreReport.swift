// What `restore` tells: troubles and files while it runs, the summary at its end. Safe on any thread.

import Igudar
import Platform
import Vault

/// The messages of one restore.
struct RestoreReport: Sendable {
  private let output: Output
  private let started = monotonicSeconds()

  init(_ output: Output) {
    self.output = output
  }

  // MARK: While it runs

  func begin(_ snapshot: SnapshotInfo, _ selector: SnapshotSelector, _ target: FilePath) {
    let time = CivilTime(local: snapshot.time)
    let part = selector.path.map { names in
      "/\(FilePath(Array(names.map(\.bytes).joined(separator: [0x2f])))) of "
    }
    output.note(
      "restoring \(part ?? "")snapshot \(snapshot.id.shortHex) of \(time) to \(target)")
  }

  /// Shows progress while `body` runs.
  func showing(_ progress: RestoreProgress, _ body: () throws -> Void) rethrows {
    let status: @Sendable (ProgressSample, Double) -> JSONObject = { _, elapsed in
      Self.object("status", progress, elapsed)
    }
    try Progress(output, status: status, sample: { Self.sample(progress) }).during(body)
  }

  private static func sample(_ progress: RestoreProgress) -> ProgressSample {
    var sample = ProgressSample()
    sample.filesDone = progress.fileCount
    sample.filesTotal = progress.totalFileCount
    sample.bytesDone = progress.byteCount
    sample.bytesTotal = progress.totalByteCount
    sample.errorCount = progress.errorCount
    return sample
  }

  func take(_ event: RestoreEvent) {
    switch event {
    case .failed(let path, let message, _):
      output.warning(message, item: path.bytes, during: "restore")
    case .restored(let path, let size):
      guard output.isJSON else {
        return output.detail("restored  \(path), \(humanSize(size))", level: 3)
      }
      var line = JSONObject(message: "verbose_status")
      line.add("action", "restored")
      line.add("item", path: path.bytes)
      line.add("size", size)
      output.json(line)
    }
  }

  // MARK: At the end

  /// Prints the summary and answers the exit code.
  func finish(_ progress: RestoreProgress) throws(Failure) -> ExitCode {
    let elapsed = monotonicSeconds() - started
    if output.isJSON {
      output.json(Self.object("summary", progress, elapsed))
    } else {
      let (size, time) = (humanSize(progress.byteCount), humanDuration(elapsed))
      output.note(
        "restored \(counted(progress.fileCount, "file or folder", "files and folders")), "
          + "\(size) in \(time)")
    }
    guard progress.errorCount > 0 else { return .done }
    let count = counted(progress.errorCount, "item")
    guard progress.damageCount == 0 else {
      throw .damaged(
        "\(count) could not be restored, as the repository is damaged", repairable: false)
    }
    let text = "\(count) could not be restored as they should"
    guard progress.refusalCount == progress.errorCount else { throw Failure(text) }
    throw Failure(
      .incomplete, "\(text): that takes more rights",
      nextStep: "All else is restored. Root can set owners and make devices.")
  }

  private static func object(
    _ message: String, _ progress: RestoreProgress, _ elapsed: Double
  ) -> JSONObject {
    var line = JSONObject(message: message)
    line.addUnlessZero("seconds_elapsed", UInt64(elapsed))
    if message == "status" {
      line.add("percent_done", StatusLines(sample(progress), elapsed).share)
    }
    line.add("total_files", progress.totalFileCount)
    line.add("files_restored", progress.fileCount)
    line.addUnlessZero("error_count", progress.errorCount)
    line.add("total_bytes", progress.totalByteCount)
    line.add("bytes_restored", progress.byteCount)
    return line
  }
}
