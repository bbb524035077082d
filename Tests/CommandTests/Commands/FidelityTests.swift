// All that Linux can hold in a file tree comes back, in the eyes of a comparer that shares no code
// with the program and of rsync. `Tests/Comparer` has both the maker of such a tree and the comparer.

import Glibc
import Platform
import Testing

@Suite struct FidelityTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
  }

  private static let tools = String(
    decoding: FilePath(#filePath).parent.parent.parent.appending("Comparer").bytes, as: UTF8.self)

  private func make(_ arguments: String...) throws {
    let made = try repository.shell(
      "python3 \(Self.tools)/make_everything.py \(arguments.joined(separator: " "))")
    // What this file system or this user cannot have.
    for line in made.lines { print(line) }
  }

  private func expectEqual(_ left: String, _ right: String) throws {
    let outcome = try repository.sandbox.run(
      "/usr/bin/python3",
      ["\(Self.tools)/compare_trees.py", left, right].map { Array($0.utf8) })
    #expect(outcome.code == 0, "\(outcome.text)\(outcome.errorText)")
  }

  /// Takes the flags away that keep the sandbox from being removed.
  private func free(_ folders: String...) {
    for folder in folders {
      _ = try? repository.shell("python3 \(Self.tools)/make_everything.py --free \(folder)")
    }
  }

  @Test func everythingComesBackAndTheComparersFindNoDifference() throws {
    defer { free("src", "out") }
    try make("src")
    let backup = try repository.igudar("backup", "src")
    #expect(backup.errors.isEmpty, "\(backup.errorText)")
    let restore = try repository.igudar("restore", "latest:src", "-t", "out")
    #expect(restore.errors.isEmpty, "\(restore.errorText)")
    try expectEqual("src", "out")
    let differences = try repository.shell(
      "rsync -aHAXnic --checksum --numeric-ids --delete src/ out/")
    #expect(differences.lines == [])

    // Everything is there now, and there is nothing to be done.
    let again = try repository.igudar("restore", "latest:src", "-t", "out", "--json")
    let summary = try #require(try JSON.lines(again.text).last)
    #expect(summary["files_restored"] == .number(0))
    #expect(again.errors.isEmpty, "\(again.errorText)")
    try expectEqual("src", "out")
  }

  @Test func whatWasSpoiltIsMended() throws {
    defer { free("src", "out") }
    try make("src")
    _ = try repository.backup("src")
    try repository.igudar("restore", "latest:src", "-t", "out")
    free("out")
    try repository.shell(
      """
      cd out; chmod -R 777 modes times; echo x > flags/linked; setfacl -R -b attributes
      rm links/z/* attributes/link; touch holes/* links; mv types/pipe types/other
      echo y > times/pipe; truncate -s 3M holes/middle; rmdir times/folder-2200
      """)
    let restore = try repository.igudar("restore", "latest:src", "-t", "out", "--delete")
    #expect(restore.errors.isEmpty, "\(restore.errorText)")
    try expectEqual("src", "out")
  }

  @Test func pathsBeyondEveryLimitAndATebibyteOfHolesComeBack() throws {
    try make("--far", "src")
    let backup = try repository.igudar("backup", "src")
    #expect(backup.errors.isEmpty, "\(backup.errorText)")
    let restore = try repository.igudar("restore", "latest:src", "-t", "out")
    #expect(restore.errors.isEmpty, "\(restore.errorText)")
    try expectEqual("src", "out")
    let again = try repository.igudar("restore", "latest:src", "-t", "out", "--verify")
    #expect(again.errors.isEmpty, "\(again.errorText)")
    #expect(again.text.contains("restored 0 files and folders"))
  }

  @Test(.enabled(if: isSuperuser(), "only root can become somebody else"))
  func withoutRightsComesBackWhatMayAndTheRestIsNamed() throws {
    defer { free("src", "out") }
    try make("src")
    _ = try repository.backup("src")
    let outcome = try repository.igudarAsNobody("restore", "latest:src", "-t", "out", code: 3)
    for trouble in [
      "out/types/null: Operation not permitted (making it)",
      "out/modes/6711: Operation not permitted (chown)",
      "out/attributes/able: Operation not permitted (setting attribute security.capability)",
      "out/links/a-device: is another name of",
    ] { #expect(outcome.errorText.contains(trouble), "\(trouble)\n\(outcome.errorText)") }
    // What needs no rights is as it was.
    try repository.shell(
      """
      for folder in names holes; do
        test -z "$(rsync -rlptXHnic --delete src/$folder/ out/$folder/ | tee /dev/stderr)"
      done
      test -z "$(find out -perm /6000 -type f | tee /dev/stderr)"
      """)
  }
}
