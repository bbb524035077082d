// Every order in which players can act on one repository, and every crash at every call of the store.
//
// A state is what the store holds and where every player is in its part. From each that is met first
// every player that can goes on by one call, so all states are met that there are. Nothing is left out
// but what cannot matter:
//
// - Of a player that has ended only the snapshot counts that it reported; how it came there does not,
//   as it does nothing more.
// - A call whose answer nobody can change and that changes nothing (a barrier; reading what is there
//   and never deleted, which is all but packs and segments; reading those where nobody else prunes)
//   comes right after the one before it. Between the two the store is the same, and all that others
//   can do there they can do after it.
// - Nobody crashes. Who has crashed is one who is not there any more, and of one who only waits, others
//   see no more: whatever they do after a crash they do while it waits. So what must hold after a
//   crash is asked of every state, as if all players had crashed there: what the store holds is whole,
//   and a new client restores all of it.
// - Where no other player will ever make a call of which the order with the next call of one matters
//   (`Footprint`), that one goes on alone: a persistent set of one call (Godefroid, Partial-Order
//   Methods, 1996, chapter 4). If the call changes nothing it needs no turn at all. What others do before
//   it they can do after it, with the same answers; so everybody still comes to every beat of its part,
//   and ends in every way. States in between are left out, but not what counts of the store in them
//   (`Judge`): what is created alone nobody else can have named, what is deleted alone is only one object
//   less, and a new entry of the journal never goes alone. Nobody is put off for ever, as every call
//   leads to a beat that was not there before.
//   What players may still do is known as far as their parts are learned. If one makes a call that
//   somebody relied on not to come, all is begun again with what is known by then, until nobody is
//   surprised. Then nobody can be: the first call that conflicts with one that went alone would come
//   after calls that do not, at a beat that its player comes to after the lone call as well; there it is
//   met, by induction over the calls that are left, and so it was known.
//   With a limit of switches this is not done: what stands for an order may take more of them.
// - Who plays the same role does the same, under other names: of those the first begins first. What
//   comes of the second beginning first comes of the first doing so, with their names changed.
//
// `Bounds.isReduced` takes these away, `ordersOnlyConflicts` and `ordersTwins` the last two, and tests
// compare what is met with them and without. Fingerprints stand for states: with n of them two are
// taken for one with a probability below n² / 2⁶⁵.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// Explores one scene with one cast.
final class Explorer {
  private let cast: [Role]
  private let bounds: Bounds
  private let props = Props()
  private let judge: Judge
  private let parts: [Part]
  // The state that the exploration is in.
  private var shelf = Shelf()
  private var beats: [Int32]
  private var beatsKey: UInt64 = 0
  // What led to it, step by step.
  private var path: [Step] = []
  private var met = FingerprintTable()
  private var seenEndings: [Set<Int32>]
  // Where each player waits for its first turn.
  private var starts: [Int32] = []
  private(set) var result = Exploration()

  // Where a player is who crashed; only met where nothing is left out.
  private static let crashed: Int32 = -1
  private static let nobody = -1

  /// What a call did to the store.
  private enum Change {
    case none
    case put(Int32)
    case took(Int32)
  }

  /// A state on the path, and how to go back from it.
  private struct Step {
    let player: Int
    let before: Int32
    let change: Change
    let switches: UInt8
    // Who alone goes on.
    var only = nobody
    var tried = 0
  }

  /// With `numbers` players get the names of others than themselves.
  init(
    _ scene: Scene, cast: String, bounds: Bounds = Bounds(), numbers: [Int]? = nil
  ) throws {
    self.bounds = bounds
    let roles = cast.compactMap { Role(rawValue: $0) }
    let props = props
    self.cast = roles
    judge = try Judge(scene, props)
    parts = try roles.enumerated().map {
      try Part(
        $1, number: numbers?[$0] ?? $0, in: scene, props, mergesEnds: bounds.isReduced)
    }
    seenEndings = roles.map { _ in [] }
    beats = roles.map { _ in Part.beginning }
    for object in try props.numbers(of: scene.copy()) { shelf.put(object, props) }
    for player in roles.indices { beatsKey ^= key(of: player) }
  }

