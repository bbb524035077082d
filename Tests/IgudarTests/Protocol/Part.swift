// What one player does after every sequence of answers, as a tree that is learned from the real code as
// far as it is needed. A player is alone with the store: its seed, its clock and what its calls
// answered make up all that it knows, so the tree is the player, in whatever company. It is run again
// only to learn a new branch, and from then on looked up.

import Platform
import Storage

@testable import Igudar
@testable import Vault

/// The part of one player.
final class Part {
  /// What the player is at: about to make a call, or at its end.
  struct Beat {
    let call: Call?
    /// What it adds to the fingerprint of a state.
    let key: UInt64
    fileprivate let before: Int32
    fileprivate let answer: Answer
    // The branches are a list: the newest, and of each the one before.
    fileprivate var branch = none
    fileprivate var sibling = none
  }

  fileprivate static let none: Int32 = -1

  /// The same answers did not lead to the same calls.
  struct Unsteady: Error {}

  private let scene: Scene
  private let role: Role
  private let number: Int
  private let props: Props
  private(set) var beats: [Beat] = []
  /// How the player ended, by the last beat.
  private(set) var endings: [Int32: Ending] = [:]
  private let mergesEnds: Bool
  // By beat, what may be called from there on as far as it was learned, and what somebody relies on
  // not to be.
  private var footprints: [Footprint] = []
  private var excluded: [Footprint] = []
  /// Whether more was learned than somebody had relied on.
  private(set) var hasSurprised = false
  private var index: IndexCache
  /// How often the real code was begun.
  private(set) var performanceCount = 0
  // Who is on the way, and at which beat.
  private var performance: (store: ScriptedStore, thread: Thread, beat: Int32)?

  /// With `mergesEnds` only what the player reported counts of one who has ended.
  init(
    _ role: Role, number: Int, in scene: Scene, _ props: Props, mergesEnds: Bool
  ) throws {
    self.mergesEnds = mergesEnds
    self.scene = scene
    self.role = role
    self.number = number
    self.props = props
    index = try IndexCache.temporary(repository: scene.access.repository)
    try perform([])
    try add(before: Self.none, .done)
  }

  deinit { leave() }

  /// The first beat.
  static let beginning: Int32 = 0

  /// The beat after an answer.
  func next(_ beat: Int32, _ answer: Answer) throws -> Int32 {
    var known = beats[Int(beat)].branch
    while known != Self.none {
      if beats[Int(known)].answer == answer { return known }
      known = beats[Int(known)].sibling
    }
    if let performance, performance.beat == beat {
      performance.store.give(answer)
    } else {
      try perform(script(to: beat) + [(try call(at: beat), answer)])
    }
    return try add(before: beat, answer)
  }

  // MARK: What is still to come

  /// Whether none of these calls is known to come from a beat on; who relies on it is told by
  /// `hasSurprised` if that was wrong.
  func excludes(_ calls: Footprint, from beat: Int32) -> Bool {
    guard !footprints[Int(beat)].meets(calls) else { return false }
    excluded[Int(beat)].formUnion(calls)
    return true
  }

  /// Nobody relies on anything any more.
  func beginAgain() {
    hasSurprised = false
    for index in excluded.indices { excluded[index] = Footprint() }
  }

  private func note(_ calls: Footprint, from last: Int32) {
    var beat = last
    while beat != Self.none, !footprints[Int(beat)].contains(calls) {
      footprints[Int(beat)].formUnion(calls)
      if excluded[Int(beat)].meets(calls) { hasSurprised = true }
      beat = beats[Int(beat)].before
    }
  }

  private func call(at beat: Int32) throws -> Call {
    guard let call = beats[Int(beat)].call else { throw Unsteady() }
    return call
  }

  private func script(to beat: Int32) throws -> [(call: Call, answer: Answer)] {
    var script: [(call: Call, answer: Answer)] = []
    var beat = beats[Int(beat)]
    while beat.before != Self.none {
      script.append((try call(at: beat.before), beat.answer))
      beat = beats[Int(beat.before)]
    }
    return script.reversed()
  }

  @discardableResult
  private func add(before: Int32, _ answer: Answer) throws -> Int32 {
    guard let store = performance?.store else { throw Unsteady() }
    let (call, ending) = store.settle()
    guard !store.isOffScript else { throw Unsteady() }
    let beat = Int32(beats.count)
    beats.append(
      Beat(call: call, key: key(of: beat, call, ending), before: before, answer: answer))
    footprints.append(Footprint())
    excluded.append(Footprint())
    if let call { note(Footprint(call, props), from: beat) } else { endings[beat] = ending }
    if before != Self.none {
      beats[Int(beat)].sibling = beats[Int(before)].branch
      beats[Int(before)].branch = beat
    }
    performance?.beat = beat
    return beat
  }

  private func key(of beat: Int32, _ call: Call?, _ ending: Ending) -> UInt64 {
    guard mergesEnds, call == nil else { return Self.mix(number, UInt64(beat)) }
    return Self.mix(number, ending.snapshot.map { $0.leadingWord | 1 << 63 } ?? 1 << 41)
  }

  /// What a number adds to fingerprints where a player has it.
  static func mix(_ player: Int, _ number: UInt64) -> UInt64 {
    var random = SplitMix(seed: number &* 0x9e6c_63d0_876a_68ee ^ UInt64(player + 1) << 56)
    return random.next()
  }

  // MARK: Performing

  private func perform(_ script: [(call: Call, answer: Answer)]) throws {
    leave()
    performanceCount += 1
    // Numbers of packs are never given out twice, so an index gets slower with time.
    if performanceCount.isMultiple(of: 256) {
      index = try IndexCache.temporary(repository: scene.access.repository)
    }
    try index.removeAll()
    let store = ScriptedStore(props, script: script)
    let client = scene.client(of: store, index: index, seed: UInt64(number + 1))
    let (scene, role, number) = (scene, role, number)
    let thread = Thread.start(name: "player \(number)") {
      store.end(scene.play(role, number: number, in: client))
    }
    performance = (store, thread, -1)
  }

  private func leave() {
    performance?.store.leave()
    performance?.thread.join()
    performance = nil
  }
}
