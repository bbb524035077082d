// A running prune, step by step. Every step is whole in itself: it ends with an entry in the journal,
// and whatever ends the prune between two of them, the next one goes on from there. What is free to go
// goes before anything is written, so that a full store gets room first.
//
// Invariants: before each attempt to condemn, the journal is followed up to the tail. Where others
// wrote since the packs were counted, every pack to be condemned is looked at again: it stays if a
// chunk that is needed now has no other place that was proven or was made by this run. One look does
// not end that: what others changed counts for all later steps.

import Platform
import Storage
import Synchronization
import Vault

/// One prune; not shared by threads.
final class PruneRun {
  private let repository: Repository
  private let vault: Vault
  private let options: PruneOptions
  private let progress: PruneProgress
  private var live: LiveChunks
  private let deadline: Int64?
  private(set) var report = PruneReport()
  private var listing: StoreListing?
  // What steps wrote anew.
  private var writtenPacks: (count: Int, bytes: UInt64) = (0, 0)
  // Up to where the journal was followed.
  private var head: JournalHead?
  // Whether others wrote since the packs were counted.
  private var isShaken = false

  // Bytes of packs that are written anew in one step.
  private static let stepBytes: UInt64 = 1 << 30

  init(
    _ repository: Repository, _ options: PruneOptions, _ progress: PruneProgress
  ) throws(VaultError) {
    self.repository = repository
    self.options = options
    self.progress = progress
    vault = repository.vault
    let now = vault.journal.now
    deadline = options.maxSeconds.map { now.addingClamped($0.multipliedClamped(1_000_000_000)) }
    try vault.refresh()
    live = LiveChunks(repository, ignoring: options.ignored, jobs: options.jobs)
  }

  private var isOutOfTime: Bool { Self.isPast(deadline, vault) }

  private static func isPast(_ deadline: Int64?, _ vault: Vault) -> Bool {
    deadline.map { vault.journal.now >= $0 } ?? false
  }

  // MARK: Looking

  /// What would be done.
  func plan() throws(VaultError) -> PrunePlan {
    try patiently { () throws(VaultError) in try survey().plan }
  }

  // What others delete between two looks is no damage: it is looked at again.
  private func patiently<Result>(
    _ body: () throws(VaultError) -> Result
  ) throws(VaultError) -> Result {
    var patience = 8
    while true {
      let tail = vault.journal.state.tail
      do throws(VaultError) { return try body() } catch {
        patience -= 1
        guard error.isLoss || error.isRelianceLost, patience > 0 else { throw error }
        try vault.refresh()
        guard vault.journal.state.tail != tail else { throw error }
      }
    }
  }

  // The table is left out where a hint says that nothing has changed.
  private func survey() throws(VaultError) -> (table: PackTable?, plan: PrunePlan) {
    // What a walk that was cut short has met says nothing.
    live = LiveChunks(repository, ignoring: options.ignored, jobs: options.jobs)
    vault.keepPackNumbers()
    let state = vault.journal.state
    try vault.loadIndex()
    try vault.requireWholeIndex(of: state)
    writtenPacks = (0, 0)
    // What the store has is listed after the index was read: a pack that comes meanwhile is in
    // neither, or an orphan.
    let listing = try StoreListing(vault)
    self.listing = listing
    head = state.tail
    isShaken = false
    if let hint = hint(for: state) {
      let plan = PrunePlan(
        hint, known: try listedPacks(state), state, listing, options, now: vault.journal.now)
      return (nil, plan)
    }
    try live.follow(state, progress: progress)
    let table = try PackTable(vault, state, needing: live, listing: listing)
    let plan = PrunePlan(
      table, state, listing, packSize: vault.packSize, options, now: vault.journal.now)
    return (table, plan)
  }

  private func listedPacks(_ state: JournalState) throws(VaultError) -> Set<ObjectHash> {
    let listed = try vault.index.listedPacks(in: state)
    var names: Set<ObjectHash> = []
    try vault.index.forEachPack { (pack) throws(VaultError) in
      if listed.contains(pack.number) { names.insert(pack.hash) }
      return true
    }
    return names
  }

  // MARK: Remembering

  private func hint(for state: JournalState) -> PruneHint? {
    guard options.ignored.isEmpty, let note = (try? vault.index.pruneNote()) ?? nil,
      let hint = PruneHint(decoding: note, limit: options.maxUnused), hint.head == state.tail
    else { return nil }
    return hint
  }

