// Extended attributes that cannot be read: the file is saved all the same, they are named, and the
// next backup tries again.

import Platform
import Testing

@Suite(.enabled(if: Tracer.isPermitted, "tracing is not permitted here"))
struct AttributeTroubleTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.shell(
      """
      cd src; echo grain > small; head -c 17000000 /dev/urandom > large; ln -s small link
      setfattr -n user.a -v 1 small; setfattr -n user.b -v 2 small; setfattr -n user.a -v 1 large
      find . -exec touch -h -d 2020-01-01 '{}' +
      """)
  }

  private func backup(failing call: String) throws -> Outcome {
    let outcome = try Tracer.failing(call, "EIO").igudar(
      repository.sandbox, ["backup", "--force", "src"])
    #expect(outcome.code == 3, "\(outcome.errorText)")
    return outcome
  }

  @Test func aValueThatCannotBeReadCostsOnlyItself() throws {
    let outcome = try backup(failing: "fgetxattr")
    #expect(
      outcome.errorText.contains(
        "\(repository.path("src/small")): saved, but extended attribute user.a cannot be read: "
          + "Input/output error; extended attribute user.b"))
    #expect(outcome.errorText.contains("\(repository.path("src/large")): saved, but"))
    #expect(
      outcome.errorText.contains(
        "2 sources could not be read as they should; the snapshot is saved"))
    try repository.igudar("restore", "-q", "latest", "-t", "out")
    try repository.shell("cmp src/small out/src/small; cmp src/large out/src/large")

    // They look unchanged, and are read again nevertheless.
    let next = try repository.backup("--ignore-ctime", "src")
    #expect(next["files_changed"]?.number == 2)
    try repository.igudar("restore", "-q", "latest", "-t", "whole")
    #expect(try repository.differences("src", "whole/src") == [])
  }

  @Test func whatCouldNotBeReadIsNotTakenAwayFromWhatIsThere() throws {
    try repository.shell("echo plain > src/plain; cp -a src out; setfattr -n user.c -v 3 out/plain")
    for call in ["fgetxattr", "flistxattr"] {
      _ = try backup(failing: call)
      // With the same content, and with other content, which makes it a new file.
      for script in ["chmod 600 small", "echo other > small"] {
        try repository.shell("cd out; setfattr -n user.b -v 9 small; \(script)")
        try repository.igudar("restore", "-q", "latest:src", "-t", "out")
        #expect(
          try repository.shell("getfattr -d out/small | grep user").lines
            == ["user.a=\"1\"", "user.b=\"9\""])
        try repository.shell("cmp src/small out/small")
        #expect(try repository.shell("stat -c %a src/small out/small | uniq").lines.count == 1)
      }
      // Of a file that had none, when all could be read, that is known.
      if call == "fgetxattr" {
        #expect(try repository.shell("getfattr -d out/plain").lines.isEmpty)
      }
    }
  }

  @Test func listsThatCannotBeReadAreNoReasonToLeaveAnythingOut() throws {
    for call in ["flistxattr", "llistxattr"] {
      let outcome = try backup(failing: call)
      #expect(outcome.errorText.contains("extended attributes cannot be read: Input/output error"))
      #expect(
        try repository.restoredPaths() == ["src", "src/large", "src/link", "src/small"])
    }
  }

  @Test(.enabled(if: isSuperuser(), "only root can set owners"))
  func aListThatCannotBeReadAfterANewOwnerIsTold() throws {
    try repository.shell("chown 12:34 src/large")
    _ = try repository.backup("src")
    // The first list tells what differs, the second what the new owner took away.
    let outcome = try Tracer.failing("flistxattr", "EIO", number: 2).igudar(
      repository.sandbox, ["restore", "-q", "-j", "1", "latest:src", "-t", "out"])
    #expect(outcome.code == 1, "\(outcome.errorText)")
    #expect(
      outcome.errorText.contains("out/large: Input/output error (listing its attributes)"))
    #expect(try repository.differences("src", "out") == [])
  }
}
