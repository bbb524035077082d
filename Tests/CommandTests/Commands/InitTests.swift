// `init`, and what every command says of a repository that is not there or does not open.

import Testing

@Suite struct InitTests {
  @Test func aNewRepositoryIsAnnounced() throws {
    let sandbox = try Sandbox()
    try sandbox.write("key", [UInt8](repeating: 1, count: 32))
    let outcome = try sandbox.igudar(
      "init", "-r", sandbox.path("a/b/repo"), "--key-file", sandbox.path("key"), "--json")
    #expect(outcome.code == 0)
    #expect(outcome.errors.isEmpty)
    let line = try JSON(outcome.text)
    #expect(line.keys == ["message_type", "id", "repository"])
    #expect(line["message_type"] == .text("initialized"))
    #expect(line["id"]?.text?.count == 32)
    #expect(line["repository"] == .text(sandbox.path("a/b/repo")))
  }

  @Test func aRepositoryIsNeverMadeOverAnother() throws {
    let repository = try TestRepository()
    let outcome = try repository.igudar("init", code: 1)
    #expect(outcome.errorText.contains("\(repository.path("repo")) already"))
    try repository.igudar("snapshots")
  }

  @Test func aPasswordOpensWhatItMade() throws {
    let sandbox = try Sandbox()
    sandbox.environment["IGUDAR_REPOSITORY"] = sandbox.path("repo")
    try sandbox.write("password", "open sesame\n")
    let file = sandbox.path("password")
    #expect(try sandbox.igudar("init", "--password-file", file).code == 0)
    let right = try sandbox.igudar("snapshots", environment: ["IGUDAR_PASSWORD": "open sesame"])
    #expect(right.code == 0)
    let wrong = try sandbox.igudar("snapshots", environment: ["IGUDAR_PASSWORD": "open barley"])
    #expect(wrong.code == 12)
    #expect(wrong.errorText.contains("wrong password or key file"))
    #expect(wrong.errorText.contains(sandbox.path("repo")))
  }

  @Test func aWrongKeyFileIsExit12() throws {
    let repository = try TestRepository()
    try repository.sandbox.write("other", [UInt8](repeating: 8, count: 32))
    let outcome = try repository.igudar(
      "snapshots", "--json", environment: ["IGUDAR_KEY_FILE": repository.path("other")], code: 12)
    #expect(outcome.output.isEmpty)
    let line = try JSON(outcome.errorText)
    #expect(line["message_type"] == .text("exit_error"))
    #expect(line["code"] == .number(12))
  }

  @Test(arguments: [["snapshots"], ["backup", "src"], ["restore", "latest", "-t", "out"]])
  func noRepositoryIsExit10(_ arguments: [String]) throws {
    let repository = try TestRepository()
    for place in ["nowhere", "src"] {
      let outcome = try repository.run(["-r", place] + arguments, code: 10)
      #expect(outcome.errorText.contains("there is no repository at \(place)"))
      #expect(outcome.errorText.contains("igudar init"))
    }
  }

  @Test(arguments: [["--pack-size", "4"], ["--pack-size", "128MiB"], ["--kdf", "sensitive"]])
  func repositoriesOfEveryShapeWork(_ options: [String]) throws {
    let sandbox = try Sandbox()
    try sandbox.write("key", [UInt8](repeating: 1, count: 32))
    let common = ["-r", sandbox.path("repo"), "--key-file", sandbox.path("key")]
    try sandbox.write("file", "grain")
    for arguments in [["init"] + options, ["backup", "file"], ["restore", "latest", "-t", "out"]] {
      let outcome = try sandbox.igudar((common + arguments).map { Array($0.utf8) })
      #expect(outcome.code == 0, "\(outcome.errorText)")
    }
    #expect(try sandbox.read("out/file") == Array("grain".utf8))
  }

  @Test func theOtherCipherWorksOrIsRefusedWithTheReason() throws {
    let sandbox = try Sandbox()
    try sandbox.write("key", [UInt8](repeating: 1, count: 32))
    let outcome = try sandbox.igudar(
      "init", "-r", "repo", "--key-file", "key", "--cipher", "aes256-gcm")
    if outcome.code != 0 { #expect(outcome.errorText.contains("AES-256-GCM needs a processor")) }
  }

  @Test(arguments: [
    (["--pack-size", "5"], "--pack-size '5': must be 4, 8, 16"),
    (["--pack-size", "17592186044432"], "must be 4, 8, 16"), (["--kdf", "cheap"], "--kdf 'cheap'"),
    (["--cipher", "rot13"], "--cipher 'rot13'"),
  ])
  func mistakesNameTheOption(_ arguments: [String], _ message: String) throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.igudar(
      (["init", "-r", "repo"] + arguments).map { Array($0.utf8) },
      environment: ["IGUDAR_PASSWORD": "x"])
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains(message))
  }

  @Test func withoutATerminalNobodyIsAsked() throws {
    let sandbox = try Sandbox()
    let outcome = try sandbox.run(
      "/usr/bin/setsid", ["-w", Program.path, "init", "-r", "repo"].map { Array($0.utf8) })
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("there is no terminal to ask for the password on"))
  }

  @Test func aPersonIsAskedTwiceForANewPassword() throws {
    let sandbox = try Sandbox()
    let session = try TerminalSession(sandbox, "init", "-r", "repo")
    #expect(session.shows("enter password for new repository key: "))
    session.type("sesame\n")
    #expect(session.shows("enter password again: "))
    session.type("sesame\n")
    #expect(session.finish() == 0)
    #expect(!session.text.contains("sesame"))
    let second = try TerminalSession(sandbox, "snapshots", "-r", "repo")
    #expect(second.shows("enter password for repository: "))
    second.type("barley\n")
    // What is typed before the question is not taken for its answer.
    #expect(second.shows("wrong password, try again\r\nenter password for repository: "))
    second.type("sesame\n")
    #expect(second.finish() == 0)
    #expect(second.text.contains("0 snapshots"))
  }
}