  // Only of what was done to its end, while nobody else wrote.
  private func remember(_ plan: PrunePlan) {
    guard options.ignored.isEmpty, !isShaken, let head, head == vault.journal.state.tail,
      !report.isOutOfTime, !report.isOutOfRoom, report.damagedPacks.isEmpty, plan.rescues.isEmpty,
      !plan.limits.contains(.maxRepackSize),
      UInt64(report.repackedPackCount) == plan.repacked.packCount
    else { return }
    let hint = PruneHint(
      head: head, limit: options.maxUnused,
      packCount: plan.total.packCount - plan.dropped.packCount - plan.repacked.packCount
        + UInt64(writtenPacks.count),
      chunkCount: plan.total.chunkCount - plan.dropped.chunkCount - plan.repacked.chunkCount
        + plan.movedChunkCount,
      bytes: plan.total.bytes - plan.dropped.bytes - plan.repacked.bytes + writtenPacks.bytes,
      usedChunkCount: plan.usedChunkCount, unusedBytes: plan.unusedBytesAfter,
      isLimited: plan.limits.contains(.maxUnused))
    // What cannot be remembered is looked at again.
    try? vault.index.setPruneNote(hint.encoded)
  }

  // MARK: Doing

  func execute() throws(VaultError) {
    try vault.access.format.features.requirePrunable()
    try vault.prepareToWrite()
    try patiently { () throws(VaultError) in try attempt() }
  }

  private func attempt() throws(VaultError) {
    let (table, plan) = try survey()
    report.plan = plan
    if let listing { try vault.deleteLeftovers(listing, &report.sweep) }
    try drop(plan, table)
    try sweep()
    if let table { try repack(plan, table) }
    try compactIndex()
    try forgetSwept()
    vault.keepReserve()
    remember(plan)
  }

  private func compactIndex() throws(VaultError) {
    do throws(VaultError) {
      guard let entry = try vault.compactIndex() else { return }
      note(entry)
    } catch {
      // A smaller index is worth no failure: the next prune tries again.
      guard case .store(.full) = error else { throw error }
      report.isOutOfRoom = true
      return
    }
    try sweep()
  }

  private func sweep() throws(VaultError) {
    guard let listing,
      let entry = try vault.sweep(grace: options.graceNanoseconds, listing, &report.sweep)
    else { return }
    note(entry)
  }

  // The local index needs to know nothing of what is gone; that it forgets costs as much as to learn
  // all of the rest, so it waits until there is as much.
  private func forgetSwept() throws(VaultError) {
    guard try vault.index.isMostlySwept(in: vault.journal.state) else { return }
    // What took the place of a segment must be there before that is forgotten.
    try vault.loadIndex()
    try vault.index.forgetSwept(in: vault.journal.state)
  }

  // An entry of our own right after what was followed changes nothing of what is needed.
  private func note(_ entry: JournalEntry) {
    guard entry.previous == head?.hash else { return }
    head = JournalHead(number: entry.number, hash: entry.hash)
  }

  private func follow(_ state: JournalState) throws(VaultError) {
    guard state.tail != head else { return }
    try vault.loadIndex()
    try vault.requireWholeIndex(of: state)
    try live.follow(state, progress: progress)
    head = state.tail
    isShaken = true
  }

  private func drop(_ plan: PrunePlan, _ table: PackTable?) throws(VaultError) {
    let entry = try vault.condemn(rescuing: plan.rescues) { (state) throws(VaultError) in
      try follow(state)
      var packs = try stillUnneeded(plan.drops.map(\.name), state, table, run: nil)
      packs += try stillUnknown(plan.orphanPacks.keys.sorted(), state)
      return (packs, plan.orphanSegments.filter { state.segmentState($0) == nil })
    }
    guard let entry, case .condemn(let body) = entry.body else { return }
    note(entry)
    count(body, plan.drops, plan.orphanPacks)
  }

  // MARK: Writing anew

  private func repack(_ plan: PrunePlan, _ table: PackTable) throws(VaultError) {
    progress.totalPacks.store(plan.repacked.packCount, ordering: .relaxed)
    progress.totalBytes.store(plan.repacked.bytes, ordering: .relaxed)
    // The frames of trees that were walked are not asked for again, and lie in the heaps of threads
    // that have ended.
    vault.frames.removeAll()
    Heap.giveBackFree()
    var left = plan.repacks[...]
    var (stepBytes, stepCount) = (Self.stepBytes, Int.max)
    while !left.isEmpty {
      guard !isOutOfTime else {
        report.isOutOfTime = true
        return
      }
      var bytes: UInt64 = 0
      let step = Array(
        left.prefix(stepCount).prefix { pack in
          defer { bytes += UInt64(pack.size) }
          return bytes < stepBytes
        })
      do throws(VaultError) { try repack(step, table) } catch {
        guard case .store(.full) = error else { throw error }
        guard step.count > 1 else {
          report.isOutOfRoom = true
          return
        }
        // With smaller steps less room is needed at a time, and what is swept between makes more.
        (stepBytes, stepCount) = (bytes / 8, (step.count + 1) / 2)
        continue
      }
      left = left.dropFirst(step.count)
      try sweep()
    }
  }

