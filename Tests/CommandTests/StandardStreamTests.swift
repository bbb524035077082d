// Closed standard streams: messages go nowhere, and above all into no file of ours.

import Testing

@Suite struct StandardStreamTests {
  private let sandbox: Sandbox

  init() throws {
    sandbox = try Sandbox()
    try sandbox.write("key", [UInt8](0..<32))
    sandbox.environment["IGUDAR_KEY_FILE"] = sandbox.path("key")
    sandbox.environment["IGUDAR_REPOSITORY"] = sandbox.path("repo")
    try sandbox.makeFolder("data")
    try sandbox.write("data/file", "text")
    #expect(try sandbox.igudar("init").code == 0)
  }

  private func shell(_ script: String) throws -> Outcome {
    try sandbox.run(
      "/bin/sh", ["-c", script, Program.path].map { Array($0.utf8) })
  }

  @Test(arguments: ["2>&-", "<&- 2>&-", ">&- 2>&-", "<&- >&- 2>&-", "<&- >&-"])
  func messagesAreWrittenIntoNoOtherFile(closed: String) throws {
    for option in ["", "--no-cache"] {
      _ = try shell("\"$0\" \(option) -vv backup data missing \(closed)")
    }
    let marked = try shell("grep -rlaE 'No such file|missing|snapshot' cache state repo")
    #expect(marked.output.isEmpty, "\(marked.text)")
    let outcome = try sandbox.igudar("check", "--read-data")
    #expect(outcome.code == 0, "\(outcome.errorText)")
  }

  @Test func aClosedOutputIsAFailure() throws {
    let outcome = try shell("\"$0\" snapshots >&-")
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("cannot write standard output: Bad file descriptor"))
  }

  @Test func aClosedInputIsNoFolder() throws {
    let outcome = try shell("\"$0\" backup --stdin <&-")
    #expect(outcome.code == 1)
    #expect(outcome.errorText.contains("stdin: Bad file descriptor"))
  }
}
