// What `restore` tells: troubles and files while it runs, the summary at its end. Safe on any thread.

import Igudar
import Platform
import Vault

/// The messages of one restore.
final class RestoreReport: Sendable {
  private let output: Output
  private let isDryRun: Bool
  private let started = monotonicSeconds()
  // Paths that were told not to be restored, which is not told again when all is verified.
  private let known = PathMemory()

  init(_ output: Output, isDryRun: Bool) {
    self.output = output
    self.isDryRun = isDryRun
  }

  // MARK: While it runs

  func begin(_ snapshot: SnapshotInfo, _ selector: SnapshotSelector, _ target: FilePath) {
    let time = CivilTime(local: snapshot.time)
    let part = selector.path.map { names in
      "/\(FilePath(Array(names.map(\.bytes).joined(separator: [0x2f])))) of "
    }
    let what = "\(part ?? "")snapshot \(snapshot.id.shortHex) of \(time) to \(target)"
    output.note(isDryRun ? "to restore \(what), this would be done:" : "restoring \(what)")
  }

  /// Shows progress while `body` runs.
  func showing(_ progress: RestoreProgress, _ body: () throws -> Void) rethrows {
    let status: @Sendable (ProgressSample, Double) -> JSONObject = { _, elapsed in
      self.object("status", progress, elapsed)
    }
    try Progress(output, status: status, sample: { Self.sample(progress) }).during(body)
  }

  private static func sample(_ progress: RestoreProgress) -> ProgressSample {
    var sample = ProgressSample()
    sample.filesDone = progress.fileCount + progress.skippedFileCount
    sample.filesTotal = progress.totalFileCount
    sample.bytesDone = progress.byteCount + progress.skippedByteCount
    sample.bytesTotal = progress.totalByteCount
    sample.errorCount = progress.errorCount
    return sample
  }

  @Sendable func take(_ event: RestoreEvent) {
    switch event {
    case .failed(let path, let message, _, let part):
      if part == .file { known.insert(path) }
      output.warning(message, item: path.bytes, during: "restore")
    case .step(let step): tell(step)
    }
  }

  /// Whether a path was told to be missing or wrong.
  @Sendable func isKnown(_ path: FilePath) -> Bool { known.contains(path) }

  func beginVerification() { output.note("reading the restored files again") }

  /// Says that the patterns chose nothing, which a slip in one of them does.
  func warnOfNothing() {
    output.warning(
      "nothing matches --include, so nothing is restored; patterns are for paths within what is "
        + "restored, and `igudar ls` shows them",
      during: "restore")
  }

  private func tell(_ step: RestoreStep) {
    if output.isJSON {
      guard output.verbosity > 2 else { return }
      var line = JSONObject(message: "verbose_status")
      line.add("action", step.action.resticName)
      line.add("item", path: step.path.bytes)
      line.add("size", step.size)
      return output.json(line)
    }
    let word = isDryRun ? step.action.word : step.action.pastWord
    var text = "\(word)  \(step.path)"
    if step.size > 0 { text += ", \(humanSize(step.size))" }
    if output.verbosity > 1 { text += " (\(step.reasonText))" }
    // What is left alone is no news in a plan.
    let isNews = isDryRun && step.action != .leave
    output.detail(text, level: isNews ? 1 : isDryRun ? 2 : 3)
  }

  // MARK: At the end

  /// Prints the summary and answers the exit code.
  func finish(_ progress: RestoreProgress) throws(Failure) -> ExitCode {
    let elapsed = monotonicSeconds() - started
    if output.isJSON {
      output.json(object("summary", progress, elapsed))
    } else {
      output.note(summary(progress, elapsed))
    }
    guard progress.errorCount > 0 else { return .done }
    let count = counted(progress.errorCount, "item")
    guard progress.damageCount == 0 else {
      throw .damaged(
        "\(count) could not be restored, as the repository is damaged", repairable: false)
    }
    let text =
      "\(count) could not be restored as \(progress.errorCount == 1 ? "it" : "they") should"
    guard progress.refusalCount + progress.keptCount == progress.errorCount else {
      throw Failure(
        text,
        nextStep: """
          Mend what is named above, as by making room or choosing another --target, then run it again: \
          what is there by now is not written again.
          """)
    }
    guard progress.refusalCount > 0 else { throw Self.kept(progress.keptCount) }
    let isNothingThere = progress.fileCount == 0 && progress.skippedFileCount == 0
    guard !isNothingThere else { throw .notPermitted("\(text): that takes more rights") }
    throw Failure(
      .incomplete, "\(text): that takes more rights",
      nextStep: "All else is restored. Root can set owners and make devices; --no-owner sets none.")
  }

  private static func kept(_ count: UInt64) -> Failure {
    Failure(
      .incomplete,
      "\(counted(count, "place")) \(count == 1 ? "was left as it is" : "were left as they are")",
      nextStep: "All else is restored.")
  }

  private func summary(_ progress: RestoreProgress, _ elapsed: Double) -> String {
    let verb = isDryRun ? "would restore" : "restored"
    let count = counted(progress.fileCount, "file or folder", "files and folders")
    let size = humanSize(progress.byteCount)
    var text = "\(verb) \(count)"
    text += isDryRun ? "" : ", \(size) in \(humanDuration(elapsed))"
    if progress.skippedFileCount > 0 {
      let size = humanSize(progress.skippedByteCount)
      text += "; \(progress.skippedFileCount) were there already, \(size)"
    }
    if progress.deletedFileCount > 0 {
      text += "; \(progress.deletedFileCount) \(isDryRun ? "would be " : "")deleted"
    }
    return text
  }

  private func object(
    _ message: String, _ progress: RestoreProgress, _ elapsed: Double
  ) -> JSONObject {
    var line = JSONObject(message: message)
    line.addUnlessZero("seconds_elapsed", UInt64(elapsed))
    if message == "status" {
      line.add("percent_done", StatusLines(Self.sample(progress), elapsed).share)
    }
    line.add("total_files", progress.totalFileCount)
    line.add("files_restored", progress.fileCount)
    line.addUnlessZero("files_skipped", progress.skippedFileCount)
    line.addUnlessZero("files_deleted", progress.deletedFileCount)
    line.addUnlessZero("error_count", progress.errorCount)
    line.add("total_bytes", progress.totalByteCount)
    line.add("bytes_restored", progress.byteCount)
    line.addUnlessZero("bytes_skipped", progress.skippedByteCount)
    return line
  }
}
