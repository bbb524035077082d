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
//
// `Bounds.isReduced` takes these away, and tests compare what is met with them and without. Fingerprints
// stand for states: with n of them two are taken for one with a probability below n² / 2⁶⁵.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// Explores one scene with one cast.
final class Explorer {
  private let scene: Scene
  private let oracle: Oracle
  private let cast: [Role]
  private let bounds: Bounds
  private let props = Props()
  private let parts: [Part]
  // What is yet to try, along the decisions that lead there.
  private var path: [Step] = []
  private var met: [UInt64: UInt8] = [:]
  private var judged: Set<UInt64> = []
  private var seenEndings: [Set<Int32>]
  private(set) var result = Exploration()

  // Where a player is who crashed; only met where nothing is left out.
  private static let crashed: Int32 = -1

  /// A state.
  private struct Moment {
    var objects: [Int32]
    var store: UInt64
    var beats: [Int32]
    var last = -1
    var switches: UInt8 = 0
  }

  private struct Step {
    let moment: Moment
    var tried = 0
  }

  init(_ scene: Scene, cast: String, bounds: Bounds = Bounds()) throws {
    self.scene = scene
    self.bounds = bounds
    oracle = try Oracle(scene)
    let roles = cast.compactMap { Role(rawValue: $0) }
    let props = props
    self.cast = roles
    parts = try roles.enumerated().map { try Part($1, number: $0, in: scene, props) }
    seenEndings = roles.map { _ in [] }
  }

  /// Tries everything, up to the first violation.
  func explore() throws -> Exploration {
    try begin()
    while let step = path.last, result.violation == nil {
      let choices = bounds.isReduced ? cast.count : 2 * cast.count
      guard step.tried < choices else {
        path.removeLast()
        continue
      }
      path[path.count - 1].tried += 1
      // Who went on last goes on first: the real code is run on where it stands.
      let choice = (max(0, step.moment.last) + step.tried) % cast.count
      if step.tried < cast.count {
        try goOn(choice, from: step.moment)
      } else {
        try crash(choice, from: step.moment)
      }
    }
    result.stateCount = met.count
    result.beatCount = parts.reduce(0) { $0 + $1.beats.count }
    return result
  }

  private func begin() throws {
    var moment = Moment(objects: [], store: 0, beats: cast.map { _ in Part.beginning })
    let store = scene.copy()
    var names: [ObjectName] = []
    try store.list(prefix: "", after: nil) { (name, _) throws(StoreError) in
      names.append(name)
      return true
    }
    for name in names {
      let bytes = try store.read(name, limit: 1 << 26)
      put(props.number(of: name, bytes), &moment)
    }
    for player in cast.indices { try settle(player, &moment) }
    try meet(moment)
  }

  // MARK: Going on

  private func goOn(_ player: Int, from before: Moment) throws {
    guard before.beats[player] != Self.crashed, let call = self.call(of: player, in: before)
    else { return }
    var moment = before
    if before.last >= 0, before.last != player, self.call(of: before.last, in: before) != nil {
      moment.switches += 1
      if let limit = bounds.switchLimit, moment.switches > limit { return }
    }
    moment.last = player
    result.actCount += 1
    try perform(call, player, &moment)
    try settle(player, &moment)
    try meet(moment)
  }

  private func crash(_ player: Int, from before: Moment) throws {
    guard call(of: player, in: before) != nil else { return }
    var moment = before
    moment.beats[player] = Self.crashed
    try meet(moment)
  }

  private func call(of player: Int, in moment: Moment) -> Call? {
    let beat = moment.beats[player]
    return beat == Self.crashed ? nil : parts[player].beats[Int(beat)].call
  }

  private func perform(_ call: Call, _ player: Int, _ moment: inout Moment) throws {
    let answer = self.answer(to: call, &moment)
    moment.beats[player] = try parts[player].next(moment.beats[player], answer)
  }

  // Makes the calls that need no turn.
  private func settle(_ player: Int, _ moment: inout Moment) throws {
    while bounds.isReduced, let call = self.call(of: player, in: moment),
      needsNoTurn(call, of: player, in: moment)
    {
      try perform(call, player, &moment)
    }
    let beat = moment.beats[player]
    let (part, role) = (parts[player], cast[player])
    guard part.beats[Int(beat)].call == nil, seenEndings[player].insert(beat).inserted else {
      return
    }
    let ending = part.beats[Int(beat)].ending
    result.endings["\(role.rawValue): \(ending.error ?? "done")", default: 0] += 1
  }

