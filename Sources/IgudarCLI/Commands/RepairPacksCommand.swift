// `igudar repair packs`.

import Igudar
import Platform

/// Takes damaged packs out of a repository.
enum RepairPacksCommand {
  static let command = Command(
    "repair packs", summary: "Take damaged packs out and save what they still give",
    operands: "PACK…", operandCount: 1...1024,
    details: """
      PACK is the hash of a pack that `check` named, or the unique beginning of one. What can still
      be proven of it is stored in new packs; then it is deleted. What it alone held is lost, unless
      the next backup finds it at its source and stores it again: until a pack is taken out, backups
      rely on what the index says of it.

      `check` names afterwards the snapshots and paths that are not whole.
      """
  ) { invocation in
    try run(invocation)
  }

  private static func run(_ invocation: Invocation) throws -> ExitCode {
    let output = invocation.output
    let words = try invocation.textOperands()
    let repository = try invocation.openRepository()
    let inspection = Inspection(repository)
    let packs = try words.map { try inspection.pack(named: $0) }
    let report = try PackRepair(packs, of: repository).run()
    let code: ExitCode = report.lostCount > 0 ? .damaged : .done
    if output.isJSON {
      var line = JSONObject(message: "summary")
      line.add("packs", report.packCount)
      line.add("chunks_saved", report.savedCount)
      line.add("chunks_lost", report.lostCount)
      output.json(line)
      return code
    }
    output.note(
      "\(counted(UInt64(report.packCount), "pack")) taken out: "
        + "\(counted(UInt64(report.savedCount), "chunk")) saved, \(report.lostCount) lost")
    if report.lostCount > 0 {
      output.note(
        "the next backup stores again what is still at its source; `igudar check` names the rest")
    }
    return code
  }
}
