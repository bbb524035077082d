// `key list`, `add`, `remove`, `passwd`, with files and on a terminal.

import Glibc
import Testing

@Suite struct KeyTests {
  private let repository: TestRepository

  init() throws {
    repository = try TestRepository()
    try repository.sandbox.write("password", "open sesame\n")
  }

  private func keys(_ arguments: String...) throws -> [JSON] {
    let outcome = try repository.run(arguments + ["key", "list", "--json"])
    guard case .list(let keys) = try JSON(outcome.text) else { return [] }
    return keys
  }

  private func withPassword(_ arguments: String..., code: Int32 = 0) throws -> Outcome {
    try repository.run(
      arguments, environment: ["IGUDAR_KEY_FILE": "", "IGUDAR_PASSWORD_FILE": "password"],
      code: code)
  }

  @Test func keysHaveResticsKeysAndAType() throws {
    try repository.igudar(
      "key", "add", "--new-password-file", "password", "--user", "anir", "--host", "barn")
    let keys = try keys()
    #expect(keys.count == 2)
    #expect(
      keys.allSatisfy { $0.keys == ["current", "id", "userName", "hostName", "created", "type"] })
    let added = try #require(keys.first { $0["userName"] == .text("anir") })
    #expect(added["hostName"] == .text("barn"))
    #expect(added["type"] == .text("passphrase"))
    #expect(added["current"] == .bool(false))
    #expect(keys.first { $0["current"] == .bool(true) }?["type"] == .text("key-file"))
    let lines = try repository.igudar("key", "list").lines
    #expect(lines.count == 5)
    #expect(lines[0].hasPrefix(" ID "))
    #expect(lines.contains { $0.hasPrefix("*") && $0.hasSuffix("key-file") })
    #expect(
      try withPassword("key", "list").lines.contains {
        $0.hasPrefix("*") && $0.hasSuffix("passphrase")
      })
  }

  @Test func aKeyFileIsMadeOnceAndNeverChanged() throws {
    let added = try JSON(
      try repository.igudar("key", "add", "--json", "--new-key-file", "new").text)
    #expect(added["id"]?.text?.count == 32)
    let bytes = try repository.sandbox.read("new")
    #expect(bytes.count == 32)
    #expect(try repository.shell("stat -c %a new").lines == ["400"])
    let current = try keys("--key-file", "new").first { $0["current"] == .bool(true) }
    #expect(current?["id"] == added["id"])
    // One that opens the repository already is told, not added again.
    let again = try repository.igudar("key", "add", "--new-key-file", "new", code: 6)
    let id = try #require(added["id"]?.text)
    #expect(again.errorText.contains("already: it is key \(id.prefix(8))"))
    #expect(try repository.sandbox.read("new") == bytes)
    #expect(try keys().count == 2)
  }

  @Test func keysAreRemovedByTheirBeginning() throws {
    try repository.igudar("key", "add", "--new-password-file", "password", "--user", "anir")
    let id = try #require(try keys().first { $0["userName"] == .text("anir") }?["id"]?.text)
    let outcome = try repository.igudar("key", "remove", String(id.prefix(16)))
    #expect(outcome.text == "removed key \(id.prefix(8))\n")
    _ = try withPassword("snapshots", code: 12)
    let gone = try repository.igudar("key", "remove", id, code: 1)
    #expect(gone.errorText.contains("no key “\(id)”"))
    #expect(gone.errorText.contains("igudar key list"))
  }

  // Who knows whether the password is the one of the key that cannot be read?
  @Test func aWrongPasswordBesideADamagedKeyNamesIt() throws {
    try repository.igudar("key", "add", "--new-password-file", "password", "--user", "anir")
    let id = try #require(try keys().first { $0["userName"] == .text("anir") }?["id"]?.text)
    try repository.shell("rm repo/slots/\(id); mkdir repo/slots/\(id)")
    let outcome = try withPassword("snapshots", code: 12)
    #expect(outcome.errorText.contains("slots/\(id) cannot be read ("))
    try repository.igudar("snapshots")
  }

  @Test func theKeyInUseStays() throws {
    let id = try #require(try keys().first?["id"]?.text)
    let outcome = try repository.igudar("key", "remove", id, code: 6)
    #expect(outcome.errorText.contains("is the one that unlocked the repository just now"))
    #expect(try keys().count == 1)
  }

  @Test func passwdReplacesTheKeyInUse() throws {
    try repository.igudar("key", "passwd", "--new-password-file", "password")
    try repository.igudar("snapshots", code: 12)
    #expect(try withPassword("key", "list").lines.count == 4)
    _ = try withPassword("key", "passwd", "--new-key-file", "new")
    _ = try withPassword("snapshots", code: 12)
    try repository.igudar("--key-file", "new", "snapshots")
  }

  @Test func aWrongOldSecretChangesNothing() throws {
    let outcome = try withPassword("key", "passwd", "--new-key-file", "new", code: 12)
    #expect(outcome.errorText.contains("wrong password or key file"))
    #expect(try keys().count == 1)
    #expect(unsafe access(repository.path("new"), F_OK) != 0)
  }

  @Test func mistakesAreExplained() throws {
    try repository.sandbox.write("empty", "\n")
    try repository.sandbox.write("short", "abc")
    for (arguments, message) in [
      (["--new-password-file", "empty"], "the password is empty"),
      (["--new-password-file", "gone"], "gone: No such file or directory"),
      (["--new-key-file", "short"], "short is not a key file"),
      (["--new-key-file", "gone/x"], "gone/x: No such file or directory"),
      (["--new-key-file", "new", "--new-password-file", "password"], "exclude each other"),
    ] {
      let outcome = try repository.run(["key", "add"] + arguments, code: 1)
      #expect(outcome.errorText.contains(message), "\(outcome.errorText)")
    }
    #expect(try keys().count == 1)
    let word = try repository.igudar("key", code: 1)
    #expect(word.errorText.contains("key add, key list, key passwd, key remove"))
  }

  @Test func aNewPasswordIsTypedTwiceOnATerminal() throws {
    let session = try TerminalSession(repository.sandbox, "key", "add")
    #expect(session.shows("enter password for new repository key: "))
    session.type("open sesame\n")
    #expect(session.shows("enter password again: "))
    session.type("open sesame\n")
    #expect(session.finish() == 0)
    #expect(session.text.contains("added key "))
    #expect(!session.text.contains("sesame"))
    #expect(try withPassword("key", "list").lines.count == 5)
  }

  @Test func differentPasswordsAddNothing() throws {
    let session = try TerminalSession(repository.sandbox, "key", "passwd")
    #expect(session.shows("enter password for new repository key: "))
    session.type("open sesame\n")
    #expect(session.shows("enter password again: "))
    session.type("open barley\n")
    #expect(session.finish() == 1)
    #expect(session.text.contains("the passwords are not the same"))
    #expect(try keys().count == 1)
  }

  @Test func aSlotThatCameToNameAnotherOwnerIsTold() throws {
    try repository.igudar("key", "add", "--new-password-file", "password")
    let added = try #require(try keys().first { $0["current"] == .bool(false) }?["id"]?.text)
    let slot = try #require(try repository.shell("ls repo/slots/\(added)*").lines.first)
    try repository.shell(
      "printf '\\377\\000\\377' | dd of=\(slot) bs=1 seek=90 conv=notrunc 2>&1")
    let check = try repository.igudar("check")
    #expect((check.text + check.errorText).contains("names another owner and opens nothing"))
    #expect((check.text + check.errorText).contains(added))
  }
}
