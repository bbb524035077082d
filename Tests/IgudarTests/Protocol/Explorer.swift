// Every order in which players can act on one repository, and every crash: the real code is run again
// and again from the beginning, each time along other decisions of the director.
//
// Left out is what cannot matter, and nothing else, unless bounds are given: of acts that commute one
// order is enough (sleep sets, and persistent sets where nobody else can ever come into conflict); from
// a state that was met before, in which every player has seen the same, only what was not tried there;
// a crash before an act that changes nothing is one before the next that does. Sleep sets with met
// states are those of Godefroid, Partial-Order Methods, 1996, sections 5 and 6.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// How far an exploration goes.
struct Bounds: Hashable, Sendable {
  /// How often one who could go on has to wait for another; nil for any number.
  var switchLimit: Int?
  /// How many players crash.
  var crashLimit = Int.max
  /// How many runs are tried at most.
  var runLimit = Int.max
}

/// What an exploration came to.
struct Exploration: Sendable {
  var runCount = 0
  var stateCount = 0
  var actCount = 0
  /// Whether every run within the bounds was tried.
  var isComplete = true
  /// The first thing that is wrong, and the decisions that lead to it.
  var violation: String?
  /// How players ended who did not crash, and how often.
  var endings: [String: Int] = [:]

  /// Those of them that are neither done nor told clearly what others did meanwhile.
  var unexpectedEndings: [String] {
    endings.keys.filter { ending in
      !["done", "relianceLost", "prune has taken its data"].contains { ending.contains($0) }
    }
  }
}

/// Explores one scene with one cast.
final class Explorer {
  private let scene: Scene
  private let oracle: Oracle
  private let cast: [Role]
  private let bounds: Bounds
  private var path: [Node] = []
  // Decides when only a sample is tried.
  private var random: SplitMix?
  private var met: [Int: Mark] = [:]
  private var indexes: [IndexCache] = []
  private(set) var result = Exploration()

  /// A step: two bits for each player, to act and to crash.
  private typealias Steps = UInt32

  private struct Node {
    let acts: [Act?]
    var todo: [Int] = []
    var step = 0
    var sleep: Steps = 0
    var last = -1
    var switches = 0
    var crashes = 0

    // Whether the one who moved last could go on and another goes on instead.
    func isSwitch(to player: Int) -> Bool {
      last >= 0 && last != player && acts[last] != nil
    }

    // What is still asleep after the step: what commutes with it.
    func sleepAfterStep(_ bounds: Bounds) -> Steps {
      guard let act = acts[step / 2] else { return 0 }
      var rest: Steps = 0
      for other in 0..<2 * acts.count where sleep & 1 << other != 0 && other / 2 != step / 2 {
        let crashes = step % 2 + other % 2
        let commutes =
          crashes == 2
          ? bounds.crashLimit == .max
          : crashes == 1 || acts[other / 2].map { act.commutes(with: $0) } ?? false
        if commutes { rest |= 1 << other }
      }
      return rest
    }
  }

  // What was tried from a state.
  private struct Mark {
    let sleep: Steps
    let switches: Int
  }

  init(_ scene: Scene, cast: String, bounds: Bounds = Bounds()) {
    self.scene = scene
    self.bounds = bounds
    oracle = Oracle(scene)
    self.cast = cast.compactMap { Role(rawValue: $0) }
  }

  /// Tries everything, up to the first violation.
  func explore() throws -> Exploration {
    repeat {
      if result.runCount == bounds.runLimit {
        result.isComplete = false
        break
      }
      try run()
    } while result.violation == nil && backtrack()
    result.stateCount = met.count
    return result
  }

  /// Tries so many runs in which a seed decides who moves and who crashes, up to the first violation.
  func sample(runCount: Int, seed: UInt64) throws -> Exploration {
    random = SplitMix(seed: seed)
    while result.runCount < runCount && result.violation == nil {
      path = []
      try run()
    }
    result.isComplete = false
    return result
  }

  private func backtrack() -> Bool {
    while var node = path.popLast() {
      node.sleep |= 1 << node.step
      if let next = node.todo.popLast() {
        node.step = next
        path.append(node)
        return true
      }
    }
    return false
  }

  // MARK: One run

  private func run() throws {
    result.runCount += 1
    let store = scene.copy()
    let stage = Stage(playerCount: cast.count)
    let stores = cast.indices.map { StagedStore(store, stage, player: $0) }
    let endings = Endings(cast.count)
    // Numbers of packs are never given out twice, so an index gets slower from run to run.
    if result.runCount % 256 == 1 {
      indexes = try cast.map { _ in try IndexCache.temporary(repository: scene.access.repository) }
    }
    for (player, role) in cast.enumerated() {
      try indexes[player].removeAll()
      let client = scene.client(
        of: stores[player], index: indexes[player], seed: UInt64(player + 1))
      stage.start(player) { [scene] in
        endings.set(player, scene.play(role, number: player, in: client))
      }
    }
    defer { stage.clear() }
    for node in path.dropLast() { stage.letGo(node.step / 2, node.step % 2 == 1 ? .crash : .act) }
    if let node = path.last {
      guard node.acts == stage.current.map(\.act) else {
        result.violation = "the same decisions do not lead to the same acts: \(decisions)"
        return
      }
      guard try take(node.step, stage, store) else { return }
    }
    while extend(stage, stores) {
      guard let step = path.last?.step, try take(step, stage, store) else { return }
    }
    if stage.current.allSatisfy({ $0 == .ended }) { try end(store, stores, endings) }
  }

