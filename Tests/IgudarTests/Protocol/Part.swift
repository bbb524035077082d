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
    let ending: Ending
    fileprivate let before: Int32
    fileprivate let answer: Answer
    fileprivate var branches: [(answer: Answer, next: Int32)] = []
  }

  /// The same answers did not lead to the same calls.
  struct Unsteady: Error {}

  private let scene: Scene
  private let role: Role
  private let number: Int
  private let props: Props
  private(set) var beats: [Beat] = []
  private var index: IndexCache
  private var performanceCount = 0
  // Who is on the way, and at which beat.
  private var performance: (store: ScriptedStore, thread: Thread, beat: Int32)?

  init(_ role: Role, number: Int, in scene: Scene, _ props: Props) throws {
    self.scene = scene
    self.role = role
    self.number = number
    self.props = props
    index = try IndexCache.temporary(repository: scene.access.repository)
    try perform([])
    try add(before: -1, .done)
  }

  deinit { leave() }

  /// The first beat.
  static let beginning: Int32 = 0

  /// The beat after an answer.
  func next(_ beat: Int32, _ answer: Answer) throws -> Int32 {
    if let known = beats[Int(beat)].branches.first(where: { $0.answer == answer }) {
      return known.next
    }
    if let performance, performance.beat == beat {
      performance.store.give(answer)
    } else {
      try perform(script(to: beat) + [(try call(at: beat), answer)])
    }
    let next = try add(before: beat, answer)
    beats[Int(beat)].branches.append((answer, next))
    return next
  }

  private func call(at beat: Int32) throws -> Call {
    guard let call = beats[Int(beat)].call else { throw Unsteady() }
    return call
  }

  private func script(to beat: Int32) throws -> [(call: Call, answer: Answer)] {
    var script: [(call: Call, answer: Answer)] = []
    var beat = beats[Int(beat)]
    while beat.before >= 0 {
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
    beats.append(Beat(call: call, ending: ending, before: before, answer: answer))
    performance?.beat = beat
    return beat
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