  private func needsNoTurn(_ call: Call, of player: Int, in moment: Moment) -> Bool {
    switch call {
    case .barrier: return true
    case .read(let name, _, _), .size(let name):
      guard find(name, moment) != nil else { return false }
      let folder = props.names[Int(name)].folder
      guard folder == "packs/" || folder == "index/" else { return true }
      return !cast.indices.contains { other in
        other != player && cast[other] == .pruner && self.call(of: other, in: moment) != nil
      }
    case .create, .list, .delete: return false
    }
  }

  // MARK: The store

  private func find(_ name: Int32, _ moment: Moment) -> Int? {
    moment.objects.firstIndex { props.all[Int($0)].nameNumber == name }
  }

  private func put(_ object: Int32, _ moment: inout Moment) {
    moment.objects.append(object)
    moment.store ^= props.all[Int(object)].key
  }

  private func answer(to call: Call, _ moment: inout Moment) -> Answer {
    switch call {
    case .barrier: return .done
    case .read(let name, _, _), .size(let name):
      return .content(find(name, moment).map { moment.objects[$0] })
    case .create(let object):
      let isTaken = find(props.all[Int(object)].nameNumber, moment) != nil
      if !isTaken { put(object, &moment) }
      return .creation(isTaken ? .existed : .created)
    case .delete(let name):
      precondition(["packs/", "index/"].contains(props.names[Int(name)].folder))
      if let place = find(name, moment) {
        moment.store ^= props.all[Int(moment.objects.remove(at: place))].key
      }
      return .done
    case .list(let prefix, let after):
      let found = moment.objects.filter { object in
        let prop = props.all[Int(object)]
        return prop.folder == prefix && after.map { prop.name.description > $0 } ?? true
      }
      return .listed(found.sorted { props.all[Int($0)].name < props.all[Int($1)].name })
    }
  }

  // MARK: What must hold

  private func meet(_ moment: Moment) throws {
    let key = fingerprint(of: moment)
    if let switches = met[key], bounds.switchLimit == nil || switches <= moment.switches { return }
    guard met.count < bounds.stateLimit else {
      result.isComplete = false
      return
    }
    met[key] = moment.switches
    path.append(Step(moment: moment))
    try judge(moment)
  }

  private func fingerprint(of moment: Moment) -> UInt64 {
    var key = moment.store
    for (player, beat) in moment.beats.enumerated() {
      key ^= Self.mix(UInt64(player + 1), code(of: player, at: beat))
    }
    if bounds.switchLimit != nil { key ^= Self.mix(0, UInt64(moment.last + 1)) }
    return key
  }

  // Of who has ended only what it reported.
  private func code(of player: Int, at beat: Int32) -> UInt64 {
    guard beat != Self.crashed else { return 1 << 40 }
    let here = parts[player].beats[Int(beat)]
    guard bounds.isReduced, here.call == nil else { return UInt64(beat) }
    return here.ending.snapshot.map { $0.leadingWord | 1 << 63 } ?? 1 << 41
  }

  private static func mix(_ player: UInt64, _ code: UInt64) -> UInt64 {
    var random = SplitMix(seed: code &* 0x9e6c_63d0_876a_68ee ^ player << 56)
    return random.next()
  }

  private func judge(_ moment: Moment) throws {
    let reported = moment.beats.enumerated().compactMap { player, beat in
      beat == Self.crashed ? nil : parts[player].beats[Int(beat)].ending.snapshot
    }
    let key = reported.reduce(moment.store) { $0 ^ Self.mix(99, $1.leadingWord) }
    guard judged.insert(key).inserted else { return }
    let store = MemoryStore()
    for object in moment.objects {
      let prop = props.all[Int(object)]
      store.overwrite(prop.name, with: prop.bytes)
    }
    let state = try oracle.state(of: store)
    if !reported.allSatisfy({ state.isLive($0) }) {
      return fail("a snapshot that was reported is not there", moment)
    }
    guard result.stores.insert(moment.store).inserted else { return }
    if let wrong = try oracle.verdict(on: store) { return fail(wrong, moment) }
    if let wrong = try oracle.verdictOfReader(on: store) { fail(wrong, moment) }
  }

  private func fail(_ text: String, _ moment: Moment) {
    let order = path.dropFirst().map { step in
      let last = step.moment.last
      return "\(cast[last].rawValue)\(last)"
    }
    result.violation = result.violation ?? "\(text) after \(order.joined(separator: " "))"
  }
}
