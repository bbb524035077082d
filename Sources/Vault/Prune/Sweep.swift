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

  package static func += (left: inout Self, right: Self) {
    left.sweptCount += right.sweptCount
    left.deletedCount += right.deletedCount
    left.deletedBytes += right.deletedBytes
  }
}

extension Vault {
  /// Sweeps what was condemned at least `grace` nanoseconds ago, and deletes all that is swept.
  ///
  /// Whatever ends it halfway, the next one goes on from there.
  /// - Throws: `newer` for a repository that this program must not delete from, `interrupted`,
  ///   and what the journal and the store throw.
  package func sweep(grace: Int64) throws(VaultError) -> SweepReport {
    var report = SweepReport()
    if case .sweep(let body)? = try appendSweep(grace: grace)?.body {
      report.sweptCount = body.packs.count + body.segments.count
    }
    let state = journal.state
    var packs: [ObjectHash: UInt64] = [:]
    var segments: [ObjectHash: UInt64] = [:]
    try objects("packs/") { (name, size) throws(VaultError) in
      guard let hash = ObjectHash(hex: name.lastPart), state.isSwept(hash) else { return }
      packs[hash] = UInt64(size)
    }
    try objects("index/") { (name, size) throws(VaultError) in
      guard let hash = ObjectHash(hex: name.lastPart), state.isSwept(segment: hash) else { return }
      segments[hash] = UInt64(size)
    }
    try deleteSwept(packs: packs, segments: segments, &report)
    return report
  }

  /// Sweeps what was condemned at least `grace` nanoseconds ago; nil if there is nothing.
  ///
  /// What is in the entry is to be deleted afterwards.
  package func appendSweep(grace: Int64) throws(VaultError) -> JournalEntry? {
    try access.format.features.requirePrunable()
    return try journal.append { (state) throws(VaultError) in
      state.sweep(of: grace, at: journal.now)
    }
  }

  /// Deletes objects that are swept, given with their sizes: segments, then packs.
  package func deleteSwept(
    packs: [ObjectHash: UInt64], segments: [ObjectHash: UInt64], _ report: inout SweepReport
  ) throws(VaultError) {
    let state = journal.state
    for (hash, size) in segments.sorted(by: { $0.key < $1.key }) {
      precondition(state.isSwept(segment: hash), "only what was swept is deleted")
      try delete(.segment(hash), size, &report)
    }
    if !segments.isEmpty { try barrier() }
    for (hash, size) in packs.sorted(by: { $0.key < $1.key }) {
      precondition(state.isSwept(hash), "only what was swept is deleted")
      try delete(.pack(hash), size, &report)
    }
    if !packs.isEmpty { try barrier() }
  }

  private func delete(
    _ name: ObjectName, _ size: UInt64, _ report: inout SweepReport
  ) throws(VaultError) {
    guard Interrupt.requested == 0 else { throw .interrupted }
    do throws(StoreError) { try store.delete(name) } catch { throw .store(error) }
    report.deletedCount += 1
    report.deletedBytes += size
  }
}

extension JournalState {
  /// Whether what an entry condemned was condemned at least `grace` nanoseconds before `now`.
  package func isDue(_ entry: UInt64, after grace: Int64, at now: Int64) -> Bool {
    guard grace > 0 else { return true }
    guard let time = condemnTime(entry) else { return false }
    let (age, overflow) = now.subtractingReportingOverflow(time)
    // An overflow is a clock that is centuries off, in one direction or the other.
    return overflow ? now > time : age >= grace
  }

  // A sweep of what was condemned at least `grace` before `now`; nil if there is nothing.
  fileprivate func sweep(of grace: Int64, at now: Int64) -> JournalBody? {
    let packs = condemnedPacks.filter { isDue($0.by, after: grace, at: now) }.map(\.name)
    let segments = condemnedSegments.filter { isDue($0.by, after: grace, at: now) }.map(\.name)
    return packs.isEmpty && segments.isEmpty ? nil : .sweep(packs: packs, segments: segments)
  }
}
