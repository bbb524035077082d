// Forgetting and pruning in trouble: kill -9 at any moment and right before any system call, signals,
// calls that fail. Nothing has to be done by hand afterwards, and what was not forgotten restores.

import Glibc
import Platform
import Storage
import Testing

@Suite struct PruneTroubleTests {
  private let repository: TestRepository
  private let kept: KeptSnapshots
  private let rounds: Rounds

  init() throws {
    repository = try TestRepository()
    kept = try KeptSnapshots(repository)
    rounds = Rounds(4)
  }

  // The calls that change what others see, and how many of them one thread makes at most.
  private static let calls = [
    "openat": 150, "pwrite64": 16, "write": 8, "fdatasync": 8, "fsync": 12, "renameat2": 4,
    "mkdirat": 4, "unlinkat": 8, "flock": 16, "munmap": 40, "futex": 10, "getdents64": 30,
  ].sorted { $0.key < $1.key }

  private func call(_ random: inout SplitMix) -> (name: String, number: Int) {
    let (call, count) = Self.calls.randomElement(using: &random) ?? ("fsync", 1)
    return (call, Int.random(in: 1...count, using: &random))
  }

  /// Something that forgets or prunes, and what it may forget.
  private func verb(_ random: inout SplitMix) -> (words: [String], touched: [String]) {
    let ids = kept.ids
    switch Int.random(in: 0..<6, using: &random) {
    case 0:
      let id = ids.randomElement(using: &random) ?? "latest"
      return (["forget", id], [id])
    case 1: return (["forget", "--keep-last", "2"], ids)
    case 2: return (["forget", "--keep-last", "2", "--prune", "--grace", "0"], ids)
    case 3: return (["prune"], [])
    default: return (["prune", "--grace", "0"], [])
    }
  }

  /// Snapshots, of which the packs of some are needed no more and others a little.
  private func prepare(_ random: inout SplitMix, _ moment: String) throws {
    for _ in 0..<2 {
      try kept.change("src", &random)
      try kept.backUp("src", moment)
    }
    let ids = kept.ids
    if ids.count > 4, let id = ids.randomElement(using: &random) {
      try repository.igudar("forget", id)
      try kept.expectWhole(mayLack: [id], moment)
    }
  }

  @Test func killedAtARandomMoment() throws {
    var random = rounds.random
    for round in 0..<rounds.count {
      let delay = UInt32.random(in: 0...60_000, using: &random)
      let moment = "seed \(rounds.seed), round \(round), \(delay) µs"
      try prepare(&random, moment)
      let (words, touched) = self.verb(&random)
      let child = try repository.sandbox.start(words: words)
      usleep(delay)
      child.signal(SIGKILL)
      _ = child.finish(within: 60)
      try kept.expectWhole(mayLack: touched, "\(moment) of \(words)")
    }
    try repository.igudar("prune", "--grace", "0")
    try kept.expectWhole("seed \(rounds.seed), the end")
  }

  @Test(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
  func killedRightBeforeASystemCall() throws {
    try disturb { Tracer.killing(at: $0, number: $1) }
  }

  @Test(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
  func aSystemCallFails() throws {
    try disturb { Tracer.failing($0, "EIO", number: $1) }
  }

  @Test(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
  func toldToStop() throws {
    try disturb { Tracer.signalling("TERM", at: $0, number: $1) }
  }

  private func disturb(_ tracer: (String, Int) -> Tracer) throws {
    var random = rounds.random
    for round in 0..<rounds.count {
      let (call, number) = self.call(&random)
      let moment = "seed \(rounds.seed), round \(round), \(call) number \(number)"
      try prepare(&random, moment)
      let (words, touched) = self.verb(&random)
      _ = try tracer(call, number).igudar(repository.sandbox, words)
      try kept.expectWhole(mayLack: touched, "\(moment) of \(words)")
    }
    try repository.igudar("prune", "--grace", "0")
    try kept.expectWhole("seed \(rounds.seed), the end")
  }
}
