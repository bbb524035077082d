// What `igudar prune` prints: the plan in words or in restic's JSON, and what was done.

import Igudar

/// The messages of `prune`.
struct PruneMessages {
  private let output: Output
  private let options: PruneOptions

  init(_ output: Output, _ options: PruneOptions) {
    self.output = output
    self.options = options
  }

  // MARK: While it runs

  static func sample(_ progress: PruneProgress) -> ProgressSample {
    var sample = ProgressSample()
    sample.filesDone = progress.packCount
    sample.bytesDone = progress.byteCount
    if progress.totalPackCount > 0 {
      sample.filesTotal = progress.totalPackCount
      sample.bytesTotal = progress.totalByteCount
    }
    return sample
  }

  // MARK: The plan

  /// Tells what would be done.
  func show(_ plan: PrunePlan) {
    guard !output.isJSON else { return output.json(summary(plan, nil)) }
    tell(plan)
  }

  private func tell(_ plan: PrunePlan) {
    output.note(
      "\(counted(plan.total.packCount, "pack")) of \(humanSize(plan.total.bytes)), of which "
        + "\(humanSize(plan.usedBytes)) are needed")
    tell("nothing needs", plan.dropped)
    tell("left behind, or of a backup that runs:", plan.orphans)
    if plan.repacked.packCount > 0 {
      output.note(
        "to write anew: \(counted(plan.repacked.packCount, "pack")) of "
          + "\(humanSize(plan.repacked.bytes)), of which \(humanSize(plan.movedBytes)) are needed")
    }
    tell("taken out of use before, to delete now:", plan.due)
    tell("taken out of use before, waiting:", plan.waiting)
    output.note("frees now: \(humanSize(plan.freedNow))")
    if plan.freedLater > 0 {
      output.note(
        "frees later: \(humanSize(plan.freedLater)), by the first prune after "
          + "\(TimeSpan(seconds: options.graceSeconds)) (--grace)")
    }
    if plan.unusedBytesAfter > 0 {
      output.note("stays unused: \(humanSize(plan.unusedBytesAfter))\(reason(plan))")
    }
  }

  private func tell(_ what: String, _ amount: PackAmount) {
    guard amount.bytes > 0 else { return }
    output.note("\(what) \(counted(amount.packCount, "pack")), \(humanSize(amount.bytes))")
  }

  private func reason(_ plan: PrunePlan) -> String {
    var reasons: [String] = []
    if plan.limits.contains(.maxUnused) { reasons.append(PruneCommand.maxUnused.flag) }
    if plan.limits.contains(.maxRepackSize) { reasons.append(PruneCommand.maxRepackSize.flag) }
    return reasons.isEmpty ? "" : " (\(reasons.joined(separator: " and ")))"
  }

  // MARK: At the end

  /// Tells what was done.
  func finish(_ report: PruneReport) -> ExitCode {
    for pack in report.damagedPacks {
      output.warning(
        "\(pack.pack) \(pack.problem) and stays as it is; `igudar check --read-data` tells more")
    }
    if output.isJSON {
      output.json(summary(report.plan, report))
    } else {
      tell(report.plan)
      if report.repackedPackCount > 0 {
        output.note(
          "wrote anew what is needed of \(counted(report.repackedPackCount, "pack")) of "
            + humanSize(report.repackedBytes))
      }
      output.note(
        "deleted \(counted(report.deletedObjectCount, "object")), "
          + "\(humanSize(report.deletedBytes))")
      if report.isOutOfTime {
        output.note("the time is up (\(PruneCommand.maxDuration.flag)): the next prune goes on")
      }
    }
    if report.isOutOfRoom {
      output.warning(
        "the store is full: not all packs could be written anew, nothing is lost; "
          + (options.graceSeconds > 0
            ? "\(PruneCommand.grace.flag) 0 frees room at once, for those who are alone"
            : "make room for what is needed of them, then prune again"))
      return .storeFull
    }
    return report.damagedPacks.isEmpty ? .done : .incomplete
  }

  // MARK: JSON

  // restic's object; what only we know is at the end of its parts.
  private func summary(_ plan: PrunePlan, _ report: PruneReport?) -> JSONObject {
    var line = JSONObject(message: "summary")
    line.add("blobs", chunks(plan))
    line.add("bytes", bytes(plan, report))
    line.add("packfiles", packs(plan))
    if let report { line.add("complete", report.isComplete) }
    return line
  }

  private func chunks(_ plan: PrunePlan) -> JSONObject {
    let unused = plan.total.chunkCount - plan.usedChunkCount - plan.duplicateChunkCount
    let repackRemove = plan.repacked.chunkCount - plan.movedChunkCount
    let removed = plan.dropped.chunkCount + repackRemove
    var object = JSONObject()
    object.add("used", plan.usedChunkCount)
    object.add("duplicate", plan.duplicateChunkCount)
    object.add("unused", unused)
    object.add("total", plan.total.chunkCount)
    object.add("repack", plan.repacked.chunkCount)
    object.add("repack_remove", repackRemove)
    object.add("remove", plan.dropped.chunkCount)
    object.add("remove_total", removed)
    object.add("remaining", plan.total.chunkCount - removed)
    return object
  }

  private func bytes(_ plan: PrunePlan, _ report: PruneReport?) -> JSONObject {
    let unused = plan.unusedBytes - min(plan.unusedBytes, plan.duplicateBytes)
    let repackRemove = plan.repacked.bytes - min(plan.repacked.bytes, plan.movedBytes)
    let removed = plan.dropped.bytes + repackRemove
    var object = JSONObject()
    object.add("used", plan.usedBytes)
    object.add("duplicate", plan.duplicateBytes)
    object.add("unused", unused)
    object.add("unreferenced", plan.orphans.bytes)
    object.add("total", plan.total.bytes + plan.orphans.bytes)
    object.add("repack", plan.repacked.bytes)
    object.add("repack_remove", repackRemove)
    object.add("remove", plan.dropped.bytes)
    object.add("remove_total", removed + plan.orphans.bytes)
    object.add("remaining", plan.total.bytes - min(plan.total.bytes, removed))
    object.add("remaining_unused", plan.unusedBytesAfter)
    object.add("freed_now", plan.freedNow)
    object.add("freed_later", plan.freedLater)
    if let report { object.add("deleted", report.deletedBytes) }
    return object
  }

  private func packs(_ plan: PrunePlan) -> JSONObject {
    let removed = plan.dropped.packCount + plan.orphans.packCount
    var object = JSONObject()
    object.add("used", plan.usedPackCount)
    object.add("unused", plan.dropped.packCount)
    object.add("partly_used", plan.partlyUsedPackCount)
    object.add("unreferenced", plan.orphans.packCount)
    object.add("total", plan.total.packCount + plan.orphans.packCount)
    object.add("keep", plan.total.packCount - plan.dropped.packCount - plan.repacked.packCount)
    object.add("repack", plan.repacked.packCount)
    object.add("remove", removed)
    object.add("remove_total", removed + plan.repacked.packCount)
    object.add("due", plan.due.packCount)
    object.add("waiting", plan.waiting.packCount)
    return object
  }
}