  private func repack(_ packs: [PackUse], _ table: PackTable) throws(VaultError) {
    var runOptions = RunOptions()
    runOptions.compression = options.compression
    let run = try vault.begin(runOptions)
    defer { run.abandon() }
    do throws(VaultError) { try repack(packs, table, into: run) } catch {
      guard case .store(.full) = error else { throw error }
      // What could not be brought to an end takes no room.
      try run.discard { (state) throws(VaultError) in
        try follow(state)
        return !isShaken
      }
      throw error
    }
  }

  private func repack(
    _ packs: [PackUse], _ table: PackTable, into run: Run
  ) throws(VaultError) {
    let repacking = Repacking(
      run: run, live: live, choice: table.choice, longestChunk: Int(table.longestChunk),
      copiesFrames: !table.hasUnprovenDuplicates && !isShaken, jobs: options.jobs,
      progress: progress)
    let outcome = try repacking.move(packs) { [vault, deadline] in
      Self.isPast(deadline, vault)
    }
    let moved = outcome.moved
    let entry = try run.condemn { (state) throws(VaultError) in
      try follow(state)
      return try stillUnneeded(moved.map(\.name), state, table, run: run)
    }
    if outcome.isCut { report.isOutOfTime = true }
    if let entry, case .condemn(let body) = entry.body {
      note(entry)
      let written = run.storedPacks
      writtenPacks = (writtenPacks.count + written.count, writtenPacks.bytes + written.bytes)
      report.repackedPackCount += body.packs.count
      report.repackedBytes += count(body, moved)
    }
    report.damagedPacks += try stillDamaged(outcome.damaged)
  }

  // A pack that is missing may be one that another prune has taken out meanwhile.
  private func stillDamaged(
    _ packs: [Repacking.Problem]
  ) throws(VaultError) -> [(pack: String, problem: String)] {
    guard !packs.isEmpty else { return [] }
    try vault.journal.refresh()
    let state = vault.journal.state
    return packs.filter { !$0.isMissing || state.packState($0.pack) == .live }
      .map { (ObjectName.pack($0.pack).description, $0.text) }
  }

  // Answers the bytes of the packs that an entry condemned.
  @discardableResult
  private func count(
    _ entry: JournalBody.Condemn, _ packs: [PackUse], _ others: [ObjectHash: UInt64] = [:]
  ) -> UInt64 {
    var sizes = others
    for pack in packs { sizes[pack.name] = UInt64(pack.size) }
    let bytes = entry.packs.reduce(0) { $0 + (sizes[$1] ?? 0) }
    report.condemnedPackCount += entry.packs.count
    report.condemnedBytes += bytes
    return bytes
  }

  // MARK: Looking again

  // Those of these packs that can be condemned in this state.
  private func stillUnneeded(
    _ packs: [ObjectHash], _ state: JournalState, _ table: PackTable?, run: Run?
  ) throws(VaultError) -> [ObjectHash] {
    let packs = packs.filter { state.packState($0) == .live }
    guard isShaken, !packs.isEmpty else { return packs }
    let numbers = try vault.index.numbers(named: packs)
    var endangered: Set<UInt32> = []
    try vault.index.forEachRow { (id, places) throws(VaultError) in
      guard Interrupt.requested == 0 else { throw .interrupted }
      let inside = places.map(\.pack).filter { numbers[$0] != nil }
      guard !inside.isEmpty, try live.contains(id), try run?.has(id) != true else { return true }
      if let name = table?.chosenPack(of: id), state.packState(name) == .live,
        !numbers.values.contains(name)
      {
        return true
      }
      endangered.formUnion(inside)
      return true
    }
    // Another process may have made the index anew meanwhile: then nobody knows what was seen.
    guard try vault.index.numbers(named: packs) == numbers else { return [] }
    try vault.requireWholeIndex(of: state)
    return numbers.filter { !endangered.contains($0.key) }.map(\.value).sorted()
  }

  // Those of these packs that no segment that counts speaks of.
  private func stillUnknown(
    _ packs: [ObjectHash], _ state: JournalState
  ) throws(VaultError) -> [ObjectHash] {
    let packs = packs.filter { state.packState($0) == .live }
    guard isShaken, !packs.isEmpty else { return packs }
    let listed = try vault.index.listedPacks(in: state)
    let known = try vault.index.numbers(named: packs).filter { listed.contains($0.key) }
    return packs.filter { !known.values.contains($0) }
  }
}

extension VaultError {
  fileprivate var isRelianceLost: Bool {
    if case .relianceLost = self { true } else { false }
  }
}

extension Int64 {
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }

  fileprivate func multipliedClamped(_ factor: Int64) -> Int64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
