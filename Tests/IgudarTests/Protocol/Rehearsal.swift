// A sample of what players do together: all of them at once on one stage, and a seed decides who moves
// and who crashes. Where a cast is too large to be explored this is what is tried of it; where it is
// not, nothing may come up that the explorer has not met.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// Runs of one scene with one cast.
final class Rehearsal {
  private let scene: Scene
  private let oracle: Oracle
  private let cast: [Role]
  private var random: SplitMix
  private var indexes: [IndexCache] = []
  private var order: [String] = []
  private(set) var runCount = 0
  private(set) var actCount = 0
  private(set) var crashCount = 0
  /// What the store held, by fingerprint.
  private(set) var stores: Set<UInt64> = []
  /// How players ended who did not crash.
  private(set) var endings: Set<String> = []
  /// The first thing that is wrong, and the decisions that lead to it.
  private(set) var violation: String?

  init(_ scene: Scene, cast: String, seed: UInt64) throws {
    self.scene = scene
    self.cast = cast.compactMap { Role(rawValue: $0) }
    oracle = try Oracle(scene)
    random = SplitMix(seed: seed)
  }

  /// Tries so many runs, up to the first violation.
  func perform(runCount limit: Int) throws {
    while runCount < limit && violation == nil { try run() }
  }

  private func run() throws {
    let store = scene.copy()
    let stage = Stage(playerCount: cast.count)
    let stores = cast.indices.map { StagedStore(store, stage, player: $0) }
    let endings = Reports(cast.count, Ending())
    // Numbers of packs are never given out twice, so an index gets slower from run to run.
    if runCount.isMultiple(of: 256) {
      indexes = try cast.map { _ in try IndexCache.temporary(repository: scene.access.repository) }
    }
    runCount += 1
    order = []
    for (player, role) in cast.enumerated() {
      try indexes[player].removeAll()
      let client = scene.client(
        of: stores[player], index: indexes[player], seed: UInt64(player + 1))
      stage.start(player) { [scene] in
        endings.set(player, scene.play(role, number: player, in: client))
      }
    }
    defer { stage.clear() }
    self.stores.insert(Props.fingerprint(of: store))
    while violation == nil, let player = next(stage) { try move(player, stage, store) }
    guard violation == nil else { return }
    try end(store, stores, endings)
  }

  // Mostly the same player goes on: what comes of a few switches is found first.
  private func next(_ stage: Stage) -> Int? {
    let statuses = stage.current
    let waiting = cast.indices.filter { statuses[$0].act != nil }
    let goesOn = random.happens(0.7)
    let last = order.last.map { $0.prefix(2) }
    return waiting.first { goesOn && name(of: $0) == last ?? "" }
      ?? waiting.randomElement(using: &random)
  }

  private func name(of player: Int) -> String { "\(cast[player].rawValue)\(player)" }

  private func move(_ player: Int, _ stage: Stage, _ store: MemoryStore) throws {
    guard let act = stage.current[player].act else { return }
    let crashes = act.isChange && random.happens(0.04)
    actCount += 1
    crashCount += crashes ? 1 : 0
    order.append(name(of: player) + (crashes ? "†" : ""))
    stage.letGo(player, crashes ? .crash : .act)
    guard act.isChange, !crashes else { return }
    stores.insert(Props.fingerprint(of: store))
    if let wrong = try oracle.verdict(on: store) { fail(wrong) }
  }

  private func end(_ store: MemoryStore, _ stores: [StagedStore], _ endings: Reports<Ending>) throws
  {
    let state = try oracle.state(of: store)
    for (player, ending) in endings.all.enumerated() where !stores[player].isCrashed {
      self.endings.insert("\(cast[player].rawValue): \(ending.error ?? "done")")
      if let snapshot = ending.snapshot, !state.isLive(snapshot) {
        fail("a snapshot that was reported is not there")
      }
    }
    if let wrong = try oracle.verdictOfReader(on: store) { fail(wrong) }
  }

  private func fail(_ text: String) {
    violation = violation ?? "\(text) after \(order.joined(separator: " "))"
  }
}
