// A repository's life of some weeks under a virtual clock: hosts with caches and memories of their own
// save, forget, bring back, prune, restore and check, one at a time or several at once; calls of the
// store fail, lose their answer, arrive late; hosts crash at any call, in the midst of a creation too; the
// power of the store's own machine is cut. A seed decides all of it.
//
// What is asked of it: whatever was reported as saved, and not forgotten, is there and restores exactly,
// and so does everything else that the journal calls a snapshot. Nobody fails but for what was done to
// him.

import Platform
import Storage
import Testing

@testable import Igudar
@testable import Vault

/// What happened in a life.
struct LifeReport: Hashable, Sendable {
  var deedCount = 0
  var operationCount = 0
  var crashCount = 0
  var powerCutCount = 0
  var restoredCount = 0
  /// Hours by the virtual clock.
  var hours = 0

  static func += (left: inout Self, right: Self) {
    left.deedCount += right.deedCount
    left.operationCount += right.operationCount
    left.crashCount += right.crashCount
    left.powerCutCount += right.powerCutCount
    left.restoredCount += right.restoredCount
    left.hours += right.hours
  }
}

/// One life.
final class Life {
  private let scene: Scene
  private let disk: MemoryStore
  private let oracle: Oracle
  private let kept = Kept()
  private var random: SplitMix
  private var hosts: [Host] = []
  private var clock: Int64 = 1_700_000_000_000_000_000
  private var number = 0
  /// Reported and not forgotten.
  private var expected: Set<SnapshotID> = []
  private var known: [SnapshotID] = []
  // Creations that are still on their way, with what they may forget or bring back.
  private var late: [(store: FaultyStore, touched: [SnapshotID])] = []
  private(set) var report = LifeReport()
  /// The first thing that is wrong.
  private(set) var violation: String?
  /// What was done, line by line.
  private(set) var story: [String] = []

  private struct Host {
    var index: IndexCache
    let memory = ProcessHeadMemory()
    let cache = ProcessJournalCache()
    var files: [String: Int]
  }

  /// A deed under way.
  private struct Act {
    let deed: Deed
    let host: Int
    let staged: StagedStore
    let faulty: FaultyStore
    let isDisturbed: Bool
    let flips: Bool
  }

  init(_ scene: Scene, seed: UInt64, indexes: [IndexCache]) throws {
    self.scene = scene
    disk = scene.copy()
    oracle = try Oracle(scene)
    random = SplitMix(seed: seed)
    for index in indexes {
      try index.removeAll()
      let files = Dictionary(uniqueKeysWithValues: (0..<3).map { ("\($0)", below(12)) })
      hosts.append(Host(index: index, files: files))
    }
  }

  private func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
  private func oneIn(_ count: Int) -> Bool { below(count) == 0 }

  /// Lives to the end, or until something is wrong: some days mostly, some weeks now and then.
  func live() throws {
    for _ in 0..<(oneIn(40) ? 40 : 4) where violation == nil {
      let pause = Int64.random(in: 0...3 * 86_400, using: &random)
      clock += pause * 1_000_000_000
      report.hours += Int(pause / 3600)
      if oneIn(2) { deliverLate() }
      try round()
    }
    guard violation == nil else { return }
    deliverLate()
    try readEverything()
  }

  // MARK: A round

  private func round() throws {
    let count = [1, 1, 1, 2, 2, 3][below(6)]
    let stage = Stage(playerCount: count)
    let outcomes = Reports(count, Outcome())
    // A cache is read under a lock of its process: two of one host would wait for each other here.
    let awake = hosts.indices.shuffled(using: &random).prefix(count)
    let acts = awake.enumerated().map { makeAct($0, host: $1, stage) }
    for (player, act) in acts.enumerated() {
      let host = hosts[act.host]
      let client = scene.client(
        of: act.faulty, index: host.index, memory: host.memory, cache: host.cache,
        seed: random.next(), clock: clock)
      let doer = Doer(number: number + player, clock: clock, kept: kept)
      if case .save(let files, _) = act.deed { kept.note(files, of: doer.number) }
      stage.start(player) { outcomes.set(player, doer.perform(act.deed, in: client)) }
    }
    number += count
    direct(stage, isFragile: oneIn(3))
    stage.clear()
    report.deedCount += count
    for act in acts {
      act.staged.isOver = true
      report.operationCount += act.faulty.operationCount
    }
    try judge(acts, outcomes.all)
  }

  private func makeAct(_ player: Int, host: Int, _ stage: Stage) -> Act {
    var faults = Faults()
    let isDisturbed = oneIn(3)
    if isDisturbed {
      faults.failing = 0.02
      faults.losingAnswers = 0.02
      faults.delaying = 0.02
      faults.flipping = oneIn(2) ? 0.01 : 0
    }
    let staged = StagedStore(disk, stage, player: player)
    let faulty = FaultyStore(staged, seed: random.next(), faults: faults)
    return Act(
      deed: makeDeed(host), host: host, staged: staged, faulty: faulty, isDisturbed: isDisturbed,
      flips: faults.flipping > 0)
  }

