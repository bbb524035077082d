// What was saved in a test, as copies of the sources, to be compared with what comes back.

import Glibc
import Platform
import Storage
import Testing

/// The snapshots that were reported as saved and not forgotten, each with a copy of its source.
final class KeptSnapshots {
  let repository: TestRepository
  private var copies: [String: (copy: String, source: String)] = [:]
  private var copyCount = 0

  init(_ repository: TestRepository) throws {
    self.repository = repository
    try repository.shell("mkdir -p kept src/a src/b/c; seq 1 60000 > src/a/numbers")
  }

  var ids: [String] { copies.keys.sorted() }

  /// A few files are new or changed, some are gone.
  func change(_ source: String, _ random: inout SplitMix) throws {
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let folder = ["a", "b", "b/c"].randomElement(using: &random) ?? "a"
      let count = [0, 10, 5000, 60_000, 400_000].randomElement(using: &random) ?? 0
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      let name = Int.random(in: 0...20, using: &random)
      try repository.sandbox.write("\(source)/\(folder)/\(name)", bytes)
    }
    try repository.shell("find \(source) -type f -name '1*' | head -n 2 | xargs -r rm")
  }

  /// Notes what a backup with `--json` reported.
  func note(_ outcome: Outcome, of source: String = "src") throws {
    guard outcome.code == 0, let summary = try JSON.lines(outcome.text).last,
      let id = summary["snapshot_id"]?.text
    else { return }
    copyCount += 1
    try repository.shell("cp -a \(source) kept/\(copyCount)")
    copies[id] = ("kept/\(copyCount)", source)
  }

  /// Saves a source, which must succeed.
  func backUp(
    _ source: String, _ moment: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try repository.sandbox.igudar("backup", "-q", "--json", source)
    #expect(outcome.code == 0, "\(moment): \(outcome.errorText)", sourceLocation: sourceLocation)
    #expect(
      outcome.errors.isEmpty, "\(moment): \(outcome.errorText)", sourceLocation: sourceLocation)
    try note(outcome, of: source)
    let left = try repository.shell("ls repo/tmp").output
    #expect(left.isEmpty, "\(moment)", sourceLocation: sourceLocation)
  }

  /// What everybody expects, whatever happened: nothing has to be done by hand, everything that was
  /// reported is there but what may have been forgotten, and all that is there restores.
  func expectWhole(
    mayLack touched: [String] = [], _ moment: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let check = try repository.sandbox.igudar("check", "--read-data")
    #expect(check.code == 0, "\(moment): \(check.errorText)", sourceLocation: sourceLocation)
    let listed = try repository.snapshots().compactMap { $0["id"]?.text }
    let lost = Set(copies.keys).subtracting(listed).subtracting(touched)
    #expect(lost == [], "\(moment)", sourceLocation: sourceLocation)
    for id in copies.keys where !listed.contains(id) { copies[id] = nil }
    for id in listed {
      let outcome = try repository.sandbox.igudar("restore", "-q", id, "-t", "out")
      #expect(outcome.code == 0, "\(moment): \(outcome.errorText)", sourceLocation: sourceLocation)
      if let kept = copies[id] {
        let differences = try repository.differences(kept.copy, "out/\(kept.source)")
        #expect(differences == [], "\(moment)", sourceLocation: sourceLocation)
      }
      try repository.shell("rm -rf out")
    }
  }
}
