// Every object of a repository, damaged in every way: each command says what is the matter and ends
// with the right code, a restore brings what was saved or says that it does not, and a check finds
// what is wrong.

import Glibc
import Platform
import Storage
import Testing

@Suite struct DamageMatrixTests {
  private let repository: TestRepository
  private let rounds: Rounds
  private let objects: [String]
  private let snapshots: [String]

  init() throws {
    repository = try TestRepository()
    rounds = Rounds(14)
    try repository.shell("mkdir src/in; seq 1 40000 > src/in/a; echo b > src/b; cp -a src first")
    try repository.igudar("backup", "-q", "src")
    try repository.shell("head -c 200000 /dev/urandom > src/c; rm src/b; cp -a src second")
    try repository.igudar("backup", "-q", "src")
    try repository.igudar("tag", "--add", "x", "latest")
    try repository.sandbox.write("other", [UInt8](repeating: 9, count: 32))
    try repository.igudar("key", "add", "--new-key-file", "other")
    snapshots = try repository.snapshots().compactMap { $0["id"]?.text }
    objects = try repository.shell("mv repo good; cd good; find . -type f | cut -c3- | sort").lines
  }

  private enum Harm: CaseIterable {
    case cut, zeroed, swapped, deleted, flipped, lengthened, nothing
  }

  private func kind(_ object: String) -> Substring { object.prefix { $0 != "/" } }

  /// Harms an object of a fresh copy; the objects that are harmed then.
  private func harm(
    _ object: String, _ harm: Harm, _ random: inout SplitMix
  ) throws -> [String] {
    var bytes = try repository.sandbox.read("good/\(object)")
    switch harm {
    case .cut: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
    case .zeroed: bytes = [UInt8](repeating: 0, count: bytes.count)
    case .flipped:
      bytes[Int.random(in: bytes.indices, using: &random)] ^=
        1
        << UInt8.random(
          in: 0...7, using: &random)
    case .lengthened: bytes += [0]
    case .nothing: bytes = []
    case .deleted:
      try repository.shell("rm repo/\(object)")
      return [object]
    case .swapped:
      let alike = objects.filter { kind($0) == kind(object) && $0 != object }
      guard let other = alike.randomElement(using: &random) else { return [] }
      try repository.shell("cp good/\(object) repo/\(other); cp good/\(other) repo/\(object)")
      return [object, other]
    }
    try repository.sandbox.write("repo/\(object)", bytes)
    return [object]
  }

  private func expectSense(_ outcome: Outcome, _ what: String) {
    #expect([0, 4, 5, 10, 12, 15, 20].contains(outcome.code), "\(what): \(outcome.errorText)")
    #expect(!outcome.timedOut && outcome.code < 128, "\(what)")
    #expect(outcome.code == 0 || !outcome.errors.isEmpty, "\(what)")
  }

  @Test func everyCommandMakesSenseOfEveryDamage() throws {
    var random = rounds.random
    for round in 0..<rounds.count {
      // Kinds in turn, as most objects are packs.
      let kinds = Set(objects.map(kind)).sorted()
      let alike = objects.filter { kind($0) == kinds[round % kinds.count] }
      let object = try #require(alike.randomElement(using: &random))
      let harm = try #require(Harm.allCases.randomElement(using: &random))
      let knowsIndex = Bool.random(using: &random)
      try repository.shell(
        "rm -rf repo out-0 out-1; cp -a good repo; \(knowsIndex ? ":" : "rm -rf cache/*")")
      let harmed = try self.harm(object, harm, &random)
      guard !harmed.isEmpty else { continue }
      let what = "seed \(rounds.seed), round \(round): \(object) \(harm), cache \(knowsIndex)"
      for verb in ["snapshots", "check", "stats"] {
        expectSense(try repository.sandbox.igudar(verb), "\(what): \(verb)")
      }
      let failed = try restoreAll(what)
      // Nobody knows that a key is missing, the reserve means nothing, and a lost segment is made
      // again from the packs.
      if kind(object) == "reserve" || kind(object) == "slots" && harm == .deleted { continue }
      try expectFound(harmed, isLoss: failed && kind(object) != "index", what)
    }
  }

  /// Restores all snapshots; whether one could not be restored whole.
  private func restoreAll(_ what: String) throws -> Bool {
    var hasFailed = false
    for (index, source) in ["first", "second"].enumerated() {
      let target = "out-\(index)"
      let outcome = try repository.sandbox.igudar("restore", "-q", snapshots[index], "-t", target)
      expectSense(outcome, "\(what): restore")
      if outcome.code == 0 {
        #expect(try repository.differences(source, "\(target)/src") == [], "\(what)")
      } else {
        hasFailed = true
        // What is there is right.
        let wrong = try repository.shell(
          """
          test ! -d \(target)/src || (cd \(target)/src
          find . -type f -exec sh -c 'cmp "$1" ../../\(source)/"$1" || true' sh '{}' ';')
          """)
        #expect(wrong.output.isEmpty, "\(what): \(wrong.text)")
      }
    }
    return hasFailed
  }

  private func expectFound(_ harmed: [String], isLoss: Bool, _ what: String) throws {
    let check = try repository.sandbox.igudar("check", "--read-data")
    expectSense(check, "\(what): check --read-data")
    #expect(check.code != 0, "\(what): not found")
    #expect(!isLoss || check.code != 4, "\(what): \(check.errorText)")
    // A repository that does not open says so; else the object is named, entries by their number.
    guard ![10, 12, 15].contains(check.code) else { return }
    let names = harmed + (harmed[0].hasPrefix("keyring/") ? ["keyring/ is missing"] : [])
    #expect(names.contains { check.errorText.contains($0) }, "\(what): \(check.errorText)")
  }
}
