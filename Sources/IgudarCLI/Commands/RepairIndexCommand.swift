// `igudar repair index`.

import Igudar
import Platform

/// Rebuilds the index from the packs alone.
enum RepairIndexCommand {
  static let command = Command(
    "repair index", summary: "Rebuild the index from the packs",
    details: """
      Reads at the end of every pack what it holds, writes new index segments and puts them in
      force with one journal entry. Nothing is deleted, and backups can run meanwhile.

      Exit code 4 when some packs cannot tell what they hold.
      """
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let output = invocation.output
    let report = try IndexRepair(try invocation.openRepository()).run()
    for (pack, problem) in report.unreadable { output.warning("\(pack) \(problem)") }
    if output.isJSON {
      var line = JSONObject(message: "summary")
      line.add("packs", report.packCount)
      line.add("chunks", report.chunkCount)
      line.add("segments_before", report.oldSegmentCount)
      line.add("segments_after", report.newSegmentCount)
      line.add("unreadable_packs", report.unreadable.count)
      output.json(line)
    } else {
      output.note(
        "\(counted(UInt64(report.chunkCount), "chunk")) in "
          + "\(counted(UInt64(report.packCount), "pack")) are in the new index of "
          + "\(counted(UInt64(report.newSegmentCount), "segment"))")
    }
    guard report.unreadable.isEmpty else {
      throw Failure.damaged(
        "\(counted(UInt64(report.unreadable.count), "pack")) cannot tell what they hold",
        repairable: true)
    }
    return .done
  }
}
