// `igudar stats`.

import Igudar
import Platform
import Vault

/// Prints numbers about snapshots.
enum StatsCommand {
  static let mode = Option(
    "mode", takes: "MODE",
    help: "restore-size, files-by-contents, blobs-per-file, raw-data or unique")

  static let command = Command(
    "stats", summary: "Print how much is in snapshots", operands: "[SNAPSHOT …]",
    operandCount: 0...Int.max,
    details: """
      Counts over the snapshots named, or over all that the options choose. The modes are
      restic's, and unique:

      restore-size       what restoring each of them would write (the default)
      files-by-contents  files that differ in content
      blobs-per-file     chunks of such files that differ, path by path
      raw-data           all chunks that they need, once, and what these take in the store: the
                         size of all frames, each about 2 MiB of files or 256 KiB of folders
                         before compression, in which at least one of them is
      unique             chunks as raw-data counts them, but only those that no other snapshot
                         needs: what forgetting these snapshots could give back, at most
      """,
    options: [mode] + Selection.options
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let mode = try invocation.options.value(mode, as: CountingMode.self) ?? .restoreSize
    let (selectors, filter) = (try invocation.selectors(), try invocation.filter())
    if let part = selectors.first(where: { $0.path != nil }) {
      throw invocation.usage("'\(part.text)' names a part of a snapshot; stats takes whole ones")
    }
    let repository = try invocation.openRepository()
    let snapshots = try repository.snapshots(selectors, filter: filter)
    return try count(snapshots, mode, in: repository, invocation.output)
  }

  private static func count(
    _ snapshots: [SnapshotInfo], _ mode: CountingMode, in repository: Repository,
    _ output: Output
  ) throws -> ExitCode {
    let progress = StatisticsProgress()
    var code = ExitCode.done
    let statistics = try showing(progress, output) {
      try repository.statistics(of: snapshots, counting: mode, progress: progress) {
        snapshot, path, error in
        let failure = Failure.explaining(error)
        code = code.worse(of: failure.code)
        output.warning(
          "snapshot \(snapshot.id.shortHex): \(failure.message)", item: path?.bytes ?? [],
          during: "stats")
      }
    }
    if output.isJSON {
      output.json(statistics.object(in: mode))
    } else {
      print(statistics, mode, output)
    }
    if statistics.unreadableCount > 0 {
      output.warning("the numbers are too low: not everything could be read")
    }
    return code
  }

  // MARK: Progress

  // With --json there is one document and nothing else.
  private static func showing<Result>(
    _ progress: StatisticsProgress, _ output: Output, _ body: () throws -> Result
  ) rethrows -> Result {
    guard !output.isJSON else { return try body() }
    return try Progress(output, sample: { sample(progress) }).during(body)
  }

  private static func sample(_ progress: StatisticsProgress) -> ProgressSample {
    var sample = ProgressSample()
    sample.filesDone = progress.entryCount
    sample.bytesDone = progress.byteCount
    return sample
  }

  // MARK: Result

  private static func print(_ statistics: Statistics, _ mode: CountingMode, _ output: Output) {
    output.line("Stats in \(mode.rawValue) mode:")
    func row(_ name: String, _ value: String) {
      let gap = String(repeating: " ", count: max(0, 24 - name.utf8.count))
      output.line("\(gap)\(name):  \(value)")
    }
    row("Snapshots processed", "\(statistics.snapshotCount)")
    if statistics.totalChunkCount > 0 { row("Total Blob Count", "\(statistics.totalChunkCount)") }
    if statistics.totalFileCount > 0 { row("Total File Count", "\(statistics.totalFileCount)") }
    if statistics.totalUncompressedSize > 0 {
      row("Total Uncompressed Size", humanSize(statistics.totalUncompressedSize))
    }
    row("Total Size", humanSize(statistics.totalSize))
    if let ratio = statistics.compressionRatio {
      row("Compression Ratio", "\(fixed(ratio, decimals: 2))x")
    }
    if let saving = statistics.spaceSaving {
      row("Compression Space Saving", "\(fixed(saving, decimals: 2))%")
    }
  }
}

extension CountingMode: Parsable {}

extension Statistics {
  /// restic's keys.
  fileprivate func object(in mode: CountingMode) -> JSONObject {
    var object = JSONObject()
    object.add("total_size", totalSize)
    object.addUnlessZero("total_uncompressed_size", totalUncompressedSize)
    object.add("compression_ratio", compressionRatio)
    // Every chunk went through compression: there is no older form of a repository.
    if (mode == .rawData || mode == .unique) && totalChunkCount > 0 {
      object.add("compression_progress", 100)
    }
    object.add("compression_space_saving", spaceSaving)
    object.addUnlessZero("total_file_count", totalFileCount)
    object.addUnlessZero("total_blob_count", totalChunkCount)
    object.add("snapshots_count", snapshotCount)
    return object
  }

  fileprivate var compressionRatio: Double? {
    guard totalUncompressedSize > 0, totalSize > 0 else { return nil }
    return Double(totalUncompressedSize) / Double(totalSize)
  }

  fileprivate var spaceSaving: Double? {
    guard totalUncompressedSize > 0 else { return nil }
    return (1 - Double(totalSize) / Double(totalUncompressedSize)) * 100
  }
}