  /// Tries everything, up to the first violation.
  func explore() throws -> Exploration {
    repeat { try pass() } while result.violation == nil && parts.contains(where: \.hasSurprised)
    result.stateCount = met.count
    result.beatCount = parts.reduce(0) { $0 + $1.beats.count }
    result.performanceCount = parts.reduce(0) { $0 + $1.performanceCount }
    result.stores = judge.stores
    result.judged = judge.judged
    return result
  }

  private func pass() throws {
    result.passCount += 1
    result.actCount = 0
    met = FingerprintTable()
    for part in parts { part.beginAgain() }
    for player in cast.indices {
      move(player, to: Part.beginning)
      try settle(player)
    }
    starts = beats
    _ = try meet(Step(player: Self.nobody, before: 0, change: .none, switches: 0))
    while let step = path.last, result.violation == nil {
      let choices = bounds.isReduced ? cast.count : 2 * cast.count
      guard step.tried < choices else {
        leave()
        continue
      }
      path[path.count - 1].tried += 1
      if step.only != Self.nobody {
        path[path.count - 1].tried = choices
        try goOn(step.only, after: step)
        continue
      }
      // Who went on last goes on first: the real code is run on where it stands.
      let choice = (max(0, step.player) + step.tried) % cast.count
      if step.tried < cast.count {
        try goOn(choice, after: step)
      } else {
        try crash(choice, after: step)
      }
    }
  }

  // MARK: Going on

  private func goOn(_ player: Int, after step: Step) throws {
    guard let call = call(of: player), mayBegin(player) else { return }
    var switches = step.switches
    if step.player != Self.nobody, step.player != player, self.call(of: step.player) != nil {
      switches &+= 1
      if let limit = bounds.switchLimit, switches > limit { return }
    }
    result.actCount += 1
    let before = beats[player]
    let change = try perform(call, player)
    try settle(player)
    let next = Step(player: player, before: before, change: change, switches: switches)
    if try !meet(next) { undo(next) }
  }

  // Whether a player has begun, or everybody has who plays the same and comes first.
  private func mayBegin(_ player: Int) -> Bool {
    guard bounds.isReduced, bounds.ordersTwins, beats[player] == starts[player] else { return true }
    return !(0..<player).contains { cast[$0] == cast[player] && beats[$0] == starts[$0] }
  }

  private func crash(_ player: Int, after step: Step) throws {
    guard call(of: player) != nil else { return }
    let next = Step(
      player: player, before: beats[player], change: .none, switches: step.switches)
    move(player, to: Self.crashed)
    if try !meet(next) { undo(next) }
  }

  private func leave() { undo(path.removeLast()) }

  private func undo(_ step: Step) {
    guard step.player != Self.nobody else { return }
    move(step.player, to: step.before)
    switch step.change {
    case .none: break
    case .put(let object): shelf.take(object, props)
    case .took(let object): shelf.put(object, props)
    }
  }

  private func move(_ player: Int, to beat: Int32) {
    beatsKey ^= key(of: player)
    beats[player] = beat
    beatsKey ^= key(of: player)
  }

  private func key(of player: Int) -> UInt64 {
    let beat = beats[player]
    return beat == Self.crashed
      ? Part.mix(player, 1 << 40) : parts[player].beats[Int(beat)].key
  }

  private func call(of player: Int) -> Call? {
    let beat = beats[player]
    return beat == Self.crashed ? nil : parts[player].beats[Int(beat)].call
  }

  private func perform(_ call: Call, _ player: Int) throws -> Change {
    let (answer, change) = answer(to: call)
    move(player, to: try parts[player].next(beats[player], answer))
    return change
  }

