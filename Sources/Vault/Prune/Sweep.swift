// The end of a prune: what has been condemned for the grace period is swept, and what is swept is
// deleted from the store.
//
// Invariants: nothing is deleted that a durable entry does not call swept, and segments go before
// packs (order rule 5). Each attempt to append looks at the journal anew, so that what was rescued
// or revived meanwhile stays. The clock says only how long something can be brought back; that it
// may be deleted follows from the journal alone.

import Platform
import Storage

/// What a sweep did.
package struct SweepReport: Hashable, Sendable {
  /// Objects that an entry of this sweep gave up.
  package var sweptCount = 0
  /// Objects deleted, those that an earlier sweep left behind included.
  package var deletedCount = 0
  /// Their bytes.
  package var deletedBytes: UInt64 = 0

  package init() {}
}

extension Vault {
  /// Sweeps what was condemned at least `grace` nanoseconds ago, and deletes all that is swept.
  ///
  /// Whatever ends it halfway, the next one goes on from there.
  /// - Throws: `newer` for a repository that this program must not delete from, `interrupted`,
  ///   and what the journal and the store throw.
  package func sweep(grace: Int64) throws(VaultError) -> SweepReport {
    try access.format.features.requirePrunable()
    var report = SweepReport()
    let entry = try journal.append { (state) throws(VaultError) in
      state.sweep(of: grace, at: journal.options.clock())
    }
    if case .sweep(let body)? = entry?.body {
      report.sweptCount = body.packs.count + body.segments.count
    }
    try deleteSwept(&report)
    return report
  }

  private func deleteSwept(_ report: inout SweepReport) throws(VaultError) {
    let state = journal.state
    try delete("index/", &report) { name in
      if case .swept = state.segmentState(name) { true } else { false }
    }
    try barrier()
    try delete("packs/", &report) { name in
      if case .swept = state.packState(name) { true } else { false }
    }
    try barrier()
  }

  // Listed first and deleted afterwards: not every store can do both at once.
  private func delete(
    _ prefix: String, _ report: inout SweepReport, where isSwept: (ObjectHash) -> Bool
  ) throws(VaultError) {
    var swept: [(name: ObjectName, size: Int)] = []
    try objects(prefix) { (name, size) throws(VaultError) in
      guard let hash = ObjectHash(hex: name.lastPart), isSwept(hash) else { return }
      swept.append((name, size))
    }
    for object in swept {
      guard Interrupt.requested == 0 else { throw .interrupted }
      do throws(StoreError) { try store.delete(object.name) } catch { throw .store(error) }
      report.deletedCount += 1
      report.deletedBytes += UInt64(object.size)
    }
  }
}

extension JournalState {
  // A sweep of what was condemned at least `grace` before `now`; nil if there is nothing.
  fileprivate func sweep(of grace: Int64, at now: Int64) -> JournalBody? {
    func isDue(_ entry: UInt64) -> Bool {
      guard grace > 0 else { return true }
      guard let time = condemnTime(entry) else { return false }
      let (age, overflow) = now.subtractingReportingOverflow(time)
      // An overflow is a clock that is centuries off, in one direction or the other.
      return overflow ? now > time : age >= grace
    }
    let packs = condemnedPacks.filter { isDue($0.by) }.map(\.name)
    let segments = condemnedSegments.filter { isDue($0.by) }.map(\.name)
    return packs.isEmpty && segments.isEmpty ? nil : .sweep(packs: packs, segments: segments)
  }
}
