// The end of a prune: what has been condemned for the grace period is swept, and what is swept is
// deleted from the store.
//
// Invariants: nothing is deleted that a durable entry does not call swept, and segments go before
// packs (order rule 5). Each attempt to append looks at the journal anew, so that what was rescued
// or revived meanwhile stays. The clock says only how long something can be brought back; that it
// may be deleted follows from the journal alone.

import Platform
package import Storage

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
  /// Sweeps what was condemned at least `grace` nanoseconds ago, and deletes it; nil if there is
  /// nothing.
  ///
  /// Whatever ends it between the entry and the last deletion, `deleteLeftovers` goes on from there.
  /// Sizes are those of the listing.
  /// - Throws: `newer` for a repository that this program must not delete from, `interrupted`,
  ///   and what the journal and the store throw.
  package func sweep(
    grace: Int64, _ listing: StoreListing, _ report: inout SweepReport
  ) throws(VaultError) -> JournalEntry? {
    try access.format.features.requirePrunable()
    let entry = try journal.append { (state) throws(VaultError) in
      state.sweep(of: grace, at: journal.now)
    }
    guard let entry, case .sweep(let body) = entry.body else { return nil }
    report.sweptCount += body.packs.count + body.segments.count
    try delete(packs: body.packs, segments: body.segments, listing, &report)
    return entry
  }

  /// Deletes what the journal calls swept and the store still has.
  ///
  /// - Throws: `interrupted`, and what the store throws.
  package func deleteLeftovers(
    _ listing: StoreListing, _ report: inout SweepReport
  ) throws(VaultError) {
    let state = journal.state
    try delete(
      packs: listing.packs.keys.filter { state.isSwept($0) },
      segments: listing.segments.keys.filter { state.isSwept(segment: $0) }, listing, &report)
  }

  private func delete(
    packs: [ObjectHash], segments: [ObjectHash], _ listing: StoreListing,
    _ report: inout SweepReport
  ) throws(VaultError) {
    try deleteSwept(packs: packs, segments: segments) { name, hash in
      report.deletedCount += 1
      if case .pack = name.kind {
        report.deletedBytes += listing.size(of: hash)
      } else {
        report.deletedBytes += listing.size(ofSegment: hash)
      }
    }
  }

  /// Deletes objects that the journal calls swept, segments before packs, and tells each.
  ///
  /// - Throws: `interrupted`, and what the store throws; what is left is a leftover.
  package func deleteSwept(
    packs: [ObjectHash], segments: [ObjectHash],
    deleted: (ObjectName, ObjectHash) -> Void = { _, _ in }
  ) throws(VaultError) {
    let state = journal.state
    func delete(_ name: ObjectName, _ hash: ObjectHash) throws(VaultError) {
      guard Interrupt.requested == 0 else { throw .interrupted }
      do throws(StoreError) { try store.delete(name) } catch {
        // What stands in its place is no reason to leave the others.
        guard case .unreadable = error else { throw .store(error) }
        return warn("\(error)")
      }
      deleted(name, hash)
    }
    for segment in segments.sorted() {
      precondition(state.isSwept(segment: segment), "only what was swept is deleted")
      try delete(.segment(segment), segment)
    }
    if !segments.isEmpty { try barrier() }
    for pack in packs.sorted() {
      precondition(state.isSwept(pack), "only what was swept is deleted")
      try delete(.pack(pack), pack)
    }
    if !packs.isEmpty { try barrier() }
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