  // Makes the calls that need no turn.
  private func settle(_ player: Int) throws {
    while bounds.isReduced, let call = call(of: player),
      needsNoTurn(call, of: player) || !call.isChange && concernsNobody(call, of: player)
    {
      _ = try perform(call, player)
    }
    let beat = beats[player]
    guard call(of: player) == nil, seenEndings[player].insert(beat).inserted,
      let ending = parts[player].endings[beat]
    else { return }
    result.endings["\(cast[player].rawValue): \(ending.error ?? "done")", default: 0] += 1
  }

  private func needsNoTurn(_ call: Call, of player: Int) -> Bool {
    switch call {
    case .barrier: return true
    case .read(let name, _, _), .size(let name):
      guard shelf.object(named: name) != nil else { return false }
      guard props.folders[Int(name)].isPruned else { return true }
      return !cast.indices.contains { other in
        other != player && cast[other] == .pruner && self.call(of: other) != nil
      }
    case .create, .list, .delete: return false
    }
  }

  // Whether no other player will ever make a call of which the order with this one matters.
  private func concernsNobody(_ call: Call, of player: Int) -> Bool {
    guard bounds.isReduced, bounds.ordersOnlyConflicts, bounds.switchLimit == nil else {
      return false
    }
    if case .create(let object) = call {
      guard props.all[Int(object)].folder.isPruned else { return false }
    }
    let conflicts = Footprint(conflictingWith: call, props)
    return cast.indices.allSatisfy { other in
      guard other != player, self.call(of: other) != nil else { return true }
      return parts[other].excludes(conflicts, from: beats[other])
    } && !isKnownElsewhere(call, to: player)
  }

  // Whether somebody else creates the same object at any time, so that others can know its name.
  private func isKnownElsewhere(_ call: Call, to player: Int) -> Bool {
    guard case .create = call else { return false }
    let same = Footprint(call, props)
    return cast.indices.contains { other in
      other != player && !parts[other].excludes(same.onlyCreates, from: Part.beginning)
    }
  }

  // MARK: The store

  private func answer(to call: Call) -> (Answer, Change) {
    switch call {
    case .barrier: return (.done, .none)
    case .read(let name, _, _), .size(let name):
      return (.content(shelf.object(named: name)), .none)
    case .create(let object):
      guard shelf.object(named: props.all[Int(object)].nameNumber) == nil else {
        return (.creation(.existed), .none)
      }
      shelf.put(object, props)
      return (.creation(.created), .put(object))
    case .delete(let name):
      precondition(props.folders[Int(name)].isPruned)
      guard let object = shelf.object(named: name) else { return (.done, .none) }
      shelf.take(object, props)
      return (.done, .took(object))
    case .list(let listing): return (.listed(props.list(listing, in: shelf)), .none)
    }
  }

  // MARK: What must hold

  // False where the state was met before.
  private func meet(_ step: Step) throws -> Bool {
    var fingerprint = shelf.fingerprint ^ beatsKey
    if bounds.switchLimit != nil {
      fingerprint ^= Part.mix(cast.count, UInt64(step.player + 1))
    }
    guard met.count < bounds.stateLimit else {
      result.isComplete = false
      return false
    }
    let switches = bounds.switchLimit == nil ? 0 : step.switches
    guard met.improve(fingerprint, switches) else { return false }
    path.append(step)
    path[path.count - 1].only =
      cast.indices.first { player in
        mayBegin(player) && (call(of: player).map { concernsNobody($0, of: player) } ?? false)
      } ?? Self.nobody
    let reported = beats.enumerated().compactMap { player, beat in
      beat == Self.crashed || call(of: player) != nil
        ? nil : parts[player].endings[beat]?.snapshot
    }
    if let wrong = try judge.verdict(on: shelf, reporting: reported) { fail(wrong) }
    return true
  }

  private func fail(_ text: String) {
    let order = path.dropFirst().map { "\(cast[$0.player].rawValue)\($0.player)" }
    result.violation = result.violation ?? "\(text) after \(order.joined(separator: " "))"
  }
}