  private func makeDeed(_ host: Int) -> Deed {
    let some = known.isEmpty ? nil : known[below(known.count)]
    switch (below(20), some) {
    case (0...7, _), (_, nil):
      for _ in 0..<below(3) { hosts[host].files["\(below(5))"] = below(12) }
      return .save(hosts[host].files, checkpoint: oneIn(3))
    case (8, let id?): return .forget([id])
    case (9...10, _): return .forgetOld(keep: 1 + below(4))
    case (11, let id?): return .unforget(id)
    case (12...16, _): return .prune(graceSeconds: [0, 0, 3600, 86_400, 259_200][below(5)])
    case (17, let id?): return .restore(id)
    case (18, let id?): return .pin(id)
    default: return .check
    }
  }

  // Who is in the midst of something mostly goes on.
  private func direct(_ stage: Stage, isFragile: Bool) {
    var last = -1
    while true {
      let statuses = stage.current
      let waiting = statuses.indices.filter { statuses[$0].act != nil }
      guard !waiting.isEmpty else { return }
      if isFragile && oneIn(150) {
        report.powerCutCount += 1
        for player in waiting { stage.letGo(player, .crash) }
        let survive = random.next()
        disk.crash { name in UInt64(truncatingIfNeeded: name.hashOfText) ^ survive & 3 == 0 }
        return
      }
      let goesOn = waiting.contains(last) && !oneIn(4)
      let player = goesOn ? last : waiting[below(waiting.count)]
      let crashes = isFragile && oneIn(40)
      if crashes { report.crashCount += 1 }
      // A half entry of the journal would be a store that breaks its promise.
      let mayTear = statuses[player].act?.subject.hasPrefix("journal/") == false
      stage.letGo(player, crashes ? (mayTear && oneIn(2) ? .crashTearing : .crash) : .act)
      last = player
    }
  }

  private func deliverLate() {
    for entry in late {
      entry.store.deliverLate()
      settle(entry.touched)
    }
    late = []
  }

  // MARK: What must hold

  private func judge(_ acts: [Act], _ outcomes: [Outcome]) throws {
    for (act, outcome) in zip(acts, outcomes) {
      late.append((act.faulty, outcome.touched))
      story.append(
        "host \(act.host)\(act.staged.isCrashed ? " crashes" : "")\(act.isDisturbed ? " disturbed" : "")"
          + " \(act.deed): \(outcome.saved?.shortHex ?? outcome.error ?? "done")"
          + " touching \(outcome.touched.map(\.shortHex))")
      // Flipped bits may look like damage, and are told so.
      if let wrong = outcome.wrong, !(act.flips && act.deed == .check) {
        fail("\(act.deed): \(wrong)")
      }
      if let error = outcome.error, !act.staged.isCrashed, !act.isDisturbed,
        !Self.isHonest(error)
      {
        fail("\(act.deed) fails: \(error)")
      }
      guard let id = outcome.saved else { continue }
      known.append(id)
      if known.count > 12 { known.removeFirst() }
      expected.insert(id)
    }
    // Others may have forgotten what has just been saved.
    settle(outcomes.flatMap(\.touched))
    let state = try oracle.state(of: disk)
    for id in expected.sorted() where !state.isLive(id) { fail("snapshot \(id.shortHex) is gone") }
  }

  // What others did meanwhile is told so.
  private static func isHonest(_ error: String) -> Bool {
    ["relianceLost", "is gone", "forgotten meanwhile", "is pinned", "swept("]
      .contains { error.contains($0) }
  }

  // What may have been forgotten or brought back is what the journal says it is.
  private func settle(_ touched: [SnapshotID]) {
    guard !touched.isEmpty, let state = try? oracle.state(of: disk) else { return }
    for id in touched {
      if state.isLive(id) { expected.insert(id) } else { expected.remove(id) }
    }
  }

  // Every snapshot, as a new client sees it, and now and then one that has been there.
  private func readEverything() throws {
    let fresh = try IndexCache.temporary(repository: scene.access.repository)
    for index in oneIn(4) ? [fresh, hosts[0].index] : [fresh] {
      let client = scene.client(of: disk, index: index, seed: 2, clock: clock)
      try client.vault.refresh()
      let doer = Doer(number: number, clock: clock, kept: kept)
      for snapshot in try client.snapshots() where snapshot.id != scene.old {
        do {
          if let wrong = try doer.restore(snapshot, in: client) { fail(wrong) }
        } catch { fail("snapshot \(snapshot.number) does not restore: \(error)") }
        report.restoredCount += 1
      }
    }
  }

  private func fail(_ text: String) { violation = violation ?? text }
}

extension ObjectName {
  // The same in every process.
  fileprivate var hashOfText: UInt64 {
    description.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
