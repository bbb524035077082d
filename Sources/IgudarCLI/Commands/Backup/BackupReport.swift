// What `backup` tells: troubles and files while it runs, the summary at its end. Safe on any thread.

import Igudar
import Platform
import Vault

/// The messages of one backup.
struct BackupReport: Sendable {
  private let output: Output
  private let isDryRun: Bool

  init(_ output: Output, isDryRun: Bool) {
    self.output = output
    self.isDryRun = isDryRun
  }

  /// The engine's counters as progress shows them.
  static func sample(_ progress: BackupProgress) -> ProgressSample {
    var sample = ProgressSample()
    sample.filesDone = progress.fileCount
    sample.bytesDone = progress.byteCount
    sample.errorCount = progress.errorCount
    if progress.isScanned {
      sample.filesTotal = progress.totalFileCount
      sample.bytesTotal = progress.totalByteCount
    }
    if let file = progress.currentFile { sample.current = [file.bytes] }
    return sample
  }

  // MARK: While it runs

  func take(_ event: BackupEvent) {
    switch event {
    case .failed(let error):
      output.warning(error.message, item: error.path.bytes, during: error.during.rawValue)
    case .done(let path, let action, let size): tell(path, action, size)
    case .scanned(let count, let size): tellScan(count, size)
    case .excluded(let path):
      if output.isJSON {
        var line = JSONObject(message: "excluded_item")
        line.add("item", path: path.bytes)
        output.json(line)
      } else {
        output.detail("excluded   \(path)", level: 3)
      }
    }
  }

  private func tell(_ path: FilePath, _ action: BackupAction, _ size: UInt64) {
    guard output.isJSON else {
      let word = action.rawValue + String(repeating: " ", count: 9 - action.rawValue.count)
      output.detail("\(word)  \(path), \(humanSize(size))", level: 3)
      return
    }
    var line = JSONObject(message: "verbose_status")
    line.add("action", action.rawValue)
    line.add("item", path: path.bytes)
    line.add("data_size", size)
    output.json(line)
  }

  private func tellScan(_ count: UInt64, _ size: UInt64) {
    guard output.isJSON else {
      return output.detail("scan finished: \(counted(count, "file")), \(humanSize(size))", level: 3)
    }
    var line = JSONObject(message: "verbose_status")
    line.add("action", "scan_finished")
    line.add("item", "")
    line.add("data_size", size)
    line.add("total_files", count)
    output.json(line)
  }

  // MARK: At the end

  /// Prints the summary and answers the exit code.
  func finish(_ summary: BackupSummary) throws(Failure) -> ExitCode {
    if output.isJSON { output.json(object(summary)) } else { printText(summary) }
    if summary.isPartial {
      if let snapshot = summary.snapshot {
        output.message(
          "partial snapshot \(snapshot.shortHex) saved; the next backup goes on from there")
      }
      throw .interrupted
    }
    guard summary.errorCount == 0 else { throw Failure(.incomplete, Self.trouble(summary)) }
    return .done
  }

  // What could not be read, and whether the snapshot lacks it.
  private static func trouble(_ summary: BackupSummary) -> String {
    let sources = counted(summary.errorCount, "source")
    let isSaved = summary.snapshot != nil
    guard summary.keptCount > 0 else {
      return "\(sources) could not be read"
        + (isSaved ? "; the snapshot is saved without them" : "")
    }
    let missing = summary.errorCount - summary.keptCount
    let without = missing > 0 ? " without \(missing) of them" : ""
    return "\(sources) could not be read as \(summary.errorCount == 1 ? "it" : "they") should"
      + (isSaved ? "; the snapshot is saved\(without)" : "")
  }

  private func object(_ summary: BackupSummary) -> JSONObject {
    var line = JSONObject(message: "summary")
    if isDryRun { line.add("dry_run", true) }
    line.add(summary.counts)
    line.add("total_duration", summary.seconds)
    line.add("backup_start", summary.start.rfc3339)
    line.add("backup_end", summary.end.rfc3339)
    if summary.isPartial { line.add("partial", true) }
    line.add("snapshot_id", summary.snapshot?.hex)
    return line
  }

  private func printText(_ summary: BackupSummary) {
    let counts = summary.counts
    if let parent = summary.parent { output.detail("compared with snapshot \(parent.shortHex)") }
    output.note()
    output.note(
      row("Files", counts.filesNew, counts.filesChanged, counts.filesUnmodified))
    output.note(
      row("Dirs", counts.directoriesNew, counts.directoriesChanged, counts.directoriesUnmodified))
    output.detail(
      "New chunks: \(counts.dataChunksAdded) of data, \(counts.treeChunksAdded) of trees")
    let (plain, stored) = (humanSize(counts.plainBytesAdded), humanSize(counts.storedBytesAdded))
    output.note(
      isDryRun
        ? "Would add to the repository: \(plain), before compression"
        : "Added to the repository: \(plain) (\(stored) stored)")
    output.note()
    let files = counted(counts.filesProcessed, "file")
    let size = humanSize(counts.bytesProcessed)
    output.note("processed \(files), \(size) in \(humanDuration(summary.seconds))")
    if summary.isSkipped {
      output.note("nothing changed, no snapshot saved")
    } else if let snapshot = summary.snapshot, !summary.isPartial {
      output.note("snapshot \(snapshot.shortHex) saved")
    }
  }

  private func row(_ name: String, _ new: UInt64, _ changed: UInt64, _ same: UInt64) -> String {
    func column(_ number: UInt64) -> String {
      let digits = String(number)
      return String(repeating: " ", count: max(0, 5 - digits.count)) + digits
    }
    let head = "\(name):" + String(repeating: " ", count: 11 - name.count)
    return "\(head)\(column(new)) new, \(column(changed)) changed, \(column(same)) unmodified"
  }
}

extension BackupSummary {
  /// How long it took until all was stored.
  var seconds: Double {
    Double(stored.seconds - start.seconds)
      + (Double(stored.nanoseconds) - Double(start.nanoseconds)) / 1e9
  }
}

extension JSONObject {
  /// restic's counters of a backup.
  mutating func add(_ counts: SnapshotCounts) {
    add("files_new", counts.filesNew)
    add("files_changed", counts.filesChanged)
    add("files_unmodified", counts.filesUnmodified)
    add("dirs_new", counts.directoriesNew)
    add("dirs_changed", counts.directoriesChanged)
    add("dirs_unmodified", counts.directoriesUnmodified)
    add("data_blobs", counts.dataChunksAdded)
    add("tree_blobs", counts.treeChunksAdded)
    add("data_added", counts.plainBytesAdded)
    add("data_added_packed", counts.storedBytesAdded)
    add("total_files_processed", counts.filesProcessed)
    add("total_bytes_processed", counts.bytesProcessed)
  }
}