  // False when something is wrong afterwards.
  private func take(_ step: Int, _ stage: Stage, _ store: MemoryStore) throws -> Bool {
    result.actCount += 1
    guard case .waiting(let act) = stage.current[step / 2] else {
      preconditionFailure("the same decisions lead to the same state")
    }
    stage.letGo(step / 2, step % 2 == 1 ? .crash : .act)
    guard act.isChange, step % 2 == 0, let wrong = try oracle.verdict(on: store) else {
      return true
    }
    result.violation = "\(wrong) after \(decisions)"
    return false
  }

  private var decisions: String {
    path.map { "\(cast[$0.step / 2].rawValue)\($0.step / 2)\($0.step % 2 == 1 ? "†" : "")" }
      .joined(separator: " ")
  }

  private func end(_ store: MemoryStore, _ stores: [StagedStore], _ endings: Endings) throws {
    let state = try oracle.state(of: store)
    for (player, ending) in endings.all.enumerated() where !stores[player].isCrashed {
      let text = "\(cast[player].rawValue): \(ending.error ?? "done")"
      result.endings[text, default: 0] += 1
      if let snapshot = ending.snapshot, !state.isLive(snapshot) {
        result.violation = "a snapshot that was reported is not there after \(decisions)"
      }
    }
    if let wrong = try oracle.verdictOfReader(on: store) {
      result.violation = "\(wrong) after \(decisions)"
    }
  }

  // MARK: What can come next

  // Decides on the next step in a new state; false where nothing is left to try.
  private func extend(_ stage: Stage, _ stores: [StagedStore]) -> Bool {
    var node = Node(acts: stage.current.map(\.act))
    if random != nil { return extendAtRandom(node) }
    if let before = path.last {
      node.last = before.step / 2
      node.crashes = before.crashes + before.step % 2
      node.switches = before.switches + (before.isSwitch(to: node.last) ? 1 : 0)
      node.sleep = bounds.switchLimit == nil ? before.sleepAfterStep(bounds) : 0
    }
    var hasher = Hasher()
    for store in stores {
      hasher.combine(store.history)
      hasher.combine(store.isCrashed)
    }
    if bounds.switchLimit != nil { hasher.combine(node.last) }
    node.todo = remaining(hasher.finalize(), &node)
    guard let step = node.todo.popLast() else { return false }
    node.step = step
    path.append(node)
    return true
  }

  // Mostly the same player goes on: what comes of a few switches is found first.
  private func extendAtRandom(_ node: Node) -> Bool {
    guard var random else { return false }
    defer { self.random = random }
    var node = node
    let waiting = cast.indices.filter { node.acts[$0] != nil }
    let last = path.last.map { $0.step / 2 }
    let goesOn = random.happens(0.7)
    guard
      let player = waiting.first(where: { $0 == last && goesOn })
        ?? waiting.randomElement(using: &random)
    else { return false }
    let crashes = node.acts[player]?.isChange == true && random.happens(0.04)
    node.step = 2 * player + (crashes ? 1 : 0)
    path.append(node)
    return true
  }

  // The steps to try from a state; the last of them first.
  private func remaining(_ state: Int, _ node: inout Node) -> [Int] {
    let known = met[state]
    guard bounds.switchLimit == nil else {
      if let known, known.switches <= node.switches { return [] }
      met[state] = Mark(sleep: 0, switches: node.switches)
      return steps(of: node)
    }
    let sleep = node.sleep
    if let known {
      let fresh = known.sleep & ~sleep
      node.sleep = known.sleep & sleep
      met[state] = Mark(sleep: node.sleep, switches: 0)
      return steps(of: node).filter { fresh & 1 << $0 != 0 }
    }
    met[state] = Mark(sleep: sleep, switches: 0)
    return steps(of: node).filter { sleep & 1 << $0 == 0 }
  }

  private func steps(of node: Node) -> [Int] {
    var steps: [Int] = []
    for player in candidates(node).sorted(by: { a, _ in a != node.last }) {
      guard let act = node.acts[player], mayMove(player, node) else { continue }
      if act.isChange && node.crashes < bounds.crashLimit { steps.append(2 * player + 1) }
      steps.append(2 * player)
    }
    return steps
  }

  private func mayMove(_ player: Int, _ node: Node) -> Bool {
    guard let limit = bounds.switchLimit, node.isSwitch(to: player) else { return true }
    return node.switches < limit
  }

  // One player alone, if nothing that others can ever do comes into conflict with its act.
  private func candidates(_ node: Node) -> [Int] {
    let waiting = cast.indices.filter { node.acts[$0] != nil }
    guard bounds.switchLimit == nil else { return waiting }
    let alone = waiting.first { player in
      let others = waiting.filter { $0 != player }.map { cast[$0] }
      return node.acts[player].map { isAlone($0, among: others) } ?? false
    }
    return alone.map { [$0] } ?? waiting
  }

  private func isAlone(_ act: Act, among others: [Role]) -> Bool {
    guard !act.subject.hasPrefix("journal/") else { return others.isEmpty }
    switch act.operation {
    case .read, .size: return !others.contains(.pruner)
    case .create where act.subject.hasPrefix("index/"): return !others.contains(.pruner)
    default: return !others.contains(where: \.isAtPacks)
    }
  }
}

/// How players ended, told from their threads.
final class Endings: @unchecked Sendable {
  private let lock = Lock()
  private var endings: [Ending]

  init(_ count: Int) { endings = Array(repeating: Ending(), count: count) }

  var all: [Ending] { lock.withLock { endings } }
  func set(_ player: Int, _ ending: Ending) { lock.withLock { endings[player] = ending } }
}
